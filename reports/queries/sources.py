"""From which sums a reader's stores are added up: from whole groups where they have nearly all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from django.db import connection

from reports.periods import DAY, local
from reports.queries.reach import Reach
from reports.queries.sums import GROUPS, STORES, Cell, Kept, Owner, day_by_day, gained, until, until_by_cell
from reports.sums import NOTHING, Sums, total
from tenants.hosts import Kind

Key = TypeVar("Key")
Zones = Mapping[Owner, str]  # the time zone of each
FEW: Final = 3  # stores, which are added up as quickly as groups are found


@dataclass(frozen=True)
class Sources:
    """What makes up the reader's stores: `groups`, less `others` in them that are not the reader's, and `stores`."""

    groups: Zones
    others: Zones
    stores: Zones

    def parts(self) -> Iterator[tuple[Kept, Zones, int]]:
        """Each kind of sums with its sign."""
        yield from ((GROUPS, self.groups, 1), (STORES, self.stores, 1), (STORES, self.others, -1))

    def until(self, days: Sequence[date]) -> dict[date, Sums]:
        """What there was until the end of each day."""
        return self._add_up(lambda kept, owners: _by_day(kept, owners, days))

    def until_by_cell(self, days: Sequence[date]) -> dict[tuple[date, Cell], Sums]:
        return self._add_up(
            lambda kept, owners: {
                (day, cell): sums
                for day, cells in until_by_cell(kept, [(owner, day) for owner in owners for day in days]).items()
                for cell, sums in cells.items()
            }
        )

    def day_by_day(self, first: date, last: date) -> dict[date, Sums]:
        return self._add_up(lambda kept, owners: day_by_day(kept, list(owners), first, last))

    def today(self, now: datetime) -> Sums:
        """Of each its own today."""

        def own(kept: Kept, owners: Zones) -> dict[str, Sums]:
            days = {owner: local(now, zone).date() for owner, zone in owners.items()}
            found = until(kept, [(owner, last) for owner, day in days.items() for last in (day - DAY, day)])
            return {"today": total(gained(found, owner, day - DAY, day) for owner, day in days.items())}

        return self._add_up(own).get("today", NOTHING)

    def _add_up(self, read: Callable[[Kept, Zones], dict[Key, Sums]]) -> dict[Key, Sums]:
        parts: dict[Key, list[Sums]] = {}
        for kept, owners, sign in self.parts():
            for key, sums in (read(kept, owners) if owners else {}).items():
                parts.setdefault(key, []).append(sums if sign > 0 else NOTHING - sums)
        return {key: total(of_key) for key, of_key in parts.items()}


def _by_day(kept: Kept, owners: Zones, days: Sequence[date]) -> dict[date, Sums]:
    parts: dict[date, list[Sums]] = {}
    for (_owner, day), sums in until(kept, [(owner, day) for owner in owners for day in days]).items():
        parts.setdefault(day, []).append(sums)
    return {day: total(of_day) for day, of_day in parts.items()}


_WHOLE = "SELECT id, marketplace, time_zone, stores, ids_sum FROM reports_group WHERE agency_id = %s"
# A store that is being deleted has lost some of its rows already: then its group is not to be gone by. Neither where a
# group sums up a store that is not there any more.
_MEMBERS = """
SELECT c.group_id, count(*) = min(g.stores) AND NOT bool_or(s.state = 'deleting'), array_agg(c.store_id)
FROM reports_counting c JOIN reports_group g ON g.id = c.group_id JOIN tenants_store s ON s.id = c.store_id
WHERE c.group_id = ANY(%s) GROUP BY 1
"""


def sources_of(reach: Reach) -> Sources:
    """One query; where some group has other stores than the reader, two."""
    mine = set(reach.ids)
    zones = {pk: zone for (_marketplace, zone), ids in reach.kinds.items() for pk in ids if pk in mine}
    if reach.place.kind != Kind.AGENCY or len(mine) <= FEW:
        return Sources({}, {}, zones)
    groups: dict[Owner, str] = {}
    others: dict[Owner, str] = {}
    rest = dict(zones)
    asked: dict[Owner, str] = {}
    for group, marketplace, zone, stores, ids_sum in _fetched(_WHOLE, reach.place.agency_id):
        own = [pk for pk in reach.kinds.get((marketplace, zone), ()) if pk in mine]
        if own and (len(own), sum(own)) == (stores, ids_sum):
            groups[group] = zone
            _without(rest, own)
        elif len(own) > FEW:
            asked[group] = zone
    for group, is_whole, members in _fetched(_MEMBERS, list(asked)) if asked else ():
        foreign = [pk for pk in members if pk not in mine]
        if is_whole and len(foreign) < len(members) // 2:
            groups[group] = asked[group]
            others |= dict.fromkeys(foreign, asked[group])
            _without(rest, members)
    return Sources(groups, others, rest)


def _fetched(query: str, value: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [value])
        return cursor.fetchall()


def _without(zones: dict[Owner, str], gone: Sequence[Owner]) -> None:
    for pk in gone:
        zones.pop(pk, None)
