"""Rules that an owner writes: "wait X, then do Y". Pure: no Django, no clock of its own.

A rule looks at one open ticket and counts from the moment its silence began: since the buyer waits for us, or since
the last word, where we wait for the buyer. It acts once in a silence. Two rules that would undo each other for ever
are refused when they are written (`loop_of`); at work each acts once in a silence, so that even those would end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=60)
LONGEST_IN_HOURS: Final = timedelta(hours=240)  # business time: four months where a store opens for two hours a day
MOST_RULES: Final = 50  # that are on, in one agency

# As in Ticket.State and Ticket.Priority, which a pure module does not know.
WAITING: Final = "waiting"
ANSWERED: Final = "answered"
CLOSED: Final = "closed"
PRIORITIES: Final = (1, 2, 3)


class Does(StrEnum):
    NUDGE = "nudge"  # a friendly word to a buyer who is silent
    CLOSE = "close"
    ASSIGN = "assign"  # to somebody, or to nobody: back into the queue
    PRIORITY = "priority"
    REOPEN = "reopen"  # a closed one, as a task for an agent


class Has(StrEnum):
    """Whether the ticket must belong to somebody."""

    ANY = ""
    SOMEBODY = "somebody"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Looked:
    """What of a ticket rules look at. `assignee`: a person's id."""

    state: str
    priority: int
    channel: str
    category: str
    assignee: int | None


@dataclass(frozen=True)
class Rule:
    """`channels`, `categories` and `priorities` that are empty allow all. `wait` is business time if `in_hours`.

    `to`: whom a ticket is given to, None for nobody. `priority`: what it becomes.
    """

    id: int
    name: str
    state: str
    wait: timedelta
    does: Does
    in_hours: bool = False
    channels: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    priorities: frozenset[int] = frozenset()
    has: Has = Has.ANY
    to: int | None = None
    priority: int | None = None

    @property
    def mark(self) -> str:
        """What stands in `told` once it has acted: at most 20 characters."""
        return f"rule:{self.id}"

    def matches(self, ticket: Looked) -> bool:
        return (
            ticket.state == self.state
            and (not self.channels or ticket.channel in self.channels)
            and (not self.categories or ticket.category in self.categories)
            and (not self.priorities or ticket.priority in self.priorities)
            and (self.has == Has.ANY or (self.has == Has.SOMEBODY) == (ticket.assignee is not None))
        )

    def after(self, ticket: Looked) -> Looked | None:
        """The ticket as the rule leaves it; None once it is closed."""
        if self.does == Does.CLOSE:
            return None
        if self.does == Does.ASSIGN:
            return replace(ticket, assignee=self.to)
        if self.does == Does.PRIORITY and self.priority is not None:
            return replace(ticket, priority=self.priority)
        return ticket


@dataclass(frozen=True)
class Problem:
    """What is wrong with a rule: the field at fault, and why."""

    field: str
    why: str


def problem_of(rule: Rule) -> Problem | None:
    """The first thing that makes a rule senseless by itself."""
    if rule.wait < SHORTEST:
        return Problem("wait", "too_short")
    if rule.wait > LONGEST:
        return Problem("wait", "too_long")
    if rule.in_hours and rule.wait > LONGEST_IN_HOURS:
        return Problem("wait", "too_long_in_hours")
    if rule.state not in (WAITING, ANSWERED, CLOSED):
        return Problem("state", "unknown")
    if (rule.state == CLOSED) != (rule.does == Does.REOPEN) and (rule.state, rule.does) != (CLOSED, Does.NUDGE):
        return Problem("does", "closed" if rule.state == CLOSED else "not_closed")
    if rule.does in (Does.NUDGE, Does.CLOSE) and rule.state == WAITING:
        return Problem("does", "buyer_waits")  # closing a wait would only hide it
    if rule.does == Does.PRIORITY and rule.priority not in PRIORITIES:
        return Problem("priority", "missing")
    if rule.does == Does.PRIORITY and rule.priorities == {rule.priority}:
        return Problem("priority", "changes_nothing")
    if rule.does == Does.ASSIGN and rule.to is None and rule.has == Has.NOBODY:
        return Problem("to", "changes_nothing")
    return None


def loop_of(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Rules that would go round for ever if nothing else happened to a ticket; empty where there are none.

    Every kind of ticket that the rules can tell apart is walked: from a ticket to the tickets that a rule which
    matches it makes of it. Coming back to where one was is a loop.
    """
    moving = [rule for rule in rules if rule.does in (Does.ASSIGN, Does.PRIORITY)]
    done: set[Looked] = set()
    for start in _kinds_of_ticket(moving):
        if found := _walk(start, moving, done):
            return found
    return ()


def _walk(start: Looked, rules: Sequence[Rule], done: set[Looked]) -> tuple[Rule, ...]:
    """Depth first, without recursion. `done`: from where no loop is reached."""
    way: list[Looked] = [start]
    taken: list[Rule] = []
    left: list[Iterator[tuple[Rule, Looked]]] = [_steps(start, rules)]
    while left:
        step = next(left[-1], None)
        if step is None:
            done.add(way.pop())
            left.pop()
            if taken:
                taken.pop()
            continue
        rule, there = step
        if there in way:
            return (*taken[way.index(there) :], rule)
        if there not in done:
            way.append(there)
            taken.append(rule)
            left.append(_steps(there, rules))
    return ()


def _steps(ticket: Looked, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Looked]]:
    for rule in rules:
        if rule.matches(ticket):
            there = rule.after(ticket)
            if there is not None and there != ticket:
                yield rule, there


def _kinds_of_ticket(rules: Sequence[Rule]) -> Iterator[Looked]:
    """One ticket of each kind that the rules tell apart; "" and -1 stand for what none of them names."""
    channels = sorted({"", *(name for rule in rules for name in rule.channels)})
    categories = sorted({"", *(name for rule in rules for name in rule.categories)})
    people = [None, -1, *sorted({rule.to for rule in rules if rule.to is not None})]
    for state in (WAITING, ANSWERED):
        for channel in channels:
            for category in categories:
                for priority in PRIORITIES:
                    for person in people:
                        yield Looked(state, priority, channel, category, person)
