"""Business time: split shifts, 24/7, dated exceptions, and the two nights a year when the wall lies."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tickets.clocks.hours import (
    ALWAYS,
    CLOSED,
    DAY,
    WHOLE_DAY,
    Day,
    Hours,
    HoursError,
    Span,
    day_of,
    every_day,
    text_of,
)

quick = settings(max_examples=40, deadline=None)

ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "UTC",
)
SPLIT = day_of("09:00-12:00, 13:30-18:00")
OFFICE = Hours("Asia/Shanghai", (SPLIT, SPLIT, SPLIT, SPLIT, SPLIT, CLOSED, CLOSED))


@st.composite
def days(draw: st.DrawFn) -> Day:
    """Up to three spans, by the quarter of an hour, that do not overlap."""
    edges = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    return tuple(Span(a * 900, b * 900) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    week = [draw(days()) for _ in range(7)]
    if not any(week):
        week[draw(st.integers(0, 6))] = WHOLE_DAY
    dates = st.dates(date(2026, 1, 1), date(2026, 12, 31))
    return Hours(draw(st.sampled_from(ZONES)), tuple(week), draw(st.dictionaries(dates, days(), max_size=4)))  # type: ignore[arg-type]


moments = st.datetimes(datetime(2026, 2, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
waits = st.integers(0, 40 * 3600)


def shanghai(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


# ---------------------------------------------------------------- properties


@quick
@given(hours(), moments, waits)
def test_adding_and_measuring_agree(of: Hours, start: datetime, seconds: int) -> None:
    due = of.add(start, seconds)
    assert of.between(start, due) == timedelta(seconds=seconds)
    assert due.tzinfo is UTC
    if seconds:  # nor would an earlier moment do
        assert of.between(start, due - timedelta(seconds=1)) < timedelta(seconds=seconds)


@quick
@given(hours(), moments, moments, moments)
def test_business_time_adds_up(of: Hours, one: datetime, two: datetime, three: datetime) -> None:
    one, two, three = sorted((one, two, three))
    assert of.between(one, two) + of.between(two, three) == of.between(one, three) <= three - one


@quick
@given(hours(), moments, waits, waits)
def test_waiting_in_two_parts_is_waiting_once(of: Hours, start: datetime, one: int, other: int) -> None:
    assert of.add(of.add(start, one), other) == of.add(start, one + other)


@quick
@given(hours(), moments)
def test_it_is_open_where_time_passes(of: Hours, at: datetime) -> None:
    at = at.replace(microsecond=0)
    second = timedelta(seconds=1)
    assert of.is_open(at) == (of.between(at, at + second) == second)
    opens = of.next_open(at)
    assert opens >= at
    assert of.is_open(opens)
    assert of.between(at, opens) == timedelta(0)


@quick
@given(st.sampled_from(ZONES), moments, waits)
def test_who_never_closes_counts_every_second(zone: str, start: datetime, seconds: int) -> None:
    split = every_day(zone, (Span(0, 3 * 3600), Span(3 * 3600, DAY)))
    assert not split.is_always
    assert ALWAYS(zone).add(start, seconds) == split.add(start, seconds) == start + timedelta(seconds=seconds)


@quick
@given(hours(), moments, moments)
def test_a_clock_that_jumps_back_counts_nothing(of: Hours, one: datetime, other: datetime) -> None:
    assert of.between(max(one, other), min(one, other)) == timedelta(0)


@quick
@given(days())
@example(CLOSED)
@example(WHOLE_DAY)
def test_written_hours_are_read_as_meant(day: Day) -> None:
    assert day_of(text_of(day)) == day


# ---------------------------------------------------------------- scenes


def test_split_shift_stands_still_at_noon_and_at_night() -> None:
    assert OFFICE.add(shanghai(2, 11, 50), 20 * 60) == shanghai(2, 13, 40)
    assert OFFICE.add(shanghai(2, 17, 50), 20 * 60) == shanghai(3, 9, 10)
    assert OFFICE.add(shanghai(6, 17, 50), 20 * 60) == shanghai(9, 9, 10)  # over a weekend
    assert OFFICE.between(shanghai(2, 0), shanghai(9, 0)) == timedelta(hours=37.5)


def test_due_at_closing_time_is_due_then() -> None:
    assert OFFICE.add(shanghai(2, 17, 50), 10 * 60) == shanghai(2, 18)
    assert not OFFICE.is_open(shanghai(2, 18))
    assert OFFICE.is_open(shanghai(2, 9))


def test_chinese_new_year_and_its_make_up_days() -> None:
    closed = {date(2026, 2, day): CLOSED for day in range(15, 24)}
    of = Hours("Asia/Shanghai", OFFICE.week, {**closed, date(2026, 2, 14): SPLIT, date(2026, 2, 28): SPLIT})
    assert of.is_open(shanghai(14, 10, month=2))  # a Saturday that is worked
    assert of.add(shanghai(14, 17, 50, month=2), 20 * 60) == shanghai(24, 9, 10, month=2)
    assert of.next_open(shanghai(14, 18, month=2)) == shanghai(24, 9, month=2)


def test_time_that_never_comes_is_the_jump() -> None:
    """New York, 8 March 2026: 02:00 is 03:00."""
    of = every_day("America/New_York", day_of("01:30-02:30, 02:40-02:50, 02:55-04:00"))
    jump = datetime(2026, 3, 8, 7, tzinfo=UTC)
    start = jump - timedelta(hours=1)
    assert of.between(start, jump + timedelta(hours=2)) == timedelta(minutes=30 + 60)
    assert of.is_open(jump)
    assert of.add(start, 45 * 60) == jump + timedelta(minutes=15)


def test_time_that_comes_twice_is_counted_as_it_passes() -> None:
    """New York, 1 November 2026: 02:00 is 01:00 again."""
    start = datetime(2026, 11, 1, 4, tzinfo=UTC)  # midnight there
    until_half_past = every_day("America/New_York", day_of("00:00-01:30"))
    from_half_past = every_day("America/New_York", day_of("01:30-03:00"))
    day_long = timedelta(hours=12)
    assert until_half_past.between(start, start + day_long) == timedelta(hours=1.5)
    assert from_half_past.between(start, start + day_long) == timedelta(hours=2.5)
    assert ALWAYS("America/New_York").between(start, start + day_long) == day_long


def test_day_that_a_country_skipped_is_empty() -> None:
    """Samoa went from 29 to 31 December 2011: five dates, 29 December to 2 January, of which one has no hours."""
    of = every_day("Pacific/Apia", day_of("09:00-17:00"))
    start, end = datetime(2011, 12, 28, 12, tzinfo=UTC), datetime(2012, 1, 1, 12, tzinfo=UTC)
    assert (of.local_day(end) - of.local_day(start)).days == 4 + 1
    assert of.between(start, end) == timedelta(hours=4 * 8)


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("09:00-08:00", "ends_before_it_begins"),
        ("09:00-09:00", "ends_before_it_begins"),
        ("09:00-25:00", "outside_day"),
        ("24:00-25:00", "outside_day"),
        ("09:70-10:00", "outside_day"),
        ("09:00-12:00, 11:59-18:00", "overlap"),
        ("nine to five", "not_a_span"),
        ("09:00", "not_a_span"),
        ("-1:00-02:00", "not_a_span"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused(text: str, code: str) -> None:
    with pytest.raises(HoursError) as refused:
        day_of(text)
    assert refused.value.message == code


@pytest.mark.parametrize(
    "text", ["9-12 ，13：30-18", "09:00–12:00;13:30—18:00", "9:00至12:00、13:30到18:00", "09:00-12:00 13:30-18:00"]
)
def test_people_write_hours_in_many_ways(text: str) -> None:
    assert day_of(text) == SPLIT


def test_week_says_where_it_is_wrong() -> None:
    def refused(*args: object) -> tuple[str, str, object]:
        with pytest.raises(HoursError) as error:
            Hours(*args)  # type: ignore[arg-type]
        return error.value.message, error.value.field, error.value.at

    twice = (Span(0, 7200), Span(3600, 9000))
    assert refused("Asia/Peking", OFFICE.week) == ("unknown_zone", "tz", None)
    assert refused("Asia/Shanghai", (CLOSED,) * 7) == ("never_open", "week", None)
    assert refused("Asia/Shanghai", (SPLIT, SPLIT, twice, *OFFICE.week[3:])) == ("overlap", "week", 2)
    on = date(2026, 5, 1)
    assert refused("Asia/Shanghai", OFFICE.week, {on: twice}) == ("overlap", "exceptions", on)
    with pytest.raises(ValueError, match="time zone"):
        OFFICE.is_open(datetime(2026, 3, 2, 9))


@quick
@given(hours(), moments, st.integers(1, 40 * 3600))
def test_what_began_then_has_waited_so_long_and_what_began_later_has_not(
    of: Hours, end: datetime, seconds: int
) -> None:
    begun = of.back(end, seconds)
    assert of.between(begun, end) == timedelta(seconds=seconds)
    assert of.add(begun, seconds) <= end < of.add(begun + timedelta(seconds=1), seconds)
    assert of.back(end, 0) == end
