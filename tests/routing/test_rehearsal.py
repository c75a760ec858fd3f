"""A day given out anew, purely: the roster of its hours, hands that fill and empty, what is left and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tickets.clocks.rehearsal import Arrival, OnShift, rehearse
from tickets.clocks.routing import Given, Left, Person, RuleOf, Waiting

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
USUAL = RuleOf()


def minutes(count: float) -> datetime:
    return NINE + timedelta(minutes=count)


def came(number: int, at: float, until: float = 600, store: int = 1, **more: Any) -> Arrival:
    return Arrival(Waiting(store, number, "widget", minutes(at), **more), minutes(until))


def told(
    arrivals: list[Arrival], people: list[Person], shifts: list[OnShift] | None = None, *rules: RuleOf
) -> list[Any]:
    """(ticket, person or why)."""
    found = rehearse(arrivals, people, shifts or [], rules, {}, usual=USUAL)
    return [(one.ticket.number, one.person if isinstance(one, Given) else one.why.value) for one, _at in found]


def bo(most: int = 1, pk: int = 1) -> Person:
    return Person(pk, frozenset({1}), capacity={"widget": most})


def test_hands_fill_and_empty() -> None:
    day = [came(1, 0, until=30), came(2, 5, until=20), came(3, 31)]
    assert told(day, [bo()]) == [(1, 1), (2, "full"), (3, 1)]
    later = [came(1, 0, until=30), came(2, 5, until=40)]
    assert told(later, [bo()]) == [(1, 1), (2, 1)]  # it waits until the first is over


def test_the_roster_of_the_hour_counts() -> None:
    shifts = [OnShift(2, None, minutes(0), minutes(60)), OnShift(1, 1, minutes(60), minutes(120))]
    people = [bo(9), bo(9, pk=2)]
    assert told([came(1, 10), came(2, 70)], people, shifts) == [(1, 2), (2, 1)]
    # Nobody of the store is on any shift at ten past three hours: then everybody is taken to be there.
    assert told([came(1, 190)], people[:1], shifts) == [(1, 1)]
    # A shift in another store says nothing of this one.
    assert told([came(1, 10)], [bo()], [OnShift(1, 2, minutes(0), minutes(60))]) == [(1, 1)]


def test_what_waits_is_given_when_a_shift_begins() -> None:
    other = OnShift(2, 1, minutes(0), minutes(30))
    found = rehearse(
        [came(1, 10, language="th")],
        [bo(9), Person(2, frozenset({1}), languages=frozenset({"zh"}))],
        [other, OnShift(1, 1, minutes(30), minutes(60))],
        [],
        {},
        usual=USUAL,
    )
    assert [(one.person, at) for one, at in found if isinstance(one, Given)] == [(1, minutes(30))]


def test_what_was_over_before_it_rang_enough_is_left_alone() -> None:
    slow = RuleOf(1, after=timedelta(minutes=10))
    assert told([came(1, 0, until=2)], [bo()], None, slow) == [(1, "rings")]
    assert told([], [bo()]) == []


def test_nobody_at_all() -> None:
    assert told([came(1, 0)], []) == [(1, "nobody")]
    assert all(isinstance(one, Left) for one, _at in rehearse([came(1, 0)], [], [], [], {}, usual=USUAL))
