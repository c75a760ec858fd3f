"""What the agency's admin and a seller's portal draw of a score alike: one policy's figure, and what it rests on.

Never a person: whose round it was is not asked. Whose store it is, the caller has asked the gate before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.errors import NotFound
from tenants.models import Store
from tenants.tables.writing import csv_of
from tickets.clocks.policy import Measure, Policy
from tickets.clocks.score import Standing
from tickets.policies.names import duration, name_of
from tickets.policies.queries import book_of
from tickets.score.drawing import days_chart
from tickets.score.queries.scores import (
    PAGE,
    RoundLine,
    Standings,
    days_of,
    evidence_of,
    excluded_in,
    hurting_in,
    rounds_in,
    standings_of,
)
from tickets.score.words import STANDINGS, VERDICTS, WHYS, headroom_text, rate_text, unit_text

HEADINGS: Final = (
    gettext_lazy("ticket"),
    gettext_lazy("round"),
    gettext_lazy("day"),
    gettext_lazy("began"),
    gettext_lazy("ended"),
    gettext_lazy("answer by"),
    gettext_lazy("waited, seconds"),
    gettext_lazy("verdict"),
    gettext_lazy("why"),
    gettext_lazy("version of the policy"),
    gettext_lazy("time zone"),
)


@dataclass(frozen=True)
class Line:
    """A policy of a store in words."""

    store: Store
    of: Standings

    @property
    def name(self) -> str:
        return name_of("policy", self.of.policy, self.of.name)

    @property
    def rate(self) -> str:
        return rate_text(self.of.rate, is_mean=self.of.is_mean)

    @property
    def target(self) -> str:
        sign = "≤" if self.of.is_mean else "≥"
        return f"{sign} {rate_text(self.of.target, is_mean=self.of.is_mean)}"

    @property
    def headroom(self) -> str:
        return headroom_text(self.of.headroom, is_mean=self.of.is_mean, target=self.of.target)

    @property
    def standing(self) -> str:
        return str(STANDINGS[self.of.standing])

    @property
    def counted(self) -> str:
        return unit_text(self.of.unit, self.of.window_days)

    @property
    def meter(self) -> int | None:
        """Per cent, for a share."""
        return None if self.of.is_mean or self.of.rate is None else int(self.of.rate * 100)

    @property
    def target_at(self) -> int:
        """Where the line stands, per cent."""
        return min(99, int(self.of.target * 100))

    @property
    def falls_on(self) -> date | None:
        """Of a store that is above its line."""
        return self.of.falls_on if self.of.standing in (Standing.SAFE, Standing.CLOSE) else None

    @property
    def at_end(self) -> str:
        return rate_text(self.of.at_end, is_mean=self.of.is_mean)


def score_page(store: Store, asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The store's policies, and what is behind the one that is asked for. Raises NotFound (`policy`)."""
    lines = [Line(store, one) for one in standings_of([store.pk], now=now)]
    frame = {"store": store, "lines": lines}
    if not lines:
        return frame
    policy = _policy(store, asked.get("policy", "") or lines[0].of.policy, now)
    return {**frame, **_behind(store, policy, lines, asked, now)}


def _behind(store: Store, policy: Policy, lines: list[Line], asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """What one policy's figure rests on."""
    verdict, day, page = asked.get("verdict", ""), _day(asked.get("day", "")), page_number(asked.get("page", ""))
    days = days_of(store.pk, policy, now=now)
    rounds, total = rounds_in(store.pk, policy, now=now, verdict=verdict, day=day, page=page)
    is_mean = policy.measure == Measure.MEAN
    return {
        "line": next(line for line in lines if line.of.policy == policy.key),
        "policy": policy.key,
        "zone": policy.hours.tz,
        "chart": days_chart(policy, days),
        "days": [(one, rate_text(one.rate, is_mean=is_mean)) for one in reversed(days) if one.tally.counted],
        "hurting": [
            (one.ticket, one.missed, duration(one.worst_s) if one.worst_s else "")
            for one in hurting_in(store.pk, policy, now=now)
        ],
        "left_out": [(WHYS.get(why, why), count) for why, count in excluded_in(store.pk, policy, now=now)],
        "rounds": [_told(one) for one in rounds],
        "total": total,
        "verdict": verdict,
        "verdicts": VERDICTS.items(),
        "day": day,
        "page_number": page,
        "has_more": total > page * PAGE,
    }


def _told(one: RoundLine) -> dict[str, Any]:
    return {
        "ticket": one.ticket,
        "began": one.began,
        "ended": one.ended,
        "due_at": one.due_at,
        "verdict": one.verdict,
        "label": VERDICTS[one.verdict],
        "why": WHYS.get(one.why, one.why),
        "waited": duration(one.waited_s) if one.waited_s is not None else "",
    }


def evidence_file(store: Store, key: str, now: datetime) -> HttpResponse:
    """Every round of the window with its times in the market's zone, as CSV. Raises NotFound (`policy`)."""
    policy = _policy(store, key, now)
    zone = ZoneInfo(policy.hours.tz)
    rows = [_evidence(one, zone) for one in evidence_of(store.pk, policy, now=now)]
    response = HttpResponse(csv_of(HEADINGS, rows), content_type="text/csv; charset=utf-8")
    name = f"{store.slug}-{policy.key}-{policy.hours.local_day(now)}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _evidence(one: RoundLine, zone: ZoneInfo) -> list[Any]:
    def local(at: datetime | None) -> str:
        return at.astimezone(zone).isoformat(sep=" ", timespec="seconds") if at else ""

    verdict, why = str(VERDICTS[one.verdict]), str(WHYS.get(one.why, one.why))
    waited = "" if one.waited_s is None else round(one.waited_s, 3)
    times = (local(one.began), local(one.ended), local(one.due_at))
    return [one.ticket, one.number, one.day.isoformat(), *times, waited, verdict, why, one.version, zone.key]


def _policy(store: Store, key: str, now: datetime) -> Policy:
    """Raises NotFound (`policy`) for one that does not hold in the store."""
    found = next((policy for policy in book_of(store.pk).at(now).policies if policy.key == key), None)
    if found is None:
        raise NotFound(_("This policy does not hold in this store."), field="policy")
    return found


def page_number(text: str) -> int:
    return max(1, min(int(text[:9]), 10_000)) if text.isascii() and text.isdigit() else 1


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
