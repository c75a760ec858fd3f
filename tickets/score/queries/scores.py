"""How stores stand with their policies, and the rounds behind it. Every reader comes through the gate before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, Max, Q

from tenants.context import ask
from tickets.clocks.policy import Policy
from tickets.clocks.score import NOTHING, Standing, Tally, Verdict, rate_of, window_of
from tickets.policies.book import Book
from tickets.policies.queries import books_of
from tickets.score.models import ScoreDay, ScoredRound, StoreScore

PAGE: Final = 50
MOST_EVIDENCE: Final = 50_000  # rounds of one file

_WORST: Final = {name: place for place, name in enumerate(("below", "close", "safe", "exempt", "unknown"))}


@dataclass(frozen=True)
class Standings:
    """One policy of one store. `rate` and `target`: shares from 0 to 1, or seconds where `is_mean`."""

    store_id: int
    policy: str
    name: str
    market: str
    unit: str
    is_mean: bool
    target: float
    is_assumed: bool
    minimum_sample: int
    window_days: int
    rate: float | None = None
    counted: int = 0
    missed: int = 0
    excluded: int = 0
    headroom: int | None = None
    standing: str = Standing.UNKNOWN
    falls_on: date | None = None
    at_end: float | None = None

    @property
    def rank(self) -> tuple[int, int, int]:
        """What is in danger comes first."""
        return _WORST[self.standing], self.headroom if self.headroom is not None else 1 << 30, self.store_id


@dataclass(frozen=True)
class DayOf:
    """What was counted on a day. `rate` of that day alone; None: nothing was."""

    day: date
    tally: Tally
    rate: float | None


# With the stores as one array: a desk asks for a thousand of them each time.
_TIGHTEST: Final = """
SELECT DISTINCT ON (store_id) store_id, policy, headroom FROM score_storescore
WHERE store_id = ANY(%(stores)s::bigint[]) AND headroom IS NOT NULL AND standing <> ALL(%(unjudged)s::text[])
ORDER BY store_id, headroom, policy
"""


@dataclass(frozen=True)
class Tightest:
    """The policy that leaves a store the fewest misses. `headroom`: 0 none, negative below the target."""

    policy: str
    headroom: int


def tightest_of(store_ids: Collection[int]) -> dict[int, Tightest]:
    """store → what leaves it the fewest misses, of the policies that judge it; no store without one. One query."""
    values = {"stores": list(store_ids), "unjudged": [Standing.EXEMPT.value, Standing.UNKNOWN.value]}
    return {store: Tightest(policy, room) for store, policy, room in ask(_TIGHTEST, values)}


def headroom_of(store_ids: Collection[int]) -> dict[int, int | None]:
    """The fewest misses left over each store's policies that judge it; None: nothing is measured. One query."""
    found: dict[int, int | None] = dict.fromkeys(store_ids)
    return found | {store: one.headroom for store, one in tightest_of(store_ids).items()}


def standings_of(store_ids: Collection[int], *, now: datetime) -> list[Standings]:
    """Every policy that holds in these stores now, what is in danger first. Two queries, however many stores."""
    books = books_of(store_ids)
    scored = {(row.store_id, row.policy): row for row in StoreScore.objects.filter(store_id__in=store_ids)}
    found = [
        _standing(store_id, policy, scored.get((store_id, policy.key)))
        for store_id, book in books.items()
        for policy in book.at(now).policies
    ]
    return sorted(found, key=lambda one: one.rank)


def policy_now(book: Book, key: str, now: datetime) -> Policy | None:
    return next((policy for policy in book.at(now).policies if policy.key == key), None)


def _standing(store_id: int, policy: Policy, row: StoreScore | None) -> Standings:
    about: dict[str, Any] = {
        "store_id": store_id,
        "policy": policy.key,
        "name": policy.name,
        "market": policy.market,
        "unit": policy.unit,
        "is_mean": policy.measure == "mean",
        "target": policy.target,
        "is_assumed": policy.is_assumed,
        "minimum_sample": policy.minimum_sample,
        "window_days": policy.window_days,
    }
    if row is None:
        return Standings(**about)
    names = ("rate", "counted", "missed", "excluded", "headroom", "standing", "falls_on", "at_end")
    return Standings(**about, **{name: getattr(row, name) for name in names})


