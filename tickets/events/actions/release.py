"""release: when people go back to their own stores, the tickets that they still had go back to the queue.

Each second, for those who were taken out and whose tickets nobody has looked after. A store that is in trouble waits
for its next turn; nobody else does.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import DatabaseError, transaction
from django.db.models import Q

from tenants.access import is_colleague
from tenants.context import in_store
from tenants.models import Store
from tenants.queries import StoreGone, store_by_id
from tickets.actions.assign import assign
from tickets.events.models import Lent
from tickets.models import Ticket

log = logging.getLogger(__name__)

AT_ONCE: Final = 20  # people of a tick
LOOKED_AT: Final = 1000
THROUGH: Final = "live event"

_PENDING: Final = Q(over_at__isnull=False, released_at__isnull=True, added_assignment__isnull=False)


def release_due(now: datetime) -> int:
    """How many people's tickets were looked after. One query where there is nobody."""
    pending = list(
        Lent.objects.filter(_PENDING, store__state=Store.State.OPEN)
        .order_by("over_at", "pk")
        .values_list("pk", "store_id", "person_id")[:LOOKED_AT]
    )
    done: list[int] = []
    in_trouble: set[int] = set()  # however many people were lent to them, they take nobody else's turn
    for pk, store_id, person in pending:
        if len(done) == AT_ONCE:
            break
        if store_id in in_trouble:
            continue
        try:
            _release(store_by_id(store_id), person, now=now)
        except StoreGone:
            continue
        except DatabaseError:  # one store in trouble stops nobody else's
            log.exception("tickets of %s in store %s are not released", person, store_id)
            in_trouble.add(store_id)
            continue
        done.append(pk)
    if done:
        Lent.objects.filter(pk__in=done).update(released_at=now)
    return len(done)


def _release(store: Store, person: int, *, now: datetime) -> None:
    """Nothing where they were given the store again meanwhile."""
    with in_store(store), transaction.atomic():
        if is_colleague(store, person):
            return
        open_ones = Ticket.objects.exclude(state=Ticket.State.CLOSED).filter(assignee_id=person)
        for ticket in open_ones.select_for_update(no_key=True).order_by("number"):
            assign(ticket, to=None, by=None, now=now, was=person, through=THROUGH)
