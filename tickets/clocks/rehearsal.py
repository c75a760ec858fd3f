"""A day that is over, given out anew: who would have got what. Pure.

Minute by minute: what has come and what is done change who has room; whoever the roster names is at a desk, and where
it says nothing, everybody is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from tickets.clocks.routing import Given, Left, Person, Place, RuleOf, Waiting, route

STEP: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Arrival:
    """`ticket.waiting_since`: when it came. `ends`: when it was really over, or its day is."""

    ticket: Waiting
    ends: datetime


@dataclass(frozen=True)
class OnShift:
    """`store` None: all of theirs."""

    person: int
    store: int | None
    begins: datetime
    ends: datetime


@dataclass
class _Day:
    people: Sequence[Person]
    shifts: Sequence[OnShift]
    load: dict[int, Counter[str]] = field(default_factory=dict)
    held: Counter[int] = field(default_factory=Counter)

    def hold(self, person: int, ticket: Waiting, more: int) -> None:
        self.load.setdefault(person, Counter())[ticket.channel] += more
        self.held[ticket.store] += more

    def team(self) -> list[Person]:
        return [replace(one, load=self.load[one.id]) if one.id in self.load else one for one in self.people]

    def places(self, stores: Collection[int], known: Mapping[int, Place], at: datetime) -> dict[int, Place]:
        under_way = [shift for shift in self.shifts if shift.begins <= at < shift.ends]
        given = {one.id: one.stores for one in self.people}
        found = {}
        for store in stores:
            names = frozenset(
                shift.person
                for shift in under_way
                if shift.store in (None, store) and store in given.get(shift.person, frozenset())
            )
            found[store] = replace(known.get(store, Place(store)), on_duty=names or None, held=self.held[store])
        return found


def rehearse(
    arrivals: Collection[Arrival],
    people: Sequence[Person],
    shifts: Sequence[OnShift],
    rules: Sequence[RuleOf],
    places: Mapping[int, Place],
    *,
    usual: RuleOf,
) -> list[tuple[Given | Left, datetime | None]]:
    """What became of each, by when it came: given, and when; or left until it was over, and why at the last look.

    What people have grows by what they are given here alone: the day begins with empty hands. Each is looked at once at
    least, also one that was over within its first minute.
    """
    day, told = _Day(people, shifts), dict[tuple[int, int], tuple[Given | Left, datetime | None]]()
    coming = sorted(arrivals, key=lambda one: _came(one.ticket))
    ends = {(one.ticket.store, one.ticket.number): one.ends for one in coming}
    waiting: dict[tuple[int, int], Waiting] = {}
    busy: list[tuple[datetime, int, Waiting]] = []
    for at in _looks(coming, shifts, usual, rules):
        while coming and coming[0].ticket.waiting_since <= at:
            ticket = coming.pop(0).ticket
            waiting[ticket.store, ticket.number] = ticket
        for one in [one for one in busy if one[0] <= at]:
            busy.remove(one)
            day.hold(one[1], one[2], -1)
        for key in [key for key in waiting if ends[key] <= at and key in told]:
            del waiting[key]
        if not waiting:
            continue
        stores = {store for store, _number in waiting}
        routed = route(waiting.values(), day.team(), rules, day.places(stores, places, at), usual=usual, now=at)
        for left in routed.left:
            told[left.ticket.store, left.ticket.number] = (left, None)
        for given in routed.given:
            key = (given.ticket.store, given.ticket.number)
            told[key] = (given, at)
            del waiting[key]
            if ends[key] > at:
                busy.append((ends[key], given.person, given.ticket))
                day.hold(given.person, given.ticket, 1)
    return sorted(
        told.values(), key=lambda one: (one[0].ticket.waiting_since, one[0].ticket.store, one[0].ticket.number)
    )


def _came(ticket: Waiting) -> tuple[datetime, int, int]:
    return ticket.waiting_since, ticket.store, ticket.number


def _looks(
    arrivals: Sequence[Arrival], shifts: Sequence[OnShift], usual: RuleOf, rules: Sequence[RuleOf]
) -> list[datetime]:
    """The minutes in which something may change: what has rung enough, is over, or whose agents come or go."""
    if not arrivals:
        return []
    rings = {rule.after for rule in (usual, *rules)} | {rule.keep_for for rule in rules}
    times = {one.ticket.waiting_since + ring for one in arrivals for ring in rings}
    times |= {one.ends for one in arrivals} | {shift.begins for shift in shifts} | {shift.ends for shift in shifts}
    first, last = arrivals[0].ticket.waiting_since, max(one.ends for one in arrivals)
    return sorted({_next_minute(at) for at in times if first <= at <= last})


def _next_minute(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + STEP
