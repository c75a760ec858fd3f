"""Who gets the next ticket. Pure: what waits and who is there come in, who gets what and why goes out.

Stores take turns: the one of whose tickets people have fewest comes next, with its most urgent. A ticket goes to the
least busy who may have it; where all of them are full, one of theirs from this same round goes to a colleague, if that
makes room. So as many are given as can be, in the order of the turns, and nobody who alone can do something is used up
by what others could do. People are bits of a number here: a choice among hundreds costs what one among few does.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from tickets.clocks.urgency import pressing

NO_LIMIT: Final = 1 << 30  # room of somebody who takes as many as come


class Skill(StrEnum):
    LANGUAGE = "language"
    CATEGORY = "category"
    MARKETPLACE = "marketplace"


class Why(StrEnum):
    """Why somebody was given a ticket, or why nobody was."""

    LAST = "last"  # they answered the buyer last
    POOL = "pool"  # the rule names them
    SKILL = "skill"  # they said that they can do what it asks for
    FREE = "free"  # the least busy of those who may have it
    RINGS = "rings"  # it has not waited long enough to be given
    KEPT = "kept"  # it is kept for whoever answered the buyer last, who is there
    NOBODY = "nobody"  # no agent was given the store
    NOT_HERE = "not_here"  # none of them is at a desk and takes tickets
    OFF_DUTY = "off_duty"  # the roster says that others work in the store now
    UNCERTIFIED = "uncertified"  # none of them holds the store's certificates
    UNSKILLED = "unskilled"  # none of them can do what it asks for
    NOT_IN_POOL = "not_in_pool"  # the rule names others
    FULL = "full"  # those who may have it have as many as they take


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that nobody has.

    `last_agent`: who answered the buyer last, in it or before. `weight`: of its store, by the headroom.
    """

    store: int
    number: int
    channel: str
    waiting_since: datetime
    due_at: datetime | None = None
    category: str = ""
    language: str = ""
    priority: int = 3
    urgency: int = 0
    weight: float = 1.0
    last_agent: int | None = None
    is_taken_back: bool = False  # from somebody who is gone: it has rung enough


@dataclass(frozen=True)
class Person:
    """Somebody who may be given tickets of these stores. Nothing said of a kind of skill: they can do all of it.

    `load`: what they have by channel. `capacity`: how many they take; a channel that isn't in it: as many as come.
    """

    id: int
    stores: frozenset[int]
    is_here: bool = True
    languages: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    marketplaces: frozenset[str] = frozenset()
    capacity: Mapping[str, int] = field(default_factory=dict)
    load: Mapping[str, int] = field(default_factory=dict)
    busy_at: float = 0.0  # when somebody last wrote in one of theirs, as a timestamp


@dataclass(frozen=True)
class Place:
    """A store. `on_duty`: None where the roster says nothing of now. `certified`: None where no certificate is asked.

    `held`: how many of its tickets people have.
    """

    store: int
    marketplace: str = ""
    on_duty: frozenset[int] | None = None
    certified: frozenset[int] | None = None
    held: int = 0


@dataclass(frozen=True)
class RuleOf:
    """The first whose conditions hold says who may have the ticket. An empty condition lets all through.

    `demands`: of these kinds a skill must have been said. `keep_for`: so long after its buyer began to wait a ticket is
    kept for who answered the buyer last, while they are there. `after`: how long it rings for everybody before it is
    given.
    """

    id: int = 0
    name: str = ""
    channels: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    stores: frozenset[int] = frozenset()
    is_urgent: bool = False  # only what is urgent: by priority, or as triage read it
    demands: frozenset[Skill] = frozenset()
    pool: frozenset[int] = frozenset()
    keep_for: timedelta = timedelta(0)
    after: timedelta = timedelta(seconds=10)

    def fits(self, ticket: Waiting) -> bool:
        return (
            (not self.channels or ticket.channel in self.channels)
            and (not self.stores or ticket.store in self.stores)
            and (not self.categories or ticket.category in self.categories)
            and (not self.languages or ticket.language in self.languages)
            and (not self.is_urgent or ticket.priority <= 1 or ticket.urgency >= 2)
        )


