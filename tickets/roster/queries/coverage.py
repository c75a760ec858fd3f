"""Demand against people: what buyers wrote by hour of the week lately, and who is on duty in the week that is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tenants.context import ask
from tickets.clocks.coverage import Cell, Rise, cells_of
from tickets.clocks.shifts import Span, instant, monday_of
from tickets.roster.queries.duty import shifts_in_store

WEEKS: Final = 4  # whole weeks before the one that runs

_WRITTEN = """
SELECT extract(isodow FROM at AT TIME ZONE %s::text)::int - 1,
       extract(hour FROM at AT TIME ZONE %s::text)::int, count(*)
FROM score_happening
WHERE store_id = %s::bigint AND kind = 'buyer' AND at >= %s::timestamptz AND at < %s::timestamptz
GROUP BY 1, 2
"""


def demand_of(store_id: int, *, zone: ZoneInfo, now: datetime, weeks: int = WEEKS) -> dict[tuple[int, int], float]:
    """(weekday, hour) → messages of buyers that such an hour of the last whole weeks brought on average. One query."""
    until = monday_of(now.astimezone(zone).date())
    begins, ends = instant(until - timedelta(weeks=weeks), 0, zone), instant(until, 0, zone)
    rows = ask(_WRITTEN, [zone.key, zone.key, store_id, begins, ends])
    return {(weekday, hour): count / weeks for weekday, hour, count in rows}


def coverage_of(
    store_id: int,
    *,
    monday: date,
    zone: ZoneInfo,
    pace: int,
    now: datetime,
    rises: Sequence[Rise] = (),
    lent: Sequence[Span] = (),
) -> Sequence[Sequence[Cell]]:
    """Seven days of 24 hours. `pace`: messages that one person answers in an hour; `rises`: of events; `lent`: shifts
    of people who will be lent for them. Two queries.
    """
    begins, ends = instant(monday, 0, zone), instant(monday + timedelta(days=7), 0, zone)
    shifts = [*shifts_in_store(store_id, begins, ends), *lent]
    demand = demand_of(store_id, zone=zone, now=now)
    return cells_of(monday, zone, demand=demand, shifts=shifts, pace=pace, rises=rises)
