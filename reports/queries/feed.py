"""What waits to be counted: tickets that were touched, stores that are new, moved, or to be counted anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q

from reports.models import Counting, Opening
from tenants.models import Store
from tickets.desk.models import Touched


@dataclass(frozen=True)
class Claim:
    """A row of the feed. Whoever deletes it must have read the ticket after they saw it."""

    pk: int
    ticket_number: int


def stores_touched() -> list[Store]:
    """Open stores of which something waits to be counted."""
    touched = Touched.objects.values("store_id")
    return list(Store.objects.filter(pk__in=touched, state=Store.State.OPEN).order_by("pk"))


def claims_of(store: Store, tickets: int) -> list[Claim]:
    """All that waits of the store's so many tickets that were touched first. One query."""
    rows = Touched.objects.filter(store=store).order_by("pk").values_list("pk", "ticket_number")
    numbers: set[int] = set()
    claims = []
    for pk, number in rows.iterator():
        if number in numbers or len(numbers) < tickets:
            numbers.add(number)
            claims.append(Claim(pk, number))
    return claims


def stores_uncounted() -> list[Store]:
    """Open stores that were never counted, or whose marketplace or time zone is not their group's any more."""
    counted = Counting.objects.filter(
        group__marketplace=F("store__marketplace"), group__time_zone=F("store__time_zone")
    )
    return list(
        Store.objects.filter(state=Store.State.OPEN).exclude(pk__in=counted.values("store_id")).order_by("pk")[:50]
    )


def stores_counted_anew(limit: int) -> list[tuple[Store, int]]:
    """Open stores whose counting anew goes on, each with the number of the ticket at which."""
    going_on = Counting.objects.filter(next_number__isnull=False, store__state=Store.State.OPEN).select_related("store")
    return [(counting.store, counting.next_number or 0) for counting in going_on.order_by("pk")[:limit]]


def stores_to_check(before: datetime, limit: int) -> list[Store]:
    """Open stores that are counted, and were compared with their figures last before then, or never."""
    due = Counting.objects.filter(Q(checked_at=None) | Q(checked_at__lt=before), next_number=None)
    in_turn = (
        due.filter(store__state=Store.State.OPEN)
        .select_related("store")
        .order_by(F("checked_at").asc(nulls_first=True))
    )
    return [counting.store for counting in in_turn[:limit]]


def groups_broken() -> list[int]:
    """Groups that sum up another number of stores than they have: one was deleted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT g.id FROM reports_group g LEFT JOIN reports_counting c ON c.group_id = g.id"
            " GROUP BY g.id HAVING (g.stores, g.ids_sum) <> (count(c.store_id), coalesce(sum(c.store_id), 0))"
        )
        return [pk for (pk,) in cursor.fetchall()]


def counted_numbers(store: Store, first: int, last: int | None) -> set[int]:
    """Tickets from `first` on, until `last` if there is one, of which something was counted."""
    counted = Opening.objects.filter(store=store, ticket_number__gte=first)
    if last is not None:
        counted = counted.filter(ticket_number__lte=last)
    return set(counted.values_list("ticket_number", flat=True))


def open_stores(slug: str = "") -> list[Store]:
    """For the operator's commands: the open stores, or the one of this name."""
    stores = Store.objects.filter(state=Store.State.OPEN).order_by("pk")
    return list(stores.filter(slug=slug) if slug else stores)