def days_of(store_id: int, policy: Policy, *, now: datetime) -> list[DayOf]:
    """Every day of the window, oldest first. One query."""
    first, last = window_of(policy, policy.hours.local_day(now))
    rows = ScoreDay.objects.filter(store_id=store_id, policy=policy.key, day__range=(first, last))
    found = {row.day: Tally(row.met, row.missed, row.excluded, row.worth, row.seconds) for row in rows}
    days = (date.fromordinal(first.toordinal() + ahead) for ahead in range(policy.window_days))
    return [_day(policy, day, found.get(day, NOTHING)) for day in days]


def _day(policy: Policy, day: date, tally: Tally) -> DayOf:
    rate = rate_of(policy, tally)
    return DayOf(day, tally, None if rate is None else float(rate))


@dataclass(frozen=True)
class RoundLine:
    ticket: int
    number: int
    began: datetime
    ended: datetime | None
    due_at: datetime | None
    day: date
    verdict: str
    why: str
    waited_s: float | None
    version: int
    person_id: int | None


@dataclass(frozen=True)
class HurtLine:
    ticket: int
    missed: int
    worst_s: float | None


def rounds_in(
    store_id: int, policy: Policy, *, now: datetime, verdict: str = "", day: date | None = None, page: int = 1
) -> tuple[list[RoundLine], int]:
    """Rounds of the window, latest first, and how many there are. Two queries."""
    rows = _rounds(store_id, policy, now)
    if verdict in list(Verdict):
        rows = rows.filter(verdict=verdict)
    if day is not None:
        rows = rows.filter(day=day)
    begin = (page - 1) * PAGE
    return [_line(row) for row in rows[begin : begin + PAGE]], rows.count()


def evidence_of(store_id: int, policy: Policy, *, now: datetime) -> list[RoundLine]:
    """All rounds of the window, oldest first, at most `MOST_EVIDENCE` of the latest."""
    return [_line(row) for row in _rounds(store_id, policy, now)[:MOST_EVIDENCE]][::-1]


def hurting_in(store_id: int, policy: Policy, *, now: datetime, most: int = 10) -> list[HurtLine]:
    """The tickets that hurt: most misses first, then the longest wait. One query."""
    missed = _rounds(store_id, policy, now).filter(verdict=Verdict.MISSED).order_by()
    rows = missed.values("ticket_number").annotate(missed=Count("pk"), worst=Max("waited_s"))
    ranked = rows.order_by("-missed", "-worst", "ticket_number")[:most]
    return [HurtLine(row["ticket_number"], row["missed"], row["worst"]) for row in ranked]


def excluded_in(store_id: int, policy: Policy, *, now: datetime) -> list[tuple[str, int]]:
    """Why rounds were left out, and how many for each reason; the most first. One query."""
    left_out = _rounds(store_id, policy, now).filter(verdict=Verdict.EXCLUDED).order_by()
    rows = left_out.values("why").annotate(total=Count("pk")).order_by("-total", "why")
    return [(row["why"], row["total"]) for row in rows]


def sums_of(store_id: int) -> dict[str, Tally]:
    """policy → sums of all its days: what a count of its rounds must come to."""
    found: dict[str, Tally] = {}
    for row in ScoreDay.objects.filter(store_id=store_id):
        tally = Tally(row.met, row.missed, row.excluded, row.worth, row.seconds)
        found[row.policy] = found.get(row.policy, NOTHING) + tally
    return found


def _rounds(store_id: int, policy: Policy, now: datetime) -> Any:
    first, last = window_of(policy, policy.hours.local_day(now))
    return ScoredRound.objects.filter(Q(day__range=(first, last)), store_id=store_id, policy=policy.key).order_by(
        "-began", "-ticket_number", "-number"
    )


def _line(row: ScoredRound) -> RoundLine:
    return RoundLine(
        ticket=row.ticket_number,
        number=row.number,
        began=row.began,
        ended=row.ended,
        due_at=row.due_at,
        day=row.day,
        verdict=row.verdict,
        why=row.why,
        waited_s=row.waited_s,
        version=row.version,
        person_id=row.person_id,
    )
