"""Reading running sums: what there was until the end of some days, of stores and of groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection

from knowledge.categories import Category
from reports import lanes
from reports.models import ALL
from reports.sums import COUNTED, NOTHING, Sums, total
from tickets.channels import Channel

Owner = int  # the id of a store or of a group
Cell = tuple[str, str]  # channel and category; of the whole, ALL and nothing
WHOLE: Final[Cell] = (ALL, "")


@dataclass(frozen=True)
class Kept:
    """A table of running sums and the column that says whose they are."""

    table: str
    owner: str


STORES: Final = Kept("reports_storeday", "store_id")
GROUPS: Final = Kept("reports_groupday", "group_id")

_COUNTS: Final = ", ".join(COUNTED)
_LAST = """
SELECT o.id, o.day, {cell}, {counts}
FROM unnest(%s::bigint[], %s::date[]) o (id, day) {cells}
CROSS JOIN LATERAL (
  SELECT * FROM {table} t WHERE t.{owner} = o.id AND t.channel = {channel} AND t.category = {category}
    AND t.day <= o.day ORDER BY t.day DESC LIMIT 1
) r
"""
_CELLS = " CROSS JOIN unnest(%s::text[]) c (channel) CROSS JOIN unnest(%s::text[]) k (category)"


def until(kept: Kept, asked: Iterable[tuple[Owner, date]], *, waits: bool = True) -> dict[tuple[Owner, date], Sums]:
    """What each owner had until the end of each day, all in all; absent where nothing. One query, an index probe each.

    Without `waits` the sums know no times.
    """
    owners, days = _columns(asked)
    counts = _COUNTS + (", r.waits" if waits else "")
    query = _LAST.format(
        cell="''", counts=counts, cells="", channel="''", category="''", table=kept.table, owner=kept.owner
    )
    return {(owner, day): _sums(rest) for owner, day, _cell, *rest in _rows(query, [owners, days])}


def until_by_cell(kept: Kept, asked: Iterable[tuple[Owner, date]]) -> dict[date, dict[Cell, Sums]]:
    """The same by channel and category, summed over the owners."""
    owners, days = _columns(asked)
    query = _LAST.format(
        cell="r.channel, r.category",
        counts=f"{_COUNTS}, r.waits",
        cells=_CELLS,
        channel="c.channel",
        category="k.category",
        table=kept.table,
        owner=kept.owner,
    )
    parts: dict[date, dict[Cell, list[Sums]]] = defaultdict(lambda: defaultdict(list))
    for _owner, day, channel, category, *rest in _rows(query, [owners, days, Channel.values, ["", *Category.values]]):
        parts[day][channel, category].append(_sums(rest))
    return {day: {cell: total(of_cell) for cell, of_cell in cells.items()} for day, cells in parts.items()}


_DAYS = f"""
SELECT t.{{owner}}, t.day, {_COUNTS}, t.waits, t.by_hour FROM {{table}} t
WHERE t.{{owner}} = ANY(%s) AND t.channel = '' AND t.category = '' AND t.day BETWEEN %s AND %s
ORDER BY t.day
"""


def day_by_day(kept: Kept, owners: Sequence[Owner], first: date, last: date) -> dict[date, Sums]:
    """What the owners' days had by themselves, hours included, summed over the owners; days with nothing are absent."""
    if not owners:
        return {}
    before = until(kept, [(owner, first - timedelta(days=1)) for owner in owners])
    stood: dict[Owner, Sums] = {owner: sums for (owner, _day), sums in before.items()}
    parts: dict[date, list[Sums]] = defaultdict(list)
    query = _DAYS.format(table=kept.table, owner=kept.owner)
    for owner, day, *rest in _rows(query, [list(owners), first, last]):
        now = _sums(rest)
        parts[day].append(now - stood.get(owner, NOTHING))
        stood[owner] = replace(now, by_hour=0)
    return {day: total(of_day) for day, of_day in parts.items()}


_HOURS = """
SELECT t.{owner}, t.day, t.by_hour FROM unnest(%s::bigint[], %s::date[]) o (id, day)
JOIN {table} t ON t.{owner} = o.id AND t.channel = '' AND t.category = '' AND t.day = o.day
"""


def hours(kept: Kept, asked: Iterable[tuple[Owner, date]]) -> dict[tuple[Owner, date], Sums]:
    """Of single days, what came in which hour; nothing else."""
    query = _HOURS.format(table=kept.table, owner=kept.owner)
    return {(owner, day): Sums(by_hour=lanes.read(raw)) for owner, day, raw in _rows(query, list(_columns(asked)))}


def first_days(kept: Kept, owners: Sequence[Owner]) -> dict[Owner, date]:
    """Since when something was counted of each."""
    query = (
        "SELECT o.id, r.day FROM unnest(%s::bigint[]) o (id) CROSS JOIN LATERAL ("
        f" SELECT day FROM {kept.table} t WHERE t.{kept.owner} = o.id AND t.channel = '' AND t.category = ''"
        " ORDER BY day LIMIT 1) r"
    )
    return dict(_rows(query, [list(owners)]))


def gained(sums: Mapping[Any, Sums], owner: Owner, after: date, last: date) -> Sums:
    """What an owner had in a period, of what `until` found."""
    return sums.get((owner, last), NOTHING) - sums.get((owner, after), NOTHING)


def _columns(asked: Iterable[tuple[Owner, date]]) -> tuple[list[Owner], list[date]]:
    listed = list(asked)
    return [owner for owner, _day in listed], [day for _owner, day in listed]


def _rows(query: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    if not params[0]:
        return []
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()


def _sums(rest: Sequence[Any]) -> Sums:
    """Counts, then bytes of waits and of hours, if they were asked for."""
    split = len(COUNTED)
    return Sums(*rest[:split], *map(lanes.read, rest[split:]))
