"""What is measured: the marketplaces' policies and the agency's own goals. Pure: no Django, no clock of its own.

A policy says how a marketplace counts answers in one market; a goal says how fast the agency means to be. Both are
dated versions of a key: a change takes effect on its date, and what was before stays as it was measured. For one
waiting buyer the tightest of all wins, and `Due` says which it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from tickets.clocks.hours import ONE_DAY, Hours


class Clock(StrEnum):
    FIRST = "first"  # until the first human word after an opening
    NEXT = "next"  # until the human answer to a later question


class Unit(StrEnum):
    """What is counted once."""

    CONVERSATION = "conversation"  # from its opening until it is closed
    ROUND = "round"  # what the buyer wrote until the reply that ends it


class Measure(StrEnum):
    SHARE = "share"  # of what was counted, how much was answered in time; `target` is a share, at least
    MEAN = "mean"  # the mean wait; `target` is in seconds, at most


class Exclusion(StrEnum):
    """What leaves the denominator."""

    BOT_ONLY = "bot_only"  # handled by automatic words alone
    BOT_CLOSED = "bot_closed"  # closed by an automatic word
    SELLER_OPENED = "seller_opened"
    BLOCKED = "blocked"
    HOLIDAY = "holiday"  # began on a day of the store's holiday mode
    WEEKEND = "weekend_until_monday_noon"  # Saturday's and Sunday's questions may wait until Monday 12:00 local


class Outside(StrEnum):
    """What becomes of a question asked while the policy's hours are closed."""

    EXCLUDED = "excluded"  # it is not measured; what began inside runs on by the wall
    WAITS = "waits"  # the clock stands still until they open


@dataclass(frozen=True)
class Policy:
    """One dated version of how a marketplace measures. In force on days `from_date ≤ day < to_date` of its zone.

    `limit`: within this long a reply counts. `cap`: a wait counts as no more than this (mean). `ai_share`: what an
    automatic answer in time is worth beside a human one, 0 to 1. `minimum_sample`: with fewer counted, nothing is
    judged. `warn_at`: the figure at which one is warned, before `target`. `follows_store`: the store's own hours
    stand in for `hours`. `is_assumed`: the marketplace gives no target that we know of, and this one is ours.
    """

    key: str
    version: int
    name: str
    channel: str
    market: str
    from_date: date
    to_date: date | None
    window_days: int
    hours: Hours
    unit: Unit
    limit: timedelta
    target: float
    cap: timedelta | None = None
    measure: Measure = Measure.SHARE
    outside: Outside = Outside.EXCLUDED
    human_only: bool = True
    bare_greeting_counts: bool = True
    ai_share: float = 0.0
    exclusions: frozenset[Exclusion] = frozenset()
    minimum_sample: int = 0
    warn_at: float | None = None
    charges_silence: bool = False  # a transfer without a word is an unanswered round of whoever hands over
    follows_store: bool = False
    is_assumed: bool = False

    def is_in_force(self, day: date) -> bool:
        return self.from_date <= day and (self.to_date is None or day < self.to_date)

    def measures(self, since: datetime) -> bool:
        """Whether a question asked then is counted at all, as far as the hours go."""
        return self.outside == Outside.WAITS or self.hours.is_always or self.hours.is_open(since)

    def due_at(self, since: datetime) -> datetime | None:
        """Until when a question asked then must be answered to count; None: it is not measured. UTC."""
        if not self.measures(since):
            return None
        since = since.astimezone(UTC)  # arithmetic on local times would skip the hour that a clock skips
        due = self.hours.add(since, self.limit.total_seconds()) if self._waits else since + self.limit
        return max(due, self._monday_noon(since) or due)

    def waited(self, since: datetime, until: datetime) -> timedelta:
        """The wait as this policy counts it, not yet capped."""
        return self.hours.between(since, until) if self._waits else max(_passed(since, until), timedelta(0))

    @property
    def _waits(self) -> bool:
        return self.outside == Outside.WAITS and not self.hours.is_always

    def _monday_noon(self, since: datetime) -> datetime | None:
        if Exclusion.WEEKEND not in self.exclusions:
            return None
        day = self.hours.local_day(since)
        if day.weekday() < 5:
            return None
        monday = day + ONE_DAY * (7 - day.weekday())
        return datetime.combine(monday, time(12), ZoneInfo(self.hours.tz)).astimezone(UTC)


@dataclass(frozen=True)
class Goal:
    """One dated version of how fast the agency means to be. Empty `clock`, `channels`, `category`, `priority`: any.

    `in_hours`: it runs in the store's hours; otherwise by the wall.
    """

    key: str
    version: int
    name: str
    limit: timedelta
    from_date: date
    to_date: date | None = None
    clock: Clock | None = None
    channels: tuple[str, ...] = ()
    category: str = ""
    priority: int | None = None
    in_hours: bool = False

    def is_in_force(self, day: date) -> bool:
        return self.from_date <= day and (self.to_date is None or day < self.to_date)

    def due_at(self, since: datetime, hours: Hours) -> datetime:
        return hours.add(since, self.limit.total_seconds()) if self.in_hours else since.astimezone(UTC) + self.limit


