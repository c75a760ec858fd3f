"""Jobs: each looks at rows that PostgreSQL holds, and may run twice without harm."""

from __future__ import annotations

import time
from typing import Final

from tenants.clock import database_now
from tenants.context import in_store
from tenants.later import nudge
from tenants.models import Store
from tenants.queries import store_by_id
from tickets.actions.deliver import deliver
from tickets.actions.record import WORK_OUTBOX
from tickets.queries.outbox import mail_due_in
from tickets.timers.actions.work import work

# Seconds after which no further letter is begun, so that RQ's limit (60 s) finds none on its way.
WORK_FOR: Final = 30.0


def work_outbox(store_id: int) -> None:
    """Delivers what is due in one store, for WORK_FOR at most, and asks for another turn if something is left.

    Raises StoreGone for a store that is not open, or is not any more before the next letter.
    """
    store = store_by_id(store_id)
    _deliver_due(store, until=time.monotonic() + WORK_FOR)
    if mail_due_in(store, database_now()):  # more than a batch or the time allowed, or what had to wait its turn
        nudge(WORK_OUTBOX, store_id)


def work_fired(store_id: int) -> None:
    """Does what came due in one store, for WORK_FOR at most; the clock asks again for what is left.

    Raises StoreGone for a store that is not open.
    """
    work(store_by_id(store_id), now=database_now(), until=time.monotonic() + WORK_FOR)


def _deliver_due(store: Store, *, until: float) -> None:
    for outbox_id in mail_due_in(store, database_now()):
        if time.monotonic() >= until:
            return
        with in_store(store_by_id(store.pk)):  # asked again for each letter: it may have been closed meanwhile
            deliver(outbox_id, now=database_now())