@dataclass(frozen=True, slots=True)
class Given:
    ticket: Waiting
    person: int
    why: Why
    rule: int = 0  # 0: none


@dataclass(frozen=True, slots=True)
class Left:
    ticket: Waiting
    why: Why
    rule: int = 0


@dataclass(frozen=True)
class Routed:
    """`given` in the order of the turns."""

    given: tuple[Given, ...] = ()
    left: tuple[Left, ...] = ()


def route(
    waiting: Iterable[Waiting],
    people: Iterable[Person],
    rules: Sequence[RuleOf],
    places: Mapping[int, Place],
    *,
    usual: RuleOf,
    now: datetime,
) -> Routed:
    """Each ticket goes to somebody, or is left. `usual` is the rule of what no rule is about.

    The same whatever the order of tickets and people. A store without a place has no roster and no certificates.
    """
    return _Round(list(waiting), list(people), rules, places, usual, now).run()


@dataclass(slots=True)
class _Case:
    """Tickets that the same people may have. `mask`: who, whether or not they have room. `why`: where nobody may."""

    mask: int
    rule: RuleOf
    why: Why = Why.FULL
    is_over: bool = False  # nobody of them has room, and nobody can make some


class _Round:
    def __init__(
        self,
        waiting: list[Waiting],
        people: list[Person],
        rules: Sequence[RuleOf],
        places: Mapping[int, Place],
        usual: RuleOf,
        now: datetime,
    ) -> None:
        self.now, self.rules, self.usual = now, rules, usual
        self.places = {store: places.get(store, Place(store)) for store in {ticket.store for ticket in waiting}}
        count = Counter(ticket.store for ticket in waiting)
        # The lowest bits are taken first: who can do least else, who has been idle longest, then whose turn it is.
        self.people = sorted(
            people, key=lambda one: (sum(count[s] for s in one.stores), one.busy_at, _turn(one.id, now), one.id)
        )
        self.waiting = waiting
        self.bits = {person.id: 1 << n for n, person in enumerate(self.people)}
        self.here = self._who(person.is_here for person in self.people)
        self.masks: dict[tuple[str, str], int] = {}
        self.in_store: dict[int, int] = defaultdict(int)
        for n, person in enumerate(self.people):
            for store in person.stores:
                self.in_store[store] |= 1 << n
        self.cases: dict[tuple[object, ...], _Case] = {}
        self.by_channel: dict[str, _Channel] = {}

    @staticmethod
    def _who(flags: Iterable[bool]) -> int:
        return sum(1 << n for n, flag in enumerate(flags) if flag)

    def run(self) -> Routed:
        queues, left = self._queues()
        turns = [(self.places[store].held, _pressure(queue[-1], self.now), store) for store, queue in queues.items()]
        heapq.heapify(turns)
        order: list[tuple[Waiting, _Case]] = []
        while turns:
            held, _urgency, store = heapq.heappop(turns)
            queue = queues[store]
            while queue:
                ticket = queue.pop()
                case = self._case(ticket)
                if case.is_over or not self._channel(ticket.channel).give(ticket, case):
                    left.append(Left(ticket, case.why, case.rule.id))
                    continue
                order.append((ticket, case))
                if queue:
                    heapq.heappush(turns, (held + 1, _pressure(queue[-1], self.now), store))
                break
        given = [Given(one, *self._told(one, case), case.rule.id) for one, case in order]
        left.sort(key=lambda one: (one.ticket.waiting_since, one.ticket.store, one.ticket.number))
        return Routed(tuple(given), tuple(left))

    def _queues(self) -> tuple[dict[int, list[Waiting]], list[Left]]:
        """store → what may be given there, the most urgent last; and what rings on."""
        queues: dict[int, list[Waiting]] = defaultdict(list)
        left: list[Left] = []
        for ticket in self.waiting:
            rule = self._rule(ticket)
            if not ticket.is_taken_back and self.now - ticket.waiting_since < rule.after:
                left.append(Left(ticket, Why.RINGS, rule.id))
            else:
                queues[ticket.store].append(ticket)
        for queue in queues.values():
            queue.sort(key=lambda ticket: _pressure(ticket, self.now), reverse=True)
        return queues, left

    def _rule(self, ticket: Waiting) -> RuleOf:
        return next((rule for rule in self.rules if rule.fits(ticket)), self.usual)

    def _case(self, ticket: Waiting) -> _Case:
        rule = self._rule(ticket)
        kept = self._is_kept(ticket, rule)
        key = (
            ticket.store,
            ticket.channel,
            ticket.category,
            ticket.language,
            rule.id,
            ticket.last_agent if kept else 0,
        )
        case = self.cases.get(key)
        if case is None:
            case = self.cases[key] = self._new_case(ticket, rule)
            if kept and case.mask & self.bits[ticket.last_agent or 0]:
                case.mask, case.why = self.bits[ticket.last_agent or 0], Why.KEPT
        return case

    def _is_kept(self, ticket: Waiting, rule: RuleOf) -> bool:
        return ticket.last_agent in self.bits and self.now - ticket.waiting_since < rule.keep_for

    def _new_case(self, ticket: Waiting, rule: RuleOf) -> _Case:
        """Who may have it, each condition after the other; the first that leaves nobody is why it is left."""
        mask = self.in_store[ticket.store]
        for why, allowed in self._conditions(ticket, rule):
            mask &= allowed
            if not mask:
                return _Case(0, rule, why, is_over=True)
        return _Case(mask, rule)

    def _conditions(self, ticket: Waiting, rule: RuleOf) -> Iterator[tuple[Why, int]]:
        place = self.places[ticket.store]
        yield Why.NOBODY, -1
        yield Why.NOT_HERE, self.here
        yield Why.OFF_DUTY, -1 if place.on_duty is None else self._named(place.on_duty)
        yield Why.UNCERTIFIED, -1 if place.certified is None else self._named(place.certified)
        asked = ((Skill.LANGUAGE, ticket.language), (Skill.CATEGORY, ticket.category))
        for skill, value in (*asked, (Skill.MARKETPLACE, place.marketplace)):
            yield Why.UNSKILLED, self._able(skill, value, must_say=skill in rule.demands) if value else -1
        yield Why.NOT_IN_POOL, self._named(rule.pool) if rule.pool else -1

    def _named(self, people: Iterable[int]) -> int:
        return sum(self.bits[person] for person in people if person in self.bits)

    def _able(self, skill: Skill, value: str, *, must_say: bool) -> int:
        key = (f"{skill}!" if must_say else skill, value)
        if key not in self.masks:
            said = [_said(person, skill) for person in self.people]
            self.masks[key] = self._who(value in one if one else not must_say for one in said)
        return self.masks[key]

    def _channel(self, name: str) -> _Channel:
        if name not in self.by_channel:
            self.by_channel[name] = _Channel(self.people, self.bits, name)
        return self.by_channel[name]

    def _told(self, ticket: Waiting, case: _Case) -> tuple[int, Why]:
        """To whom it goes in the end, and why."""
        bit = self.by_channel[ticket.channel].holder[ticket.store, ticket.number]
        person = self.people[bit.bit_length() - 1]
        return person.id, _reason(ticket, person, case)


