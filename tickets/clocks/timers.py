"""What will happen to an open ticket if nobody does anything, and when. Pure: no Django, no clock of its own.

A timer is a column: the index keeps the one next time at which a ticket must be looked at. Then `step` reckons, from
the ticket's facts and the agency's plan, what has come due and when to look again. Nothing is ever cancelled: whatever
a verb does to the ticket changes its facts. Each thing happens once in a silence, for the ticket remembers what it was
told; so a look too many, a clock that went back, or a goal that was edited meanwhile tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from tickets.clocks.rules import ANSWERED, Looked, Rule

WARN: Final = "warn:"  # warn:75 = three quarters of the time are over
BREACH: Final = "breach"
ESCALATE: Final = "escalate"
NOTICE: Final = "notice"  # word to the buyer that it takes longer
WAKE: Final = "wake"  # a snooze is over
RULE: Final = "rule:"
FOLLOW: Final = "follow:"  # a rule for closed tickets

# Without a plan of the agency's own.
WARN_AT: Final = (50, 75, 90)  # per cent of the clock
NOTICE_AT: Final = 80
NOTICE_FROM: Final = timedelta(minutes=10)  # within shorter promises, a word about the delay comes with the answer
FIRST_SHARE: Final = min(WARN_AT)
ESCALATE_AFTER: Final = timedelta(minutes=30)  # behind the breach
BETWEEN_RULES: Final = timedelta(minutes=1)


class Hours(Protocol):
    """Business time, as tickets.clocks.hours tells it."""

    def add(self, start: datetime, seconds: float) -> datetime: ...

    def back(self, end: datetime, seconds: float) -> datetime: ...


class AlwaysOpen:
    """24/7."""

    def add(self, start: datetime, seconds: float) -> datetime:
        return start + timedelta(seconds=seconds)

    def back(self, end: datetime, seconds: float) -> datetime:
        return end - timedelta(seconds=seconds)


ALWAYS_OPEN: Final = AlwaysOpen()


@dataclass(frozen=True)
class Plan:
    """How an agency wants to be warned, and its rules, in their order. None switches a thing off."""

    warn_at: tuple[int, ...] = WARN_AT
    notice_at: int | None = NOTICE_AT
    notice_from: timedelta = NOTICE_FROM
    escalate_after: timedelta | None = ESCALATE_AFTER
    rules: tuple[Rule, ...] = ()

    @property
    def first_share(self) -> int | None:
        """Per cent of a clock before which nothing happens by itself; None where nothing does before its end."""
        shares = [*self.warn_at, *([self.notice_at] if self.notice_at else [])]
        return min(shares, default=None)

    @property
    def counts_hours(self) -> bool:
        """Whether a look needs the store's hours."""
        return any(rule.in_hours for rule in self.rules)

    def tightened(self, share: int | None) -> Plan:
        """Warnings at so many per cent of their usual shares, while a live event runs. None, and 100: as they are."""
        if share is None or share >= 100:
            return self
        return replace(self, warn_at=tuple(sorted({max(1, round(at * share / 100)) for at in self.warn_at})))

    def shortest_wait(self, state: str) -> timedelta | None:
        """Before this, no rule acts on a ticket in this state. Business time is never shorter than time."""
        return min((rule.wait for rule in self.rules if rule.state == state), default=None)


@dataclass(frozen=True)
class Facts:
    """An open ticket as the index has it. `told`: what has happened in this silence already.

    `snoozed_until` stays when it is past: the patience that rules have with a silent buyer begins anew there.
    """

    looked: Looked
    last_message_at: datetime
    waiting_since: datetime | None = None
    due_at: datetime | None = None
    snoozed_until: datetime | None = None
    told: frozenset[str] = frozenset()

    @property
    def since(self) -> datetime:
        """When the silence began: the buyer's first unanswered word, or the last word of a ticket that is answered."""
        return self.waiting_since or self.last_message_at


@dataclass(frozen=True, order=True)
class Thing:
    """Something that happens at a time. In `told`, and in the columns, by its `what`."""

    at: datetime
    order: int
    what: str
    rule: Rule | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Step:
    """What one look came to. `again`: when to look next, for what; None where nothing will happen by itself."""

    fired: tuple[Thing, ...]
    told: frozenset[str]
    again: Thing | None
    wakes: bool  # the clock rang before a snooze was over, and ends it


