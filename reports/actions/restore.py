"""restore: sums that are not what was counted are made anew from it."""

from __future__ import annotations

from collections import defaultdict

from django.db import connection, transaction

from reports.actions.roll_up import lock, lock_group
from reports.actions.running import (
    Cell,
    Gains,
    Table,
    days_of,
    gain,
    of_group,
    of_store,
    read,
    running,
    write,
)
from reports.models import Counting, Group
from reports.queries.events import Counted
from reports.sums import NOTHING
from tenants.models import Store

_ROWS = 5000  # read at a time


def restore_store(store: Store) -> bool:
    """Makes the store's sums what its openings come to. Whether they were not. From the operator's place."""
    with transaction.atomic():
        if lock(store) is None:
            return False
        return _replace(of_store(store.pk), _gains_of_openings(store.pk))


def restore_group(group: int) -> bool:
    """Makes the group's sums what those of its stores come to. Whether they were not. From the operator's place."""
    with transaction.atomic():
        lock_group(group)
        found = Group.objects.filter(pk=group).first()
        if found is None:
            return False
        stores = list(Counting.objects.filter(group=group).values_list("store_id", flat=True))
        gains: Gains = defaultdict(lambda: NOTHING)
        for store in stores:
            for key, sums in days_of(read(of_store(store))).items():
                gains[key] += sums
        wrong = _replace(of_group(group, found.agency_id), gains)
        if (found.stores, found.ids_sum) != (len(stores), sum(stores)):
            Group.objects.filter(pk=group).update(stores=len(stores), ids_sum=sum(stores))
            wrong = True
        return wrong


def _replace(table: Table, gains: Gains) -> bool:
    stands, shall = read(table), running(gains)
    if stands == shall:
        return False
    wrong = {key: sums for key, sums in shall.items() if stands.get(key) != sums}
    write(table, wrong, [key for key in stands if key not in shall])
    return True


_OPENINGS = """
SELECT ticket_number, opening, opened_at, day, hour, channel, category, first_response_s, acknowledged, within, late,
  breached, closed
FROM reports_opening WHERE store_id = %s
"""


def _gains_of_openings(store: int) -> Gains:
    gains: Gains = defaultdict(lambda: NOTHING)
    with connection.cursor() as cursor:
        cursor.execute(_OPENINGS, [store])
        while rows := cursor.fetchmany(_ROWS):
            for row in rows:
                counted = Counted(*row)
                gain(gains, Cell(counted.channel, counted.category), counted.day, counted.sums())
    return gains
