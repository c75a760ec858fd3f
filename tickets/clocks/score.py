"""From what happened to rounds, from rounds to a rate: how a marketplace counts. Pure: no Django, no clock of its own.

A *round* is what is counted once: the buyer's messages until the reply that ends them, or, where a policy counts
conversations, a conversation until its first reply. Each is met, missed, open (still in time) or excluded, and says
why. *Headroom* is how many more may be missed before the rate falls below its target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Final

from tickets.clocks.happenings import Happening, Kind
from tickets.clocks.policy import Exclusion, Measure, Policy, Unit

WHOLE: Final = 100  # what a human answer in time is worth; `Policy.ai_share` is a part of it
PACE_DAYS: Final = 7  # whole days whose mean is taken to go on
ONE_DAY: Final = timedelta(days=1)


class Verdict(StrEnum):
    MET = "met"
    MISSED = "missed"
    OPEN = "open"  # unanswered and still in time
    EXCLUDED = "excluded"


class Why(StrEnum):
    """What a verdict rests on, where it is not plain."""

    NOTHING = ""
    LATE = "late"
    UNANSWERED = "unanswered"
    SILENT_TRANSFER = "silent_transfer"  # handed over without a word to the buyer
    BY_BOT = "by_bot"  # an automatic answer in time, which the policy credits in part
    OUTSIDE_HOURS = "outside_hours"
    SELLER_OPENED = "seller_opened"
    BLOCKED = "blocked"
    HOLIDAY = "holiday"
    BOT_CLOSED = "bot_closed"
    BOT_ONLY = "bot_only"


@dataclass(frozen=True)
class Round:
    """`number` counts from 1 in the ticket. `day` is the marketplace's date on which it began.

    `waited_s`: as the policy counts it, capped; None while open, or unanswered and without a cap. `due_at`: until when
    an answer counts, or the wait grows; None where nothing is measured. `person`: who answered, or is charged.
    """

    number: int
    began: datetime
    ended: datetime | None
    day: date
    due_at: datetime | None
    verdict: Verdict
    why: Why = Why.NOTHING
    waited_s: float | None = None
    worth: int = 0
    person: int | None = None
    version: int = 0

    def tally(self) -> Tally:
        if self.verdict == Verdict.EXCLUDED:
            return Tally(excluded=1)
        if self.verdict == Verdict.OPEN:
            return NOTHING
        missed = int(self.verdict == Verdict.MISSED)
        return Tally(met=1 - missed, missed=missed, worth=self.worth, seconds=round(self.waited_s or 0))


@dataclass(frozen=True)
class Tally:
    """Sums over rounds. `worth` in hundredths of a round, `seconds` of waits, each capped."""

    met: int = 0
    missed: int = 0
    excluded: int = 0
    worth: int = 0
    seconds: int = 0

    @property
    def counted(self) -> int:
        return self.met + self.missed

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.met + other.met,
            self.missed + other.missed,
            self.excluded + other.excluded,
            self.worth + other.worth,
            self.seconds + other.seconds,
        )

    def __sub__(self, other: Tally) -> Tally:
        return self + Tally(-other.met, -other.missed, -other.excluded, -other.worth, -other.seconds)


NOTHING: Final = Tally()


# ---------------------------------------------------------------- rounds


@dataclass
class _Conversation:
    """From an opening by the buyer, or by us, until the next."""

    opened: Happening
    seen: list[Happening] = field(default_factory=list)

    def excluded_by(self, exclusions: frozenset[Exclusion]) -> Why | None:
        """Why nothing in it is counted, if so."""
        kinds = {one.kind for one in self.seen}
        if Exclusion.SELLER_OPENED in exclusions and self.opened.kind == Kind.SELLER_OPENED:
            return Why.SELLER_OPENED
        if Exclusion.BLOCKED in exclusions and Kind.BLOCKED in kinds:
            return Why.BLOCKED
        by_bot = Kind.HUMAN not in kinds and any(one.kind == Kind.BOT and not one.is_bare for one in self.seen)
        if not by_bot:
            return None
        if Exclusion.BOT_CLOSED in exclusions and self._closed_by_nobody:
            return Why.BOT_CLOSED
        return Why.BOT_ONLY if Exclusion.BOT_ONLY in exclusions and self._bot_spoke_last else None

    @property
    def _closed_by_nobody(self) -> bool:
        closings = [one for one in self.seen if one.kind in (Kind.CLOSED, Kind.REOPENED)]
        return bool(closings) and closings[-1].kind == Kind.CLOSED and closings[-1].person is None

    @property
    def _bot_spoke_last(self) -> bool:
        """To every word of the buyer's there was an automatic answer."""
        spoken = [one for one in self.seen if one.kind == Kind.BUYER or (one.kind == Kind.BOT and not one.is_bare)]
        return spoken[-1].kind == Kind.BOT


