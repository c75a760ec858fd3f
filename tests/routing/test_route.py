"""The engine promises: nobody has more than they take, nobody what they may not, no store starves, and as many tickets
as can be given are given, the same ones whatever order they come in."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.clocks.routing import Person, Place, Routed, RuleOf, Skill, Waiting, Why, route

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
USUAL = RuleOf()
CHANNELS = ("widget", "email")


def waits(store: int, number: int, *, ago: float = 60, **more: Any) -> Waiting:
    return Waiting(store, number, more.pop("channel", "widget"), NOW - timedelta(seconds=ago), **more)


def person(pk: int, *stores: int, most: int = 6, **more: Any) -> Person:
    return Person(pk, frozenset(stores), capacity=dict.fromkeys(CHANNELS, most), **more)


def routed(waiting: Any, people: Any, *rules: RuleOf, places: Any = (), usual: RuleOf = USUAL) -> Routed:
    return route(waiting, people, rules, {one.store: one for one in places}, usual=usual, now=NOW)


def who(found: Routed) -> dict[tuple[int, int], int]:
    return {(one.ticket.store, one.ticket.number): one.person for one in found.given}


def whys(found: Routed) -> list[Why]:
    return [one.why for one in found.left]


# ---------------------------------------------------------------- what it promises, of anything


few = st.integers(1, 3)
a_set = st.frozensets(few, max_size=2)
languages = st.sampled_from(["", "zh", "en"])
tickets = st.builds(
    Waiting,
    store=few,
    number=st.integers(1, 10_000),
    channel=st.sampled_from(CHANNELS),
    waiting_since=st.integers(0, 90).map(lambda ago: NOW - timedelta(seconds=ago)),
    due_at=st.none() | st.integers(-60, 600).map(lambda left: NOW + timedelta(seconds=left)),
    category=st.sampled_from(["", "refund", "size"]),
    language=languages,
    priority=few,
    last_agent=st.none() | st.integers(1, 5),
)
crowds = st.lists(tickets, max_size=14, unique_by=lambda one: (one.store, one.number))
skills = st.frozensets(st.sampled_from(["zh", "en", "th"]), max_size=2)
teams = st.lists(
    st.builds(
        Person,
        id=st.integers(1, 5),
        stores=st.frozensets(few, max_size=3),
        is_here=st.sampled_from([True, True, False]),
        languages=skills,
        categories=st.frozensets(st.sampled_from(["refund", "size"]), max_size=1),
        capacity=st.fixed_dictionaries(dict.fromkeys(CHANNELS, st.integers(0, 3))),
        load=st.fixed_dictionaries(dict.fromkeys(CHANNELS, st.integers(0, 3))),
    ),
    max_size=5,
    unique_by=lambda one: one.id,
)
orders = st.lists(
    st.builds(
        RuleOf,
        id=st.integers(1, 9),
        channels=st.frozensets(st.sampled_from(CHANNELS), max_size=1),
        stores=a_set,
        languages=st.frozensets(st.sampled_from(["zh", "en"]), max_size=1),
        demands=st.frozensets(st.sampled_from([Skill.LANGUAGE, Skill.CATEGORY]), max_size=1),
        pool=st.frozensets(st.integers(1, 5), max_size=2),
        keep_for=st.sampled_from([timedelta(0), timedelta(seconds=40)]),
        after=st.sampled_from([timedelta(0), timedelta(seconds=30)]),
    ),
    max_size=3,
    unique_by=lambda one: one.id,
)
some = st.none() | st.frozensets(st.integers(1, 5), max_size=4)
a_place = st.tuples(some, some, st.integers(0, 5))
maps = st.fixed_dictionaries(dict.fromkeys((1, 2, 3), a_place)).map(
    lambda found: {store: Place(store, "tmall", *said) for store, said in found.items()}
)


def may_have(ticket: Waiting, one: Person, rules: list[RuleOf], places: dict[int, Place]) -> bool:
    """Said a second time, plainly: may this person be given this ticket, whether or not they have room?"""
    rule = next((rule for rule in rules if rule.fits(ticket)), USUAL)
    place = places[ticket.store]
    for skill, value, said in (
        (Skill.LANGUAGE, ticket.language, one.languages),
        (Skill.CATEGORY, ticket.category, one.categories),
    ):
        if value and (value not in said if said else skill in rule.demands):
            return False
    return (
        one.is_here
        and ticket.store in one.stores
        and (place.on_duty is None or one.id in place.on_duty)
        and (place.certified is None or one.id in place.certified)
        and (not rule.pool or one.id in rule.pool)
    )


@settings(max_examples=250, deadline=None)
@given(crowds, teams, orders, maps)
def test_nobody_gets_what_they_may_not_or_more_than_they_take(
    waiting: list[Waiting], people: list[Person], rules: list[RuleOf], places: dict[int, Place]
) -> None:
    found = route(waiting, people, rules, places, usual=USUAL, now=NOW)
    known = {one.id: one for one in people}
    for one in found.given:
        assert may_have(one.ticket, known[one.person], rules, places)
    got = Counter((one.person, one.ticket.channel) for one in found.given)
    for (pk, channel), count in got.items():
        assert known[pk].load[channel] + count <= known[pk].capacity[channel]
    told = [one.ticket for one in found.given] + [one.ticket for one in found.left]
    assert sorted(map(repr, told)) == sorted(map(repr, waiting))  # each once, given or left


@settings(max_examples=150, deadline=None)
@given(crowds, teams, orders, maps, st.randoms(use_true_random=False))
def test_the_order_in_which_things_come_changes_nothing(
    waiting: list[Waiting],
    people: list[Person],
    rules: list[RuleOf],
    places: dict[int, Place],
    dice: random.Random,
) -> None:
    before = route(waiting, people, rules, places, usual=USUAL, now=NOW)
    dice.shuffle(waiting)
    dice.shuffle(people)
    assert route(waiting, people, rules, places, usual=USUAL, now=NOW) == before


@settings(max_examples=250, deadline=None)
@given(crowds, teams, maps)
def test_as_many_are_given_as_can_be(waiting: list[Waiting], people: list[Person], places: dict[int, Place]) -> None:
    """The scarce are not used up: against the largest number that any distribution could give."""
    at_once = replace(USUAL, after=timedelta(0))
    found = route(waiting, people, [], places, usual=at_once, now=NOW)
    slots = [
        (one, channel)
        for one in people
        for channel in CHANNELS
        for _ in range(max(0, one.capacity[channel] - one.load[channel]))
    ]
    taken: dict[int, int] = {}

    def finds(index: int, seen: set[int]) -> bool:
        ticket = waiting[index]
        for number, (one, channel) in enumerate(slots):
            if number in seen or channel != ticket.channel or not may_have(ticket, one, [], places):
                continue
            seen.add(number)
            if number not in taken or finds(taken[number], seen):
                taken[number] = index
                return True
        return False

    assert len(found.given) == sum(finds(index, set()) for index in range(len(waiting)))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=5),
    st.integers(1, 4),
    st.integers(1, 4),
    st.lists(st.integers(0, 600), min_size=1, max_size=12),
)
def test_a_burst_in_one_store_starves_no_other(counts: list[int], team: int, most: int, left: list[int]) -> None:
    """Of what a team has room for, every store gets its share, or all that it has if that is less."""
    waiting = [
        waits(store, number, due_at=NOW + timedelta(seconds=left[(store + number) % len(left)]))
        for store, count in enumerate(counts)
        for number in range(count)
    ]
    people = [person(pk, *range(len(counts)), most=most) for pk in range(1, team + 1)]
    got = Counter(one.ticket.store for one in routed(waiting, people).given)
    room = team * most
    for store, count in enumerate(counts):
        assert got[store] >= min(count, room // len(counts))
    assert sum(got.values()) == min(room, len(waiting))


# ---------------------------------------------------------------- scenes


def test_a_small_store_is_served_within_a_burst_of_another() -> None:
    burst = [waits(1, number, ago=300, due_at=NOW) for number in range(1000)]
    small = [waits(2, 1), waits(2, 2)]
    found = routed([*burst, *small], [person(1, 1, 2, most=4)])
    assert [one.ticket.store for one in found.given].count(2) == 2
    assert whys(found) == [Why.FULL] * 998


def test_a_store_of_which_people_have_much_already_comes_later() -> None:
    found = routed([waits(1, 1, ago=99), waits(2, 1)], [person(1, 1, 2, most=1)], places=[Place(1, held=3)])
    assert who(found) == {(2, 1): 1}


def test_the_most_urgent_of_a_store_comes_first() -> None:
    late, soon = waits(1, 1, ago=900, due_at=NOW + timedelta(hours=1)), waits(1, 2, due_at=NOW + timedelta(minutes=1))
    assert who(routed([late, soon], [person(1, 1, most=1)])) == {(1, 2): 1}
    pressed = replace(late, weight=0.01)
    assert who(routed([pressed, soon], [person(1, 1, most=1)])) == {(1, 1): 1}


def test_the_least_busy_gets_it_then_who_was_idle_longest() -> None:
    people = [person(1, 1, load={"widget": 2}), person(2, 1, busy_at=9.0), person(3, 1, busy_at=5.0)]
    assert who(routed([waits(1, 1)], people)) == {(1, 1): 3}
    assert who(routed([waits(1, 1)], people[:2])) == {(1, 1): 2}


def test_among_equals_not_always_the_same_comes_first() -> None:
    people = [person(pk, 1) for pk in (1, 2, 3)]
    got: Counter[int] = Counter()
    for minute in range(300):
        now = NOW + timedelta(minutes=minute)
        ticket = Waiting(1, 1, "widget", now - timedelta(minutes=1))
        got[route([ticket], people, [], {}, usual=USUAL, now=now).given[0].person] += 1
    assert min(got[pk] for pk in (1, 2, 3)) > 60


def test_who_can_do_little_else_is_taken_first_and_moved_where_that_helps() -> None:
    both, only = person(1, 1, 2, most=1), person(2, 1, most=1, load={"widget": 0}, busy_at=99.0)
    assert who(routed([waits(1, 1, ago=99), waits(2, 1)], [both, only])) == {(1, 1): 2, (2, 1): 1}
    # Bo is less busy and is taken first; then store 2 comes, which nobody else can answer.
    bo, eve = person(1, 1, 2, most=1), person(2, 1, most=3, load={"widget": 2})
    assert who(routed([waits(1, 1, ago=99), waits(2, 1)], [bo, eve])) == {(1, 1): 2, (2, 1): 1}


def test_who_had_it_last_gets_it_back_and_it_is_kept_for_them() -> None:
    ann, bo = person(1, 1, most=1), person(2, 1, load={"widget": 3})
    again = waits(1, 1, last_agent=2)
    found = routed([again], [ann, bo])
    assert (who(found), found.given[0].why) == ({(1, 1): 2}, Why.LAST)
    full = replace(bo, load={"widget": 6})
    assert who(routed([again], [ann, full])) == {(1, 1): 1}
    keeps = RuleOf(1, keep_for=timedelta(minutes=5))
    assert whys(routed([again], [ann, full], keeps)) == [Why.KEPT]
    assert who(routed([waits(1, 1, ago=301, last_agent=2)], [ann, full], keeps)) == {(1, 1): 1}
    gone = replace(full, is_here=False)
    assert who(routed([again], [ann, gone], keeps)) == {(1, 1): 1}


def test_the_first_rule_that_fits_says_who_and_when() -> None:
    ann, bo = person(1, 1), person(2, 1)
    pool = RuleOf(1, categories=frozenset({"refund"}), pool=frozenset({2}), after=timedelta(seconds=30))
    other = RuleOf(2, pool=frozenset({1}))
    found = routed([waits(1, 1, category="refund"), waits(1, 2, category="size")], [ann, bo], pool, other)
    assert who(found) == {(1, 1): 2, (1, 2): 1}
    assert {one.rule for one in found.given} == {1, 2}
    assert whys(routed([waits(1, 1, ago=29, category="refund")], [bo], pool)) == [Why.RINGS]
    assert whys(routed([waits(1, 1, category="refund")], [ann], pool)) == [Why.NOT_IN_POOL]


def test_urgent_is_what_priority_or_triage_calls_so() -> None:
    rule = RuleOf(1, is_urgent=True)
    assert [rule.fits(waits(1, 1, **how)) for how in ({}, {"priority": 1}, {"urgency": 2}, {"urgency": 1})] == [
        False,
        True,
        True,
        False,
    ]


def test_skills_that_were_said_count_and_a_rule_can_demand_that_they_were() -> None:
    thai, silent = person(1, 1, languages=frozenset({"th"})), person(2, 1, load={"widget": 5})
    chinese = waits(1, 1, language="zh")
    assert who(routed([chinese], [thai, silent])) == {(1, 1): 2}
    strict = RuleOf(1, demands=frozenset({Skill.LANGUAGE}))
    assert whys(routed([chinese], [thai, silent], strict)) == [Why.UNSKILLED]
    speaks = replace(silent, languages=frozenset({"zh"}))
    found = routed([chinese], [thai, speaks], strict)
    assert [(one.person, one.why) for one in found.given] == [(2, Why.SKILL)]
    of_store = Place(1, "amazon")
    only = person(3, 1, marketplaces=frozenset({"tmall"}))
    assert whys(routed([waits(1, 1)], [only], places=[of_store])) == [Why.UNSKILLED]


def test_why_nobody_gets_it_names_what_is_missing() -> None:
    bo = person(1, 1)
    cases = [
        ([waits(1, 1, ago=9)], [bo], (), Why.RINGS),
        ([waits(2, 1)], [bo], (), Why.NOBODY),
        ([waits(1, 1)], [replace(bo, is_here=False)], (), Why.NOT_HERE),
        ([waits(1, 1)], [bo], [Place(1, on_duty=frozenset({7}))], Why.OFF_DUTY),
        ([waits(1, 1)], [bo], [Place(1, certified=frozenset())], Why.UNCERTIFIED),
        ([waits(1, 1)], [replace(bo, load={"widget": 6})], (), Why.FULL),
    ]
    for waiting, people, places, why in cases:
        assert whys(routed(waiting, people, places=places)) == [why]


def test_what_was_taken_back_rings_no_more_and_channels_have_room_of_their_own() -> None:
    assert who(routed([waits(1, 1, ago=1, is_taken_back=True)], [person(1, 1)])) == {(1, 1): 1}
    full_of_chats = person(1, 1, load={"widget": 6})
    assert who(routed([waits(1, 1, channel="email"), waits(1, 2)], [full_of_chats])) == {(1, 1): 1}
    anyone = Person(1, frozenset({1}))  # as many as come
    assert len(routed([waits(1, number) for number in range(50)], [anyone]).given) == 50
