"""Where an item of the library was used of late: every line opens its ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from knowledge.models import Item, Use
from knowledge.queries.replies import LATELY
from tenants.access import Caller, stores_for
from tenants.models import Store, User

MOST_LINES = 200


@dataclass(frozen=True)
class UseLine:
    store: Store
    ticket_number: int
    person: str
    at: datetime


@dataclass(frozen=True)
class Uses:
    """`total` and `by_store` of the last 30 days, in the stores that the reader may see; `lines` the latest of them."""

    total: int
    by_store: tuple[tuple[Store, int], ...]
    lines: tuple[UseLine, ...]


def uses_of(caller: Caller, item: Item, *, now: datetime) -> Uses:
    """Four queries. `item` came past the gate."""
    stores = {store.pk: store for store in stores_for(caller)}
    used = Use.objects.filter(item=item, store__in=list(stores), at__gte=now - LATELY)
    counted = used.order_by().values("store_id").annotate(total=Count("pk"))
    by_store = sorted(((stores[row["store_id"]], row["total"]) for row in counted), key=lambda pair: -pair[1])
    latest = list(used.order_by("-at", "-pk").values_list("store_id", "ticket_number", "person_id", "at")[:MOST_LINES])
    people = {p.pk: str(p) for p in User.people.filter(pk__in={person for _s, _t, person, _at in latest if person})}
    lines = tuple(
        UseLine(stores[store], ticket, people.get(person or 0, ""), at) for store, ticket, person, at in latest
    )
    return Uses(sum(total for _store, total in by_store), tuple(by_store), lines)
