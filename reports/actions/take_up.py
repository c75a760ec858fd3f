"""take_up: a store comes into the reports, or into another group. count_anew: all its tickets are counted once more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from reports.actions.roll_up import lock, lock_group, roll_up
from reports.actions.running import add, days_of, of_group, of_store, read
from reports.models import Counting, Group, Opening, StoreDay
from reports.queries.events import numbers_from
from reports.queries.feed import counted_numbers
from reports.sums import NOTHING
from tenants.models import Store

CHUNK = 500  # tickets that are counted anew in one go


def take_up(store: Store) -> None:
    """Puts the store into its group, and all its tickets in line to be counted. From the operator's place."""
    with transaction.atomic():
        group, _made = Group.objects.get_or_create(
            agency_id=store.agency_id, marketplace=store.marketplace, time_zone=store.time_zone
        )
        counting = lock(store)
        if counting is not None and counting.group_id != group.pk:
            _leave(counting)
            counting = None
        if counting is None:
            lock_group(group.pk)
            _row, made = Counting.objects.get_or_create(store=store, defaults={"group": group, "next_number": 0})
            if made:
                Group.objects.filter(pk=group.pk).update(stores=F("stores") + 1, ids_sum=F("ids_sum") + store.pk)


def _leave(counting: Counting) -> None:
    """Takes what was counted out of the group, and away: in another time zone the days are others."""
    less = {key: NOTHING - sums for key, sums in days_of(read(of_store(counting.store_id))).items()}
    add(of_group(counting.group.pk, counting.group.agency_id), less)
    group = Group.objects.filter(pk=counting.group_id)
    group.update(stores=F("stores") - 1, ids_sum=F("ids_sum") - counting.store_id)
    Opening.objects.filter(store=counting.store_id).delete()
    StoreDay.objects.filter(store=counting.store_id).delete()
    counting.delete()


def begin_anew(store: Store) -> None:
    """From the next second on all tickets of the store are counted again, some at a time."""
    Counting.objects.filter(store=store).update(next_number=0)


def count_anew(store: Store, first: int, *, now: datetime, chunk: int = CHUNK) -> int | None:
    """Puts the next tickets from number `first` on into the feed, and counts them. The next number, or None at the end.

    What was counted of tickets that are not there any more goes too.
    """
    numbers = numbers_from(store, first, chunk)
    last = numbers[-1] if len(numbers) == chunk else None
    feed(store, {*numbers, *counted_numbers(store, first, last)}, now=now)
    next_number = None if last is None else last + 1
    Counting.objects.filter(store=store).update(next_number=next_number)
    roll_up(store, tickets=2 * chunk)
    return next_number


def feed(store: Store, numbers: Collection[int], *, now: datetime) -> None:
    """As if these tickets had been touched now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO desk_touched (store_id, ticket_number, at)"
            " SELECT %s, number, %s FROM unnest(%s::bigint[]) number",
            [store.pk, now, sorted(numbers)],
        )
