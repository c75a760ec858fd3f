"""The order's arithmetic: monotone both ways, one store by its due times, and time alone where nothing is measured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tickets.clocks.urgency import SMALLEST, pressing, weight_of

rooms = st.none() | st.integers(-10_000, 1_000_000)
seconds = st.integers(-30 * 86400 * 10**6, 30 * 86400 * 10**6).map(lambda us: us / 10**6)


def place(left: float | None, headroom: int | None) -> float:
    found = pressing(left, weight_of(headroom))
    return float("inf") if found is None else found


@given(headroom=rooms)
def test_a_weight_is_between_the_smallest_and_one(headroom: int | None) -> None:
    assert SMALLEST <= weight_of(headroom) <= 1


@given(less=st.integers(-100, 10_000), more=st.integers(1, 10_000))
def test_more_headroom_weighs_more_and_never_jumps(less: int, more: int) -> None:
    assert weight_of(less) <= weight_of(less + more)
    assert weight_of(less + 1) - weight_of(less) <= 0.1 + 1e-9
    if less >= 0:
        assert weight_of(less) < weight_of(less + more)


def test_weights_are_as_they_are_told() -> None:
    told = {-7: 0.1, 0: 0.1, 3: 0.35, 8: 0.55, 100: 0.93}
    assert {room: round(weight_of(room), 2) for room in told} == told
    assert weight_of(None) == 1


@given(one=seconds, other=seconds, headroom=rooms)
def test_within_a_store_time_decides(one: float, other: float, headroom: int | None) -> None:
    assert (one < other) == (place(one, headroom) < place(other, headroom))


@given(left=seconds, less=st.integers(-100, 10_000), more=st.integers(1, 10_000))
def test_less_headroom_never_comes_later(left: float, less: int, more: int) -> None:
    assert place(left, less) <= place(left, less + more) <= place(left, None)


@given(late=seconds.filter(lambda s: s <= 0), left=seconds.filter(lambda s: s > 0), one=rooms, other=rooms)
def test_overdue_comes_before_all_and_nobody_who_waits_for_us_behind_others(
    late: float, left: float, one: int | None, other: int | None
) -> None:
    assert place(late, one) < place(left, other) < place(None, one)


@given(left=seconds)
def test_where_nothing_is_measured_time_alone_counts(left: float) -> None:
    assert place(left, None) == left


def test_four_minutes_of_a_tight_store_come_before_two_of_an_easy_one() -> None:
    assert place(240, 3) < place(120, 200)
    assert place(-60, 0) < place(-300, None)  # and a minute over there counts more than five here