@dataclass(frozen=True)
class _Raw:
    """A round before it is judged. `replied`: what ended it; a transfer ends it without an answer."""

    began: datetime
    conversation: _Conversation
    replied: Happening | None = None
    by_bot: datetime | None = None


PolicyAt = Callable[[datetime], Policy | None]


def rounds_of(
    happenings: Iterable[Happening],
    policy_at: PolicyAt,
    *,
    is_holiday: Callable[[datetime], bool] = lambda _at: False,
    now: datetime,
) -> tuple[Round, ...]:
    """All rounds of one ticket under one policy, in the order they began.

    `happenings` in any order: late ones go where they belong. `policy_at`: the version that held at a time; a round is
    judged by the one of when it began, so that an edit leaves the past as measured, and there are no rounds where
    there was none. `is_holiday`: whether the store was in holiday mode then.
    """
    conversations = _conversations(sorted(happenings, key=lambda one: (one.at, one.place)))
    judged: list[Round] = []
    for raw in _raws(conversations, policy_at):
        policy = policy_at(raw.began)
        if policy is not None:
            on_holiday = Exclusion.HOLIDAY in policy.exclusions and is_holiday(raw.began)
            judged.append(_judged(raw, policy, len(judged) + 1, on_holiday, now))
    return tuple(judged)


def dated(versions: Sequence[Policy]) -> PolicyAt:
    """The version that held at a time, each by its own zone's date: the latest begun."""

    def policy_at(at: datetime) -> Policy | None:
        begun = [one for one in versions if one.from_date <= one.hours.local_day(at)]
        latest = max(begun, key=lambda one: (one.from_date, one.version), default=None)
        return latest if latest is not None and latest.is_in_force(latest.hours.local_day(at)) else None

    return policy_at


def _conversations(happenings: Sequence[Happening]) -> list[_Conversation]:
    found: list[_Conversation] = []
    for one in happenings:
        by_buyer = one.kind == Kind.OPENED or (one.kind == Kind.REOPENED and one.person is None)
        if by_buyer or one.kind == Kind.SELLER_OPENED or not found:
            found.append(_Conversation(one))
        found[-1].seen.append(one)
    return found


def _raws(conversations: Sequence[_Conversation], policy_at: PolicyAt) -> Iterator[_Raw]:
    """Every round by whichever unit held when it began, in order."""
    found: list[tuple[_Raw, Unit]] = []
    for unit, taken in ((Unit.CONVERSATION, _by_conversation), (Unit.ROUND, _by_round)):
        found += [(raw, unit) for raw in taken(conversations, policy_at)]
    for raw, unit in sorted(found, key=lambda pair: pair[0].began):
        policy = policy_at(raw.began)
        if policy is not None and policy.unit == unit:
            yield raw


def _by_conversation(conversations: Sequence[_Conversation], policy_at: PolicyAt) -> Iterator[_Raw]:
    everything = [one for conversation in conversations for one in conversation.seen]
    for conversation in conversations:
        began = next((one.at for one in conversation.seen if one.kind == Kind.BUYER), None)
        if began is None and conversation.opened.kind != Kind.SELLER_OPENED:
            continue
        since = began or conversation.opened.at
        policy = policy_at(since)
        answers = (one for one in everything if _comes_after(one, conversation, since) and _ends(one, policy))
        by_bot = next((one.at for one in conversation.seen if one.at >= since and _credits(one, policy)), None)
        yield _Raw(since, conversation, next(answers, None), by_bot)


def _comes_after(one: Happening, conversation: _Conversation, since: datetime) -> bool:
    return (one.at, one.place) > (since, conversation.opened.place)


def _by_round(conversations: Sequence[_Conversation], policy_at: PolicyAt) -> Iterator[_Raw]:
    """Our own closing and the buyer's coming back end no round: the marketplace sees neither."""
    pending: _Raw | None = None
    for conversation in conversations:
        for one in conversation.seen:
            if one.kind == Kind.BUYER:
                if pending is not None and pending.by_bot is not None:
                    yield pending  # answered by the bot, and the buyer went on
                    pending = None
                pending = pending or _Raw(one.at, conversation)
            elif pending is not None:
                policy = policy_at(pending.began)
                if _ends(one, policy):
                    yield replace(pending, replied=one)
                    pending = None
                elif one.kind == Kind.TRANSFERRED and policy is not None and policy.charges_silence:
                    if pending.by_bot is None:
                        yield replace(pending, replied=one)
                        pending = _Raw(one.at, conversation)  # the next agent's
                elif _credits(one, policy):
                    pending = replace(pending, by_bot=pending.by_bot or one.at)
    if pending is not None:
        yield pending


