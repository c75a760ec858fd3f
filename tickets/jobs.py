"""Jobs and the reconciler: each looks at rows that PostgreSQL holds, and may run twice without harm."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from tenants.context import in_store
from tenants.models import Store
from tickets.actions.deliver import deliver
from tickets.desk.models import Outbox

AT_ONCE = 100


def work_outbox(store_id: int) -> None:
    """Delivers what is due in one store. A store that is gone or closed has nothing due."""
    store = Store.objects.filter(pk=store_id, state=Store.State.OPEN).first()
    if store is None:
        return
    due = list(_due(timezone.now()).filter(store=store).order_by("next_try_at").values_list("pk", flat=True)[:AT_ONCE])
    with in_store(store):
        for outbox_id in due:
            deliver(outbox_id, now=timezone.now())


def stores_with_mail_due(now: datetime) -> list[int]:
    """What the reconciler nudges: stores whose outbox has something due that we carry ourselves."""
    return list(_due(now).values_list("store_id", flat=True).distinct().order_by("store_id"))


def _due(now: datetime) -> QuerySet[Outbox]:
    return Outbox.objects.filter(carried_by_us=True, next_try_at__isnull=False, next_try_at__lte=now)
