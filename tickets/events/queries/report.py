"""After an event: what came against what was expected, how it was answered, what was lost. Of one store.

From the public feed, but for which questions were asked before buying: that stands in the store's own tickets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from knowledge.categories import Category
from tenants.context import ask, in_store
from tenants.models import Store
from tickets.clocks.coverage import shared
from tickets.clocks.demand import Hour, hours_during
from tickets.clocks.shifts import Span
from tickets.events.models import LiveEvent, Spike
from tickets.models import Ticket
from tickets.policies.names import name_of
from tickets.roster.queries.coverage import demand_of

MOST_LISTED: Final = 200

_WRITTEN: Final = """
SELECT width_bucket(at, %(hours)s::timestamptz[]) - 1, count(*)
FROM score_happening
WHERE store_id = %(store)s AND kind = 'buyer' AND at >= %(begins)s AND at < %(ends)s GROUP BY 1
"""
# Tickets that were opened in it, and how long until somebody, no machine, first answered.
_FIRST: Final = """
WITH opened AS (
  SELECT ticket_number, min(at) AS at FROM score_happening
  WHERE store_id = %(store)s AND kind = 'buyer' AND at >= %(begins)s AND at < %(ends)s
    AND ticket_number IN (SELECT ticket_number FROM score_happening
      WHERE store_id = %(store)s AND kind IN ('opened', 'reopened') AND person_id IS NULL
        AND at >= %(begins)s AND at < %(ends)s)
  GROUP BY ticket_number
), answered AS (
  SELECT opened.ticket_number, (
    SELECT min(one.at) FROM score_happening one
    WHERE one.store_id = %(store)s AND one.ticket_number = opened.ticket_number AND one.kind = 'human'
      AND NOT one.is_bare AND one.at >= opened.at AND one.at <= %(now)s) - opened.at AS wait
  FROM opened
)
SELECT count(*), count(wait),
  extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY wait)),
  extract(epoch FROM percentile_cont(0.95) WITHIN GROUP (ORDER BY wait))
FROM answered
"""
# When a person answered: a transfer without a word, or an automatic word that came too late, is no answer.
_ROUNDS: Final = """
SELECT policy, ticket_number, verdict, began, CASE WHEN why IN ('', 'late') THEN ended END FROM score_scoredround
WHERE store_id = %(store)s AND began >= %(begins)s AND began < %(ends)s AND verdict IN ('met', 'missed')
ORDER BY began, ticket_number
"""


@dataclass(frozen=True)
class HourLine:
    """`expected`: the usual times the event, for the part of the hour in which it runs; `expected_by_now`: ran yet."""

    begins: datetime
    expected: float
    came: int
    expected_by_now: float


@dataclass(frozen=True)
class PolicyLine:
    name: str
    counted: int
    missed: int


@dataclass(frozen=True)
class Lost:
    """A question before buying that was not answered in time. `answered`: late, else never."""

    ticket: int
    began: datetime
    answered: bool
    waited_s: float | None


@dataclass(frozen=True)
class Report:
    """`expected`: until now, as `came`. `median_s`, `p95_s`: seconds until the first human word, None without any."""

    begins: datetime
    ends: datetime
    hours: tuple[HourLine, ...]
    expected: float
    came: int
    opened: int
    answered: int
    median_s: float | None
    p95_s: float | None
    policies: tuple[PolicyLine, ...]
    presale: int
    lost: tuple[Lost, ...]
    spikes: int

    @property
    def times(self) -> float | None:
        """How much of what was expected came."""
        return self.came / self.expected if self.expected else None


def report_of(event: LiveEvent, store: Store, *, now: datetime) -> Report:
    """So far, where it still runs. Six queries, one of them in the store. From a place; `store` is from the gate."""
    zone = ZoneInfo(store.time_zone)
    ends = min(event.ends_at, max(now, event.begins_at))
    values = {"store": store.pk, "begins": event.begins_at, "ends": ends, "now": now}
    hours = _hours(event, store, zone, values)
    [(opened, answered, median, p95)] = ask(_FIRST, values)
    rounds = ask(_ROUNDS, values)
    presale = _presale(store, {row[1] for row in rounds})
    lost = _lost(rounds, presale, zone)
    return Report(
        event.begins_at.astimezone(zone),
        event.ends_at.astimezone(zone),
        hours,
        sum(hour.expected_by_now for hour in hours),
        sum(hour.came for hour in hours),
        opened,
        answered,
        float(median) if median is not None else None,
        float(p95) if p95 is not None else None,
        _policies(rounds),
        len(presale),
        lost[:MOST_LISTED],
        Spike.objects.filter(store_id=store.pk, began_at__gte=event.begins_at, began_at__lt=ends).count(),
    )


def _hours(event: LiveEvent, store: Store, zone: ZoneInfo, values: dict[str, Any]) -> tuple[HourLine, ...]:
    """The forecast is the one from before it: of the weeks until it began."""
    span = Span(event.begins_at, event.ends_at)
    demand = demand_of(store.pk, zone=zone, now=event.begins_at)
    hours = hours_during(span, zone, demand=demand, rises=(), shifts=(), pace=1)
    came = dict(ask(_WRITTEN, {**values, "hours": [hour.span.begins for hour in hours]}))
    by_now = Span(event.begins_at, values["ends"])
    return tuple(
        HourLine(
            hour.span.begins.astimezone(zone),
            _expected(hour, span, event.multiplier),
            came.get(place, 0),
            _expected(hour, by_now, event.multiplier),
        )
        for place, hour in enumerate(hours)
    )


def _expected(hour: Hour, span: Span, times: float) -> float:
    return hour.cell.demand * times * (shared(hour.span, span) / hour.span.length)


def _policies(rounds: Iterable[tuple[Any, ...]]) -> tuple[PolicyLine, ...]:
    counted: dict[str, list[int]] = {}
    for policy, _ticket, verdict, *_rest in rounds:
        line = counted.setdefault(str(policy), [0, 0])
        line[0] += 1
        line[1] += verdict == "missed"
    return tuple(PolicyLine(str(name_of("policy", key)), *line) for key, line in sorted(counted.items()))


def _presale(store: Store, numbers: set[int]) -> set[int]:
    """Which of these tickets are about buying."""
    if not numbers:
        return set()
    with in_store(store):
        found = Ticket.objects.filter(number__in=numbers, category=Category.PRE_SALE)
        return set(found.values_list("number", flat=True))


def _lost(rounds: Iterable[tuple[Any, ...]], presale: set[int], zone: ZoneInfo) -> tuple[Lost, ...]:
    """Once each, whatever number of policies it missed; answered, if any of them takes it for answered."""
    found: dict[tuple[int, datetime], Lost] = {}
    for _policy, ticket, verdict, began, ended in rounds:
        if verdict == "missed" and ticket in presale and (ended or (ticket, began) not in found):
            waited = (ended - began).total_seconds() if ended else None
            found[ticket, began] = Lost(ticket, began.astimezone(zone), ended is not None, waited)
    return tuple(found.values())