def _ends(one: Happening, policy: Policy | None) -> bool:
    """Whether it is a person's reply that the policy takes for one."""
    if one.kind != Kind.HUMAN:
        return False
    return policy is None or policy.bare_greeting_counts or not one.is_bare


def _credits(one: Happening, policy: Policy | None) -> bool:
    """Whether it is an automatic answer that is worth something. One that only says “arrived” never is."""
    if one.kind != Kind.BOT or one.is_bare or policy is None:
        return False
    return not policy.human_only and policy.ai_share > 0


def _judged(raw: _Raw, policy: Policy, number: int, on_holiday: bool, now: datetime) -> Round:
    replied = raw.replied.at if raw.replied else None
    base = Round(
        number=number,
        began=raw.began,
        ended=replied or raw.by_bot,
        day=policy.hours.local_day(raw.began),
        due_at=None,
        verdict=Verdict.EXCLUDED,
        person=raw.replied.person if raw.replied else None,
        version=policy.version,
    )
    why = raw.conversation.excluded_by(policy.exclusions)
    if why is None and on_holiday:
        why = Why.HOLIDAY
    due_at = policy.due_at(raw.began)
    if due_at is None or why is not None:
        return replace(base, why=why or Why.OUTSIDE_HOURS)
    return _measured(replace(base, due_at=_decided_at(policy, raw.began, due_at)), raw, policy, due_at, now)


def _decided_at(policy: Policy, began: datetime, due_at: datetime) -> datetime:
    """Until when the figure can change: a mean grows until its cap."""
    if policy.measure == Measure.SHARE or policy.cap is None:
        return due_at
    return max(due_at, policy.hours.add(began, policy.cap.total_seconds()) if _waits(policy) else began + policy.cap)


def _waits(policy: Policy) -> bool:
    return policy.outside == "waits" and not policy.hours.is_always


def _measured(base: Round, raw: _Raw, policy: Policy, due_at: datetime, now: datetime) -> Round:
    replied, cap = raw.replied, policy.cap.total_seconds() if policy.cap else None
    if replied is not None and replied.kind == Kind.TRANSFERRED:
        return replace(base, verdict=Verdict.MISSED, why=Why.SILENT_TRANSFER, waited_s=cap)
    if replied is not None:
        waited = _capped(policy.waited(raw.began, replied.at).total_seconds(), cap)
        if replied.at <= due_at:
            return replace(base, verdict=Verdict.MET, waited_s=waited, worth=WHOLE)
        if raw.by_bot is None or raw.by_bot > due_at:
            return replace(base, verdict=Verdict.MISSED, why=Why.LATE, waited_s=waited)
    if raw.by_bot is not None and raw.by_bot <= due_at:
        waited = _capped(policy.waited(raw.began, raw.by_bot).total_seconds(), cap)
        worth = round(policy.ai_share * WHOLE)
        return replace(base, verdict=Verdict.MET, why=Why.BY_BOT, waited_s=waited, worth=worth, ended=raw.by_bot)
    if base.due_at is not None and now <= base.due_at:
        return replace(base, verdict=Verdict.OPEN)
    return replace(base, verdict=Verdict.MISSED, why=Why.UNANSWERED, waited_s=cap)


def _capped(seconds: float, cap: float | None) -> float:
    return seconds if cap is None else min(seconds, cap)


# ---------------------------------------------------------------- the score


class Standing(StrEnum):
    """How a store stands with a policy."""

    UNKNOWN = "unknown"  # nothing was counted
    EXEMPT = "exempt"  # too little was counted to be judged
    SAFE = "safe"
    CLOSE = "close"  # below what one is warned at, or few misses away
    BELOW = "below"


CLOSE_SHARE: Final = Fraction(2, 100)  # headroom of less than so much of what was counted is close


@dataclass(frozen=True)
class Score:
    """One policy's figures on one day. `rate`: a share from 0 to 1, or a mean wait in seconds; None: nothing counted.

    `headroom`: misses that may still come before the rate falls below the target; below it, negative: so many answers
    in time bring it back. None where nothing was counted or the target can't be met by counting on.
    """

    tally: Tally
    rate: float | None
    headroom: int | None
    standing: Standing


@dataclass(frozen=True)
class Forecast:
    """If the days to come are like the last seven. `points`: the rate at the end of each day from tomorrow until
    today leaves the window. `falls_on`: the first day on which the rate is below the target, if it is not today."""

    points: tuple[float | None, ...]
    falls_on: date | None

    @property
    def at_end(self) -> float | None:
        return self.points[-1] if self.points else None


def window_of(policy: Policy, today: date) -> tuple[date, date]:
    """The first and the last day that count."""
    return today - ONE_DAY * (policy.window_days - 1), today