class _Channel:
    """Who has room in a channel, and what each was given of it in this round."""

    def __init__(self, people: Sequence[Person], bits: Mapping[int, int], name: str) -> None:
        self.bits = bits
        self.load = {bits[person.id]: person.load.get(name, 0) for person in people}
        self.most = {bits[person.id]: person.capacity.get(name, NO_LIMIT) for person in people}
        self.room = sum(bit for bit in self.load if self.load[bit] < self.most[bit])
        self.levels: dict[int, int] = defaultdict(int)  # load → who has room and so many
        for bit, load in self.load.items():
            if self.room & bit:
                self.levels[load] |= bit
        self.stuck = 0  # full, and nobody can make room for them
        self.holder: dict[tuple[int, int], int] = {}
        self.theirs: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)  # whose bit → ticket → who else may

    def give(self, ticket: Waiting, case: _Case) -> bool:
        key, free = (ticket.store, ticket.number), case.mask & self.room
        if not free:
            free = self._make_room(case.mask & ~self.stuck)
            if not free:
                case.is_over = True
                return False
        last = self.bits.get(ticket.last_agent or 0, 0)
        self._put(key, case.mask, last if free & last else self._least_busy(free))
        return True

    def _least_busy(self, free: int) -> int:
        """The lowest bit among those who have least. One look for each load that people have."""
        for load in sorted(self.levels):
            if found := self.levels[load] & free:
                return found & -found
        raise AssertionError("somebody who has room has a load")

    def _put(self, key: tuple[int, int], mask: int, bit: int) -> None:
        self.holder[key] = bit
        self.theirs[bit][key] = mask
        self._count(bit, 1)

    def _count(self, bit: int, more: int) -> None:
        before = self.load[bit]
        self.levels[before] &= ~bit
        if not self.levels[before]:
            del self.levels[before]
        self.load[bit] = before + more
        if before + more < self.most[bit]:
            self.room |= bit
            self.levels[before + more] |= bit
        else:
            self.room &= ~bit

    def _make_room(self, wanted: int) -> int:
        """Moves tickets of this round along until one of `wanted` has room again; 0 where that can't be.

        Whoever was looked at in vain is never looked at again: nothing that is given later makes room for them.
        """
        came: dict[int, tuple[int, tuple[int, int]]] = {}  # whose bit → who could take which ticket from them
        seen, todo = wanted, list(_each(wanted))
        for bit in todo:
            for key, mask in self.theirs[bit].items():
                if free := mask & self.room:
                    return self._move(bit, key, self._least_busy(free), came)
                for other in _each(mask & ~seen & ~self.stuck):
                    came[other] = (bit, key)
                    todo.append(other)
                seen |= mask
        self.stuck |= seen
        return 0

    def _move(self, bit: int, key: tuple[int, int], to: int, came: Mapping[int, tuple[int, tuple[int, int]]]) -> int:
        """`key` goes from `bit` to `to`; what `bit` was to take over takes its place, and so back to the first."""
        while True:
            self.holder[key] = to
            self.theirs[to][key] = self.theirs[bit].pop(key)
            self._count(to, 1)
            self._count(bit, -1)
            if bit not in came:
                return bit
            to, (bit, key) = bit, came[bit]


def _turn(person: int, now: datetime) -> int:
    """Among equals not always the same comes first: each minute shuffles them anew, and everybody alike."""
    return (person * 2_654_435_761 ^ int(now.timestamp()) // 60 * 40_503) % 65_521


def _each(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low
        mask ^= low


def _said(person: Person, skill: Skill) -> frozenset[str]:
    kinds = {Skill.LANGUAGE: person.languages, Skill.CATEGORY: person.categories}
    return kinds.get(skill, person.marketplaces)


def _pressure(ticket: Waiting, now: datetime) -> tuple[float, float, int]:
    """Smaller is more urgent, as on the desk; then who has waited longest."""
    left = pressing((ticket.due_at - now).total_seconds() if ticket.due_at else 86_400.0, ticket.weight)
    return (left, ticket.waiting_since.timestamp(), ticket.number)


def _reason(ticket: Waiting, person: Person, case: _Case) -> Why:
    if ticket.last_agent == person.id:
        return Why.LAST
    if case.rule.pool:
        return Why.POOL
    asked = ticket.language in person.languages or ticket.category in person.categories
    return Why.SKILL if asked and (ticket.language or ticket.category) else Why.FREE
