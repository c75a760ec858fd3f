"""Jobs: each looks at rows that PostgreSQL holds, and may run twice without harm."""

from __future__ import annotations

from django.utils import timezone

from tenants.context import in_store
from tenants.queries import store_by_id
from tickets.actions.deliver import deliver
from tickets.queries.outbox import mail_due_in


def work_outbox(store_id: int) -> None:
    """Delivers what is due in one store. A store that is gone or closed has nothing due."""
    store = store_by_id(store_id)
    if store is None:
        return
    due = mail_due_in(store, timezone.now())
    with in_store(store):
        for outbox_id in due:
            deliver(outbox_id, now=timezone.now())