@dataclass(frozen=True)
class Due:
    """Until when, and by which rule: `goal:KEY:SECONDS` or `policy:KEY:SECONDS`, the seconds being its limit."""

    at: datetime
    why_key: str


@dataclass(frozen=True)
class Candidate:
    """A `Due` that holds for tickets of one category or priority; None: of any."""

    clock: Clock
    category: str | None
    priority: int | None
    due: Due

    @property
    def is_general(self) -> bool:
        return self.category is None and self.priority is None

    def fits(self, category: str, priority: int) -> bool:
        return self.category in (None, category) and self.priority in (None, priority)


@dataclass(frozen=True)
class StoreRules:
    """What holds in one store at one time. `policies` and `goals` are those in force; `holiday_mode`: local dates on
    which the marketplace knows the store is on holiday."""

    policies: tuple[Policy, ...]
    goals: tuple[Goal, ...]
    hours: Hours
    holiday_mode: frozenset[date] = frozenset()

    def is_holiday(self, at: datetime) -> bool:
        return self.hours.local_day(at) in self.holiday_mode

    def due(self, clock: Clock, channel: str, category: str, priority: int, since: datetime) -> Due | None:
        """The tightest of goals and policies for a buyer who waits since then; None: nothing is promised."""
        found = [one for one in self.candidates(channel, since) if one.clock == clock and one.fits(category, priority)]
        return min((one.due for one in found), key=_by_time, default=None)

    def candidates(self, channel: str, since: datetime) -> tuple[Candidate, ...]:
        """Every `Due` that can win, for whoever learns only later which clock, category and priority the ticket has:
        the first that fits, by time, is what `due` says."""
        found = [*self._by_policies(channel, since), *self._by_goals(channel, since)]
        found.sort(key=lambda one: _by_time(one.due))
        kept: list[Candidate] = []
        for one in found:
            if not any(_covers(other, one) for other in kept):
                kept.append(one)
        return tuple(kept)

    def _by_policies(self, channel: str, since: datetime) -> Iterable[Candidate]:
        for policy in self.policies:
            if policy.channel != channel or (Exclusion.HOLIDAY in policy.exclusions and self.is_holiday(since)):
                continue
            due_at = policy.due_at(since)
            if due_at is not None:
                due = Due(due_at, f"policy:{policy.key}:{int(policy.limit.total_seconds())}")
                clocks = [Clock.FIRST] if policy.unit == Unit.CONVERSATION else list(Clock)
                yield from (Candidate(clock, None, None, due) for clock in clocks)

    def _by_goals(self, channel: str, since: datetime) -> Iterable[Candidate]:
        for goal in self.goals:
            if goal.channels and channel not in goal.channels:
                continue
            due = Due(goal.due_at(since, self.hours), f"goal:{goal.key}:{int(goal.limit.total_seconds())}")
            for clock in [goal.clock] if goal.clock else list(Clock):
                yield Candidate(clock, goal.category or None, goal.priority, due)

    def charges_silence(self, channel: str) -> bool:
        """Whether handing a waiting buyer over without a word costs a round there."""
        return any(policy.charges_silence and policy.channel == channel for policy in self.policies)


def _passed(since: datetime, until: datetime) -> timedelta:
    return until.astimezone(UTC) - since.astimezone(UTC)


Version = TypeVar("Version", Policy, Goal)


def in_force(versions: Iterable[Version], day: date) -> tuple[Version, ...]:
    """Of each key the version that holds on that day: the latest begun, and of one day's the highest number."""
    found: dict[str, Version] = {}
    for one in sorted(versions, key=lambda version: (version.from_date, version.version)):
        if one.from_date <= day:
            found[one.key] = one
    return tuple(one for one in found.values() if one.is_in_force(day))


def followed(policies: Iterable[Policy], hours: Hours, *, bot_is_on: bool) -> tuple[Policy, ...]:
    """Policies as they apply to a store with those hours; weekends may wait only where the marketplace's bot is on."""
    return tuple(_followed(policy, hours, bot_is_on) for policy in policies)


def _followed(policy: Policy, hours: Hours, bot_is_on: bool) -> Policy:
    exclusions = policy.exclusions if bot_is_on else policy.exclusions - {Exclusion.WEEKEND}
    if exclusions == policy.exclusions and not policy.follows_store:
        return policy
    return replace(policy, exclusions=exclusions, hours=hours if policy.follows_store else policy.hours)


def _by_time(due: Due) -> tuple[datetime, bool, str]:
    """Of two at the same moment the policy is named: it is the one that costs."""
    return due.at, not due.why_key.startswith("policy:"), due.why_key


def _covers(earlier: Candidate, one: Candidate) -> bool:
    """Whether `earlier`, which is due no later, holds wherever `one` does."""
    return (
        earlier.clock == one.clock
        and earlier.category in (None, one.category)
        and earlier.priority in (None, one.priority)
    )


def check_versions(versions: Sequence[Policy] | Sequence[Goal]) -> tuple[int, int] | None:
    """The numbers of two versions of one key whose days overlap, or None. Open ends run until the next begins."""
    dated: list[Policy | Goal] = sorted(versions, key=lambda version: (version.from_date, version.version))
    for one, other in pairwise(dated):
        if one.from_date == other.from_date or (one.to_date is not None and one.to_date > other.from_date):
            return one.version, other.version
    return None