def step(facts: Facts, plan: Plan, *, now: datetime, hours: Hours = ALWAYS_OPEN) -> Step:
    """Looks at a ticket. Of several warnings that came due together, after an outage, the strongest is told.

    One rule acts at a look: of a nudge and a closing that came due together, the closing keeps its distance.
    """
    ahead = sorted(thing for thing in things(facts, plan, hours) if not _is_told(thing.what, facts.told))
    due = [thing for thing in ahead if thing.at <= now]
    rules = [thing for thing in due if thing.rule]
    held = [_held(thing, rules[0], now) for thing in rules[1:]]
    fired = sorted(_strongest(due, is_late=BREACH in facts.told) + rules[:1])
    told = facts.told | {thing.what for thing in due if thing not in rules[1:]}
    later = [thing for thing in ahead if thing.at > now]
    if wakes := any(thing.what == WAKE for thing in later) and any(_rings(thing) for thing in fired):
        told |= {WAKE}
        later = [thing for thing in later if thing.what != WAKE]
    return Step(tuple(fired), told, min([*later, *held], default=None), wakes)


def things(facts: Facts, plan: Plan, hours: Hours = ALWAYS_OPEN) -> Iterator[Thing]:
    """All that would happen in this silence, told or not, in no order."""
    if facts.snoozed_until is not None:
        yield Thing(facts.snoozed_until, 0, WAKE)
    if facts.waiting_since is not None and facts.due_at is not None:
        yield from _of_the_clock(facts.waiting_since, facts.due_at, plan)
    begun = facts.since
    if facts.looked.state == ANSWERED and facts.snoozed_until is not None:
        begun = max(begun, facts.snoozed_until)
    for place, rule in enumerate(plan.rules):
        if rule.matches(facts.looked):
            at = (hours if rule.in_hours else ALWAYS_OPEN).add(begun, rule.wait.total_seconds())
            yield Thing(at, 10 + place, rule.mark, rule)


def passed(facts: Facts, plan: Plan, *, now: datetime) -> frozenset[str]:
    """What of the clock lies behind, for a wait that is taken up again: it is not told a second time."""
    clock = _of_the_clock(facts.waiting_since, facts.due_at, plan) if facts.waiting_since and facts.due_at else ()
    return frozenset(thing.what for thing in clock if thing.at <= now and thing.what != BREACH)


def warned(told: Sequence[str] | frozenset[str]) -> int:
    """The highest share, in per cent, that was told of this wait; 0 for none, 100 for a breach."""
    if BREACH in told:
        return 100
    return max((int(what.removeprefix(WARN)) for what in told if what.startswith(WARN)), default=0)


def _is_told(what: str, told: frozenset[str]) -> bool:
    """A warning says what weaker ones would have: shares that came or went meanwhile warn of nothing a second time."""
    if what in told:
        return True
    return what.startswith(WARN) and int(what.removeprefix(WARN)) <= warned(told - {BREACH})


def _of_the_clock(since: datetime, due_at: datetime, plan: Plan) -> Iterator[Thing]:
    length = due_at - since
    for share in plan.warn_at:
        yield Thing(since + length * share / 100, 1, f"{WARN}{share}")
    if plan.notice_at is not None and length >= plan.notice_from:
        yield Thing(since + length * plan.notice_at / 100, 2, NOTICE)
    yield Thing(due_at, 3, BREACH)
    if plan.escalate_after is not None:
        yield Thing(due_at + plan.escalate_after, 4, ESCALATE)


def _strongest(due: Sequence[Thing], *, is_late: bool) -> list[Thing]:
    """A breach says all that warnings would have, and a notice after it would come too late to be one."""
    kept = [thing for thing in due if thing.what in (BREACH, ESCALATE, WAKE)]
    if is_late or any(thing.what == BREACH for thing in kept):
        return kept
    warnings = [thing for thing in due if thing.what.startswith(WARN)]
    notices = [thing for thing in due if thing.what == NOTICE]
    return kept + warnings[-1:] + notices


def _held(thing: Thing, behind: Thing, now: datetime) -> Thing:
    distance = thing.rule.wait - behind.rule.wait if thing.rule and behind.rule else BETWEEN_RULES
    return Thing(now + max(distance, BETWEEN_RULES), thing.order, thing.what, thing.rule)


def _rings(thing: Thing) -> bool:
    return thing.what.startswith(WARN) or thing.what in (BREACH, ESCALATE)
