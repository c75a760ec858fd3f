"""Before an event: what its hours will bring against who is there, and whom other stores could lend."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from tenants.context import ask
from tickets.certification.queries import certified_in
from tickets.clocks.coverage import Cell, Rise, Run, runs_of
from tickets.clocks.demand import expected_in, hours_during
from tickets.clocks.shifts import Span
from tickets.roster.queries.coverage import demand_of
from tickets.roster.queries.duty import shifts_in_store

# Who is lent and has no store of their own there: their shifts for all stores, or in this one, will count.
_LENT: Final = """
SELECT shift.begins_at, shift.ends_at
FROM roster_shift shift JOIN tenants_store store ON store.id = %(store)s AND store.agency_id = shift.agency_id
WHERE shift.person_id = ANY(%(people)s) AND (shift.store_id = store.id OR shift.store_id IS NULL)
  AND shift.begins_at < %(ends)s AND shift.ends_at > %(begins)s
  AND NOT EXISTS (SELECT FROM tenants_assignment given
                  WHERE given.user_id = shift.person_id AND given.store_id = store.id AND given.role = 'agent')
"""
_PEOPLE: Final = """
SELECT person.id, coalesce(nullif(person.name, ''), person.email),
  array(SELECT other.name::text FROM tenants_assignment given JOIN tenants_store other ON other.id = given.store_id
        WHERE given.user_id = person.id AND given.role = 'agent' AND other.agency_id = store.agency_id
          AND other.id <> store.id ORDER BY other.name),
  (SELECT jsonb_agg(jsonb_build_array(coalesce(other.name, ''), shift.begins_at, shift.ends_at)
                    ORDER BY shift.begins_at)
   FROM roster_shift shift LEFT JOIN tenants_store other ON other.id = shift.store_id
   WHERE shift.agency_id = store.agency_id AND shift.person_id = person.id
     AND shift.begins_at < %(ends)s AND shift.ends_at > %(begins)s)
FROM tenants_store store
JOIN tenants_membership member ON member.agency_id = store.agency_id AND member.role = 'agent'
JOIN tenants_user person ON person.id = member.user_id AND person.is_active
WHERE store.id = %(store)s AND (person.id = ANY(%(lent)s) OR NOT EXISTS (
  SELECT FROM tenants_assignment given WHERE given.user_id = person.id AND given.store_id = store.id))
ORDER BY 2, 1
"""


@dataclass(frozen=True)
class Forecast:
    """`usual`, `expected`: messages in all of the event; `cells`: the hours that it touches, on the store's clock."""

    usual: float
    expected: float
    cells: tuple[Cell, ...]
    holes: tuple[Run, ...]


def forecast_of(
    store_id: int, span: Span, *, zone: ZoneInfo, multiplier: float, pace: int, lent: Collection[int], now: datetime
) -> Forecast:
    """`pace`: messages that one person answers in an hour. Two queries, three with people lent."""
    demand = demand_of(store_id, zone=zone, now=now)
    around = hours_during(span, zone, demand=demand, rises=(), shifts=(), pace=pace)
    begins, ends = around[0].span.begins, around[-1].span.ends
    shifts = [*shifts_in_store(store_id, begins, ends), *_shifts_lent(store_id, begins, ends, lent)]
    hours = hours_during(span, zone, demand=demand, rises=[Rise(span, multiplier)], shifts=shifts, pace=pace)
    cells = tuple(hour.cell for hour in hours)
    usual = expected_in(span, zone, demand=demand)
    return Forecast(usual, usual * multiplier, cells, tuple(runs_of(_by_day(cells))))


def _by_day(cells: Sequence[Cell]) -> list[list[Cell]]:
    days: dict[object, list[Cell]] = {}
    for cell in cells:
        days.setdefault(cell.day, []).append(cell)
    return list(days.values())


def _shifts_lent(store_id: int, begins: datetime, ends: datetime, people: Collection[int]) -> list[Span]:
    if not people:
        return []
    rows = ask(_LENT, {"store": store_id, "people": list(people), "begins": begins, "ends": ends})
    return [Span(*row) for row in rows]


@dataclass(frozen=True)
class Candidate:
    """An agent who does not have the store. `duty`: none, all (stores), or elsewhere; `shifts` in the event, on the
    store's clock: (store, from, to), the store empty for all.
    """

    pk: int
    name: str
    stores: tuple[str, ...]
    duty: str
    shifts: tuple[tuple[str, datetime, datetime], ...]
    is_lent: bool
    is_certified: bool | None  # None: the store asks for no certificate


_ORDER: Final = ("all", "none", "elsewhere")


def candidates_for(store_id: int, span: Span, *, zone: ZoneInfo, lent: Collection[int]) -> list[Candidate]:
    """Whom the agency could lend: who is certified first, then at work for all stores then, free then, at work
    elsewhere. Three queries.
    """
    rows = ask(_PEOPLE, {"store": store_id, "begins": span.begins, "ends": span.ends, "lent": list(lent)})
    certified = certified_in([store_id])[store_id]
    found = [_candidate(row, zone, lent, certified) for row in rows]
    return sorted(found, key=lambda one: (not one.is_lent, one.is_certified is False, _ORDER.index(one.duty)))


def _candidate(
    row: tuple[Any, ...], zone: ZoneInfo, lent: Collection[int], certified: frozenset[int] | None
) -> Candidate:
    pk, name, stores, told = row
    told = json.loads(told) if isinstance(told, str) else told or []  # psycopg hands JSON to Django as text
    shifts = tuple((store, *(datetime.fromisoformat(at).astimezone(zone) for at in span)) for store, *span in told)
    duty = "none" if not shifts else "all" if any(not store for store, *_span in shifts) else "elsewhere"
    return Candidate(pk, name, tuple(stores), duty, shifts, pk in lent, None if certified is None else pk in certified)