def score_of(policy: Policy, days: Mapping[date, Tally], today: date) -> Score:
    """`days`: what was counted on each; those outside of the window are left out."""
    first, last = window_of(policy, today)
    total = sum((tally for day, tally in days.items() if first <= day <= last), NOTHING)
    rate = rate_of(policy, total)
    room = headroom_of(policy, total)
    return Score(total, None if rate is None else float(rate), room, _standing(policy, total, rate, room))


def rate_of(policy: Policy, total: Tally) -> Fraction | None:
    if not total.counted:
        return None
    if policy.measure == Measure.MEAN:
        return Fraction(total.seconds, total.counted)
    return Fraction(total.worth, WHOLE * total.counted)


def meets(policy: Policy, rate: Fraction | float) -> bool:
    target = _exact(policy.target)
    return rate <= target if policy.measure == Measure.MEAN else rate >= target


def headroom_of(policy: Policy, total: Tally) -> int | None:
    """Exact: fractions, no rounding."""
    if not total.counted:
        return None
    target = _exact(policy.target)
    if policy.measure == Measure.MEAN:
        return _headroom_of_mean(policy, total, target)
    worth = Fraction(total.worth, WHOLE)
    if worth >= target * total.counted:
        return None if target == 0 else floor(worth / target) - total.counted
    return None if target == 1 else -ceil((target * total.counted - worth) / (1 - target))


def _headroom_of_mean(policy: Policy, total: Tally, target: Fraction) -> int | None:
    """A miss adds the cap; an answer at once adds nothing."""
    left = target * total.counted - total.seconds
    if left < 0:
        return None if target == 0 else -ceil(-left / target)
    worst = _exact((policy.cap or policy.limit).total_seconds()) - target
    return None if worst <= 0 else floor(left / worst)


def _standing(policy: Policy, total: Tally, rate: Fraction | None, room: int | None) -> Standing:
    if rate is None:
        return Standing.UNKNOWN
    if total.counted < policy.minimum_sample:
        return Standing.EXEMPT
    if not meets(policy, rate):
        return Standing.BELOW
    if policy.warn_at is not None and not meets(replace(policy, target=policy.warn_at), rate):
        return Standing.CLOSE
    return Standing.CLOSE if room is not None and room <= CLOSE_SHARE * total.counted else Standing.SAFE


@lru_cache(maxsize=256)
def _exact(number: float) -> Fraction:
    """As it is written: 0.85 is 85/100."""
    return Fraction(str(number))


def forecast_of(policy: Policy, days: Mapping[date, Tally], today: date) -> Forecast:
    """Old days leave the window, new ones like the mean of the last seven whole days enter it."""
    recent = [days.get(today - ONE_DAY * back, NOTHING) for back in range(1, PACE_DAYS + 1)]
    seen = sum(recent, NOTHING)
    pace, over = (seen, PACE_DAYS) if seen.counted else (days.get(today, NOTHING), 1)
    first, _last = window_of(policy, today)
    total = sum((tally for day, tally in days.items() if first <= day <= today), NOTHING)
    target = _exact(policy.target)
    points: list[float | None] = []
    falls_on = None
    for ahead in range(1, policy.window_days):
        total = total - days.get(first + ONE_DAY * (ahead - 1), NOTHING)
        amount, whole = _rate_with(policy, total, pace, ahead, over)
        points.append(amount / whole if whole else None)
        if falls_on is None and whole and not _is_good(policy, amount * target.denominator, target.numerator * whole):
            falls_on = today + ONE_DAY * ahead
    return Forecast(tuple(points), falls_on)


def _rate_with(policy: Policy, total: Tally, pace: Tally, ahead: int, over: int) -> tuple[int, int]:
    """The rate as a fraction of whole numbers, when so many days of `pace / over` have been added."""
    counted = total.counted * over + pace.counted * ahead
    if policy.measure == Measure.MEAN:
        return total.seconds * over + pace.seconds * ahead, counted
    return total.worth * over + pace.worth * ahead, counted * WHOLE


def _is_good(policy: Policy, amount: int, line: int) -> bool:
    return amount <= line if policy.measure == Measure.MEAN else amount >= line


@dataclass(frozen=True)
class Hurt:
    """A ticket and what it cost. `worst_s`: its longest counted wait, if any was."""

    ticket: int
    missed: int
    worst_s: float


def hurting(rounds: Iterable[tuple[int, Round]], most: int = 10) -> list[Hurt]:
    """The tickets that hurt the rate: most misses first, then the longest wait."""
    found: dict[int, Hurt] = {}
    for ticket, one in rounds:
        if one.verdict == Verdict.MISSED:
            so_far = found.get(ticket, Hurt(ticket, 0, 0.0))
            found[ticket] = Hurt(ticket, so_far.missed + 1, max(so_far.worst_s, one.waited_s or 0.0))
    return sorted(found.values(), key=lambda hurt: (-hurt.missed, -hurt.worst_s, hurt.ticket))[:most]
