"""The fleet at a glance: every store's now and today, the most urgent first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from reports.periods import DAY, local
from reports.queries.reach import Reach, chosen
from reports.queries.report import PAGE, page_of
from reports.queries.sources import Sources, Zones, sources_of
from reports.queries.sums import STORES, Kept, Owner, first_days, gained, hours, until
from reports.rows import Fleet, FleetLine
from reports.sums import NOTHING, OPENED, Sums
from tenants.errors import Invalid
from tickets.rows import StoreRef

WEEKS: Final = 4  # whose same weekday is what is usual
DEFAULT: Final = "-overdue"
Queue = Mapping[Owner, tuple[int, int]]  # of a store: how many wait, and of them too long
NOBODY: Final = StoreRef(0, "", "", 0, "", "")

# What the database puts in order itself …
_ORDERS: Final = {
    "name": "lower(s.name)",
    "waiting": "coalesce(queue.waiting, 0)",
    "overdue": "coalesce(queue.overdue, 0) {0}, coalesce(queue.waiting, 0)",
    "today": "coalesce(now.opened, 0) - coalesce(mid.opened, 0)",
    "within": "(now.within - coalesce(mid.within, 0))::float"
    " / nullif(now.within + now.late - coalesce(mid.within + mid.late, 0), 0)",
}
# … and what takes reading every store's times and hours.
_READ: Final[dict[str, Callable[[FleetLine], float | None]]] = {
    "usual": lambda line: line.against_usual,
    "p50": lambda line: line.today.p50,
    "p90": lambda line: line.today.p90,
}
_QUEUE = """
LEFT JOIN unnest(%(queued)s::bigint[], %(waiting)s::int[], %(overdue)s::int[]) queue (store_id, waiting, overdue)
  ON queue.store_id = mine.id
"""
_WAITING = """
SELECT store_id, count(*), count(*) FILTER (WHERE due_at <= %(now)s) FROM desk_queueentry
WHERE due_at IS NOT NULL AND store_id = ANY(%(mine)s) GROUP BY store_id
"""
_TODAY = """
LEFT JOIN LATERAL (
  SELECT * FROM reports_storeday t WHERE t.store_id = mine.id AND t.channel = '' AND t.category = ''
    AND t.day <= (%(now)s AT TIME ZONE s.time_zone)::date ORDER BY t.day DESC LIMIT 1
) now ON true
LEFT JOIN LATERAL (
  SELECT * FROM reports_storeday t WHERE t.store_id = mine.id AND t.channel = '' AND t.category = ''
    AND t.day < (%(now)s AT TIME ZONE s.time_zone)::date ORDER BY t.day DESC LIMIT 1
) mid ON true
"""


@dataclass(frozen=True)
class FleetWanted:
    order: str = DEFAULT
    marketplace: str = ""
    q: str = ""
    page: int = 1

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> FleetWanted:
        """As a query string says it. Raises Invalid with the field at fault."""
        order = query.get("order", "") or DEFAULT
        if order.removeprefix("-") not in _ORDERS.keys() | _READ.keys():
            raise Invalid(_("There is no such order."), field="order")
        words = query.get("q", "").replace("\x00", "").strip()[:200]
        return cls(order, query.get("marketplace", ""), words, page_of(query))


def fleet_for(reach: Reach, want: FleetWanted, *, now: datetime, size: int = PAGE) -> Fleet:
    """A page of the stores. Some ten queries, however many there are. Raises Invalid (`marketplace`)."""
    here = reach.narrowed(marketplace=want.marketplace, q=want.q)
    found = len(here.ids)
    pages = max(1, -(-found // size))
    page = min(want.page, pages)
    queue = _waiting(here.ids, now)
    shown = _page(here, queue, want.order, page, size, now)
    whole = _whole(here, queue, now) if found else None
    return Fleet(whole, tuple(shown), found, reach.stores, page, pages, now)


def _page(reach: Reach, queue: Queue, order: str, page: int, size: int, now: datetime) -> list[FleetLine]:
    name, down = order.removeprefix("-"), order.startswith("-")
    if name in _READ:
        return chosen(_in_order(_lines(reach.refs(), queue, now), _READ[name], down=down), page, size)
    direction = "DESC" if down else "ASC"
    by = _ORDERS[name].format(direction)
    joins = _TODAY if name in {"today", "within"} else "" if name == "name" else _QUEUE
    values: dict[str, Any] = {"limit": size, "offset": (page - 1) * size, "now": now}
    values |= {"queued": list(queue), "waiting": [w for w, _o in queue.values()]}
    values["overdue"] = [overdue for _waits, overdue in queue.values()]
    refs = reach.refs(f"{by} {direction} NULLS LAST, lower(s.name), s.id", joins, **values)
    return _lines(refs, queue, now)


def _in_order(lines: Sequence[FleetLine], value: Callable[[FleetLine], float | None], *, down: bool) -> list[FleetLine]:
    """By name where that says nothing; unknown last."""
    known = [line for line in lines if value(line) is not None]
    known.sort(key=value, reverse=down)  # type: ignore[arg-type]
    return known + [line for line in lines if value(line) is None]


def _lines(refs: Sequence[StoreRef], queue: Queue, now: datetime) -> list[FleetLine]:
    days = {ref.pk: local(now, ref.time_zone).date() for ref in refs}
    found = until(STORES, [(pk, last) for pk, day in days.items() for last in (day - DAY, day)])
    usual = _usual(STORES, {ref.pk: ref.time_zone for ref in refs}, now)
    return [
        FleetLine(
            ref,
            days[ref.pk],
            *queue.get(ref.pk, (0, 0)),
            today=gained(found, ref.pk, days[ref.pk] - DAY, days[ref.pk]),
            usual=usual.get(ref.pk),
        )
        for ref in refs
    ]


def _waiting(stores: Sequence[Owner], now: datetime) -> Queue:
    """How many buyers wait for a human word, and of them too long; of stores where any does."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"now": now, "mine": list(stores)})
        return {store: (waits, overdue) for store, waits, overdue in cursor.fetchall()}


