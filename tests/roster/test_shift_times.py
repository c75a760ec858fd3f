"""Times of shifts: what people write to instants, over nights in which the clocks are put forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.clocks.coverage import State, cells_of, runs_of
from tickets.clocks.shifts import (
    LONGEST,
    BadShift,
    Span,
    first_meeting,
    hours_of,
    instant,
    least_people,
    moved,
    read_clock,
    span_of,
    wall,
)

NEW_YORK, SHANGHAI = ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")
FORWARD, BACK = date(2026, 3, 8), date(2026, 11, 1)  # New York
ZONES = st.sampled_from([NEW_YORK, SHANGHAI, ZoneInfo("Europe/London"), ZoneInfo("Australia/Lord_Howe")])
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
MINUTES = st.integers(0, 24 * 60 - 1)
H = 60


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("9", 540), ("9:00", 540), ("09:30:00", 570), ("９：３０", 570), ("9点", 540), ("24:00", 1440), ("0:00", 0)],
)
def test_times_are_read_as_people_write_them(text: str, minutes: int) -> None:
    assert read_clock(text) == minutes


@pytest.mark.parametrize("text", ["", "-1:00", "25:00", "24:01", "9:60", "9:5", "nine", "9:00:30", "1e3"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_clock(text) is None


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [(10 * H, 9 * H, "negative"), (9 * H, 9 * H, "empty"), (9 * H, 9 * H + 5, "short"), (0, 17 * H, "long")],
)
def test_shifts_that_nobody_can_work(begins: int, ends: int, code: str) -> None:
    with pytest.raises(BadShift) as bad:
        span_of(date(2026, 5, 4), begins, ends, SHANGHAI)
    assert bad.value.code == code


def test_minus_one_hour_says_so() -> None:
    with pytest.raises(BadShift) as bad:
        span_of(date(2026, 5, 4), 10 * H, 9 * H, SHANGHAI)
    assert bad.value.hours == -1


def test_a_night_shift_ends_on_the_day_after() -> None:
    span = span_of(date(2026, 5, 4), 22 * H, 6 * H, SHANGHAI)
    assert (span.begins, span.length) == (datetime(2026, 5, 4, 14, tzinfo=UTC), timedelta(hours=8))


def test_a_night_in_which_the_clocks_are_put_forward_is_shorter() -> None:
    assert span_of(FORWARD - timedelta(days=1), 22 * H, 6 * H, NEW_YORK).length == timedelta(hours=7)
    assert span_of(BACK - timedelta(days=1), 22 * H, 6 * H, NEW_YORK).length == timedelta(hours=9)


def test_times_that_are_skipped_begin_at_the_skip() -> None:
    skip = datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert instant(FORWARD, 2 * H, NEW_YORK) == instant(FORWARD, 2 * H + 30, NEW_YORK) == skip
    assert instant(FORWARD, 3 * H, NEW_YORK) == skip
    with pytest.raises(BadShift, match="skipped"):
        span_of(FORWARD, 2 * H, 3 * H, NEW_YORK)


@given(DAYS, ZONES, MINUTES, MINUTES)
def test_later_on_the_wall_is_never_earlier(day: date, zone: ZoneInfo, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert instant(day, low, zone) <= instant(day, high, zone)
    assert instant(day, high, zone) < instant(day + timedelta(days=1), 60 * 3, zone)


@given(DAYS, ZONES, MINUTES, MINUTES)
def test_a_shift_is_refused_or_has_some_length(day: date, zone: ZoneInfo, begins: int, ends: int) -> None:
    try:
        span = span_of(day, begins, ends, zone)
    except BadShift:
        return
    assert timedelta(0) < span.length <= LONGEST + timedelta(hours=1)


@given(DAYS, ZONES, st.integers(6 * H, 20 * H), st.integers(30, 16 * H), st.integers(1, 30))
def test_weeks_later_it_is_the_same_time_of_day(
    day: date, zone: ZoneInfo, begins: int, length: int, weeks: int
) -> None:
    span = span_of(day, begins, (begins + length) % (24 * H), zone)
    later = moved(span, 7 * weeks, zone)
    if wall(later.ends, zone)[1] == wall(span.ends, zone)[1]:  # unless that is skipped then
        assert wall(later.begins, zone) == (day + timedelta(weeks=weeks), begins)


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=12).map(
    lambda rows: [
        (place, Span(*(datetime(2026, 5, 4, tzinfo=UTC) + timedelta(hours=hour) for hour in (begin, begin + length))))
        for place, (begin, length) in enumerate(rows)
    ]
)


@given(SPANS)
def test_a_meeting_is_found_if_there_is_any(spans: list[tuple[int, Span]]) -> None:
    any_meets = any(a[1].meets(b[1]) for a in spans for b in spans if a[0] < b[0])
    found = first_meeting(spans)
    assert (found is not None) == any_meets
    if found is not None:
        by_place = dict(spans)
        assert by_place[found[0]].meets(by_place[found[1]])


def test_hours_of_the_days_on_which_clocks_are_changed() -> None:
    forward, back = list(hours_of(FORWARD, NEW_YORK)), list(hours_of(BACK, NEW_YORK))
    assert forward[2] is None
    assert sum(one is not None for one in forward) == 23
    assert back[1] is not None
    assert back[1].length == timedelta(hours=2)


@given(SPANS, st.integers(0, 70))
def test_fewest_people_of_an_hour(spans: list[tuple[int, Span]], hour: int) -> None:
    begins = datetime(2026, 5, 4, tzinfo=UTC) + timedelta(hours=hour)
    shifts = [span for _place, span in spans]
    minutes = [begins + timedelta(minutes=minute) for minute in range(60)]
    slow = min(sum(span.begins <= minute < span.ends for span in shifts) for minute in minutes)
    assert least_people(Span(begins, begins + timedelta(hours=1)), shifts) == slow


def test_half_an_hour_without_anybody_is_a_hole() -> None:
    monday = date(2026, 5, 4)
    shifts = [span_of(monday, 8 * H, 10 * H + 30, SHANGHAI), span_of(monday, 11 * H, 14 * H, SHANGHAI)]
    demand = {(0, hour): 30.0 for hour in range(8, 14)} | {(0, 20): 0.2}
    days = cells_of(monday, SHANGHAI, demand=demand, shifts=shifts, pace=20)
    states = {cell.hour: cell.state for cell in days[0]}
    assert states[9] == State.THIN  # 30 an hour need two
    assert states[10] == State.HOLE
    assert states[13] == State.THIN
    assert states[20] == State.SILENT
    runs = [(run.hour, run.until, run.state, run.needed) for run in runs_of(days)]
    assert runs == [(8, 10, State.THIN, 2), (10, 11, State.HOLE, 2), (11, 14, State.THIN, 2)]
