"""roll_up: what happened to some tickets of a store becomes figures. The same again changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple

from django.db import connection, transaction

from reports.actions.running import Cell, Gains, add, gain, of_group, of_store
from reports.models import Counting
from reports.queries.events import Counted, openings_of
from reports.queries.feed import Claim, claims_of
from reports.sums import NOTHING
from tenants.models import Store

AT_ONCE = 500  # tickets in one transaction


def roll_up(store: Store, *, tickets: int = AT_ONCE) -> int:
    """Counts what waits in the feed, of so many tickets at most. From the operator's place. Returns how many.

    Each ticket's openings are read anew from its events; what they add to, or take from, what was counted before goes
    into the sums of the store and of its group, in the transaction that takes the rows of the feed away. Two at once
    are safe: whoever finds that all rows of a ticket were taken has read it too early, and leaves it.
    """
    claims = claims_of(store, tickets)
    if not claims:
        return 0
    fresh = openings_of(store, sorted({claim.ticket_number for claim in claims}))
    with transaction.atomic():
        counting = lock(store)
        if counting is None:
            return 0  # not taken up yet, or just deleted
        numbers = _take(claims)
        count(counting, numbers, [opening for opening in fresh if opening.ticket_number in numbers])
    return len(numbers)


def lock(store: Store) -> Counting | None:
    """The store's counting, locked with its group until the transaction ends. In this order everywhere."""
    counting = Counting.objects.select_for_update(no_key=True).filter(store=store).first()
    if counting is not None:
        lock_group(counting.group_id)
    return counting


def lock_group(group: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM reports_group WHERE id = %s FOR NO KEY UPDATE", [group])


def _take(claims: Sequence[Claim]) -> set[int]:
    """Deletes the rows; the tickets of those that were still there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM desk_touched WHERE id = ANY(%s) RETURNING ticket_number", [[claim.pk for claim in claims]]
        )
        return {number for (number,) in cursor.fetchall()}


def count(counting: Counting, numbers: Iterable[int], fresh: Sequence[Counted]) -> None:
    """Makes these tickets count as `fresh` says, and as nothing else. The caller holds the locks."""
    numbers = sorted(numbers)
    store, group = counting.store_id, counting.group
    stood = {opening.key: opening for opening in _counted(store, numbers)}
    stands = {opening.key: opening for opening in fresh}
    changed = [opening for key, opening in stands.items() if stood.get(key) != opening]
    gone = [key for key in stood if key not in stands]
    if not changed and not gone:
        return
    gains = _gains([stood[key] for key in gone] + [stood[o.key] for o in changed if o.key in stood], changed)
    _write(store, changed)
    _remove(store, gone)
    add(of_store(store), gains)
    add(of_group(group.pk, group.agency_id), gains)


def _gains(less: Iterable[Counted], more: Iterable[Counted]) -> Gains:
    gains: Gains = defaultdict(lambda: NOTHING)
    for opening in less:
        gain(gains, Cell(opening.channel, opening.category), opening.day, NOTHING - opening.sums())
    for opening in more:
        gain(gains, Cell(opening.channel, opening.category), opening.day, opening.sums())
    return gains


_COLUMNS = (
    "ticket_number, opening, opened_at, day, hour, channel, category, first_response_s, acknowledged, within, late,"
    " breached, closed"
)
_TYPES = ("bigint", "int", "timestamptz", "date", "smallint", "text", "text", "int", *["boolean"] * 5)
_NEW = ", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS.split(", ")[2:])


def _counted(store: int, numbers: Sequence[int]) -> list[Counted]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM reports_opening WHERE store_id = %s AND ticket_number = ANY(%s)",
            [store, list(numbers)],
        )
        return [Counted(*row) for row in cursor.fetchall()]


def _write(store: int, openings: Sequence[Counted]) -> None:
    if not openings:
        return
    values = [list(column) for column in zip(*map(astuple, openings), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO reports_opening (store_id, {_COLUMNS})"
            f" SELECT %s, * FROM unnest({', '.join(f'%s::{kind}[]' for kind in _TYPES)})"
            f" ON CONFLICT (store_id, ticket_number, opening) DO UPDATE SET {_NEW}",
            [store, *values],
        )


def _remove(store: int, keys: Sequence[tuple[int, int]]) -> None:
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM reports_opening o USING unnest(%s::bigint[], %s::int[]) gone (number, opening)"
            " WHERE o.store_id = %s AND o.ticket_number = gone.number AND o.opening = gone.opening",
            [[number for number, _opening in keys], [opening for _number, opening in keys], store],
        )