def _whole(reach: Reach, queue: Queue, now: datetime) -> FleetLine:
    waits, overdue = (sum(counts) for counts in zip(*queue.values(), strict=True)) if queue else (0, 0)
    sources = sources_of(reach)
    line = FleetLine(NOBODY, reach.today(now), waits, overdue, sources.today(now), None)
    return replace(line, usual=_usual_of_all(sources, now))


def _usual_of_all(sources: Sources, now: datetime) -> float | None:
    """The same of all together. None where nothing was counted for a week yet."""
    summed, known = 0.0, False
    for kept, owners, sign in sources.parts():
        means = _usual(kept, owners, now) if owners else {}
        known = known or (sign > 0 and bool(means))
        summed += sign * sum(means.values())
    return summed if known else None


def _usual(kept: Kept, zones: Zones, now: datetime) -> dict[Owner, float]:
    """Conversations until this time of the day: the mean of the last four weeks' same weekday.

    A week counts when something was counted before it; of the hour that goes on, its share.
    """
    times = {owner: local(now, zone) for owner, zone in zones.items()}
    weeks = [DAY * 7 * week for week in range(1, WEEKS + 1)]
    since = first_days(kept, list(times))
    asked = [
        (owner, time.date() - week)
        for owner, time in times.items()
        for week in weeks
        if _had(since.get(owner), time, week)
    ]
    found = hours(kept, asked)
    parts: dict[Owner, list[float]] = {}
    for owner, day in asked:
        parts.setdefault(owner, []).append(_until(found.get((owner, day), NOTHING), times[owner]))
    return {owner: sum(counts) / len(counts) for owner, counts in parts.items()}


def _had(first: date | None, time: datetime, week: timedelta) -> bool:
    return first is not None and first <= time.date() - week


def _until(day: Sums, time: datetime) -> float:
    by_hour = day.hours(OPENED)
    return sum(by_hour[: time.hour]) + by_hour[time.hour] * (time.minute * 60 + time.second) / 3600
