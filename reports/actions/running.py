"""Running sums: adding what one day gained to that day and to all after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.db import connection

from reports import lanes
from reports.models import ALL
from reports.sums import COUNTED, NOTHING, Sums

_COLUMNS: Final = (*COUNTED, "waits", "by_hour")


@dataclass(frozen=True)
class Cell:
    """What is summed up by itself. Without a channel: all of them."""

    channel: str = ALL
    category: str = ""


WHOLE: Final = Cell()
# By day, what was gained (or, negative, lost) on it; and running, what there was until its end.
Gains = dict[tuple[Cell, date], Sums]
Rows = dict[tuple[Cell, date], Sums]


@dataclass(frozen=True)
class Table:
    """Where running sums are kept, and whose: a store's or a group's. The caller holds its lock."""

    name: str
    owner: Mapping[str, int]  # column → id; the first is what the sums are of


def of_store(store: int) -> Table:
    return Table("reports_storeday", {"store_id": store})


def of_group(group: int, agency: int) -> Table:
    return Table("reports_groupday", {"group_id": group, "agency_id": agency})


def gain(gains: Gains, cell: Cell, day: date, sums: Sums) -> None:
    """Counts into a cell and into the whole, which alone knows the hours."""
    for of, part in ((cell, replace(sums, by_hour=0)), (WHOLE, sums)):
        gains[of, day] = gains[of, day] + part if (of, day) in gains else part


def add(table: Table, gains: Gains) -> None:
    """Adds to the days and to every day after them. Two statements; three where a day has nothing left."""
    gains = {key: sums for key, sums in gains.items() if sums}
    if not gains:
        return
    first: dict[Cell, date] = {}
    for cell, day in gains:
        first[cell] = min(day, first.get(cell, day))
    write(table, *moved(_rows_from(table, first), gains))


def moved(rows: Rows, gains: Gains) -> tuple[Rows, list[tuple[Cell, date]]]:
    """What must be written, and which rows must go because nothing is left of their day. Pure.

    `rows`: of each cell, those from its first gain on, and the last one before it.
    """
    cells: dict[Cell, set[date]] = defaultdict(set)
    for cell, day in (*rows, *gains):
        cells[cell].add(day)
    changed: Rows = {}
    emptied = []
    for cell, days in cells.items():
        was = became = gained = NOTHING
        for day in sorted(days):
            stood, own = rows.get((cell, day)), gains.get((cell, day), NOTHING)
            gained += replace(own, by_hour=0)
            was = replace(stood, by_hour=0) if stood else was
            hours = (stood.by_hour if stood else 0) + own.by_hour
            before, became = became, was + gained
            if not gained and not own:
                continue
            if became != before or hours:
                changed[cell, day] = replace(became, by_hour=hours)
            elif stood:
                emptied.append((cell, day))
    return changed, emptied


def running(gains: Gains) -> Rows:
    """The rows that these gains make from nothing. Pure."""
    return moved({}, {key: sums for key, sums in gains.items() if sums})[0]


def read(table: Table) -> Rows:
    """Every row."""
    key, owner = _key(table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT channel, category, day, {', '.join(_COLUMNS)} FROM {table.name} WHERE {key} = %s", [owner]
        )
        return dict(map(_row, cursor))


def days_of(rows: Rows) -> Gains:
    """What each day gained, of running rows. Pure."""
    gains: Gains = {}
    before: dict[Cell, Sums] = {}
    for cell, day in sorted(rows, key=lambda key: key[1]):
        row = rows[cell, day]
        now = replace(row, by_hour=0)
        gains[cell, day] = replace(now - before.get(cell, NOTHING), by_hour=row.by_hour)
        before[cell] = now
    return gains


def write(table: Table, rows: Rows, gone: Iterable[tuple[Cell, date]] = ()) -> None:
    """Rows as they shall stand, and the keys of those that shall not."""
    key, owner = _key(table)
    gone = list(gone)
    with connection.cursor() as cursor:
        if gone:
            cursor.execute(
                f"DELETE FROM {table.name} t"
                " USING unnest(%s::text[], %s::text[], %s::date[]) g (channel, category, day)"
                f" WHERE t.{key} = %s AND t.channel = g.channel AND t.category = g.category AND t.day = g.day",
                [*_keys(gone), owner],
            )
        if rows:
            cursor.execute(_upsert(table), [*table.owner.values(), *_keys(rows), *_values(rows.values())])


def _key(table: Table) -> tuple[str, int]:
    return next(iter(table.owner.items()))


_FROM = """
SELECT r.channel, r.category, r.day, {columns}
FROM unnest(%s::text[], %s::text[], %s::date[]) c (channel, category, first)
CROSS JOIN LATERAL (
  SELECT * FROM {table} t WHERE t.{key} = %s AND t.channel = c.channel AND t.category = c.category
    AND t.day >= coalesce((
      SELECT max(b.day) FROM {table} b
      WHERE b.{key} = %s AND b.channel = c.channel AND b.category = c.category AND b.day < c.first), c.first)
) r
"""


def _rows_from(table: Table, first: Mapping[Cell, date]) -> Rows:
    key, owner = _key(table)
    query = _FROM.format(table=table.name, key=key, columns=", ".join(f"r.{name}" for name in _COLUMNS))
    with connection.cursor() as cursor:
        cursor.execute(query, [*_keys(first.items()), owner, owner])
        return dict(map(_row, cursor))


def _row(row: tuple[Any, ...]) -> tuple[tuple[Cell, date], Sums]:
    channel, category, day, *counts, waits, by_hour = row
    return (Cell(channel, category), day), Sums(*(*counts, lanes.read(waits), lanes.read(by_hour)))


def _keys(keys: Iterable[tuple[Cell, date]]) -> list[list[Any]]:
    listed = list(keys)
    return [[c.channel for c, _ in listed], [c.category for c, _ in listed], [day for _, day in listed]]


def _values(rows: Iterable[Sums]) -> list[list[Any]]:
    listed = list(rows)
    counts = [list(column) for column in zip(*(row.counts() for row in listed), strict=True)]
    return [*counts, [lanes.write(row.waits) for row in listed], [lanes.write(row.by_hour) for row in listed]]


def _upsert(table: Table) -> str:
    owners, columns = ", ".join(table.owner), ", ".join(_COLUMNS)
    types = ", ".join(["%s::text[]", "%s::text[]", "%s::date[]", *["%s::int[]"] * len(COUNTED), *["%s::bytea[]"] * 2])
    new = ", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS)
    return (
        f"INSERT INTO {table.name} ({owners}, channel, category, day, {columns})"
        f" SELECT {', '.join(['%s'] * len(table.owner))}, * FROM unnest({types})"
        f" ON CONFLICT ({_key(table)[0]}, channel, category, day) DO UPDATE SET {new}"
    )
