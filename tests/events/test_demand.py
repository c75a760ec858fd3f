"""What buyers will write: an event multiplies the hours it runs in; a spike opens once, closes once, not for noise."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.acknowledgement import promises_a_time
from tickets.clocks.coverage import Rise, times_in
from tickets.clocks.demand import FLOOR, Window, closes_below, expected_in, hours_during, is_spike, opens_at, usual_of
from tickets.clocks.shifts import Span

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)  # a Friday, 19:30 in Shanghai
HOUR = timedelta(hours=1)
LIVE = Span(EVENING, EVENING + 2 * HOUR)
DEMAND = {(4, hour): 10.0 for hour in range(24)}

usuals = st.none() | st.floats(0, 5000, allow_nan=False)
MARCH = datetime(2026, 3, 20, tzinfo=UTC)  # the clocks are put forward in Berlin on the 29th
moments = st.integers(0, 60 * 24 * 20).map(lambda minutes: MARCH + timedelta(minutes=minutes))
spans = st.builds(lambda at, minutes: Span(at, at + timedelta(minutes=minutes)), moments, st.integers(1, 60 * 24 * 3))


def test_an_event_multiplies_the_hours_it_fills_and_part_of_those_it_touches() -> None:
    hours = hours_during(LIVE, SHANGHAI, demand=DEMAND, rises=[Rise(LIVE, 3)], shifts=[LIVE], pace=20)
    assert [(hour.cell.hour, hour.cell.demand, hour.cell.needed) for hour in hours] == [
        (19, 20.0, 1),
        (20, 30.0, 2),
        (21, 20.0, 1),
    ]
    assert [hour.cell.people for hour in hours] == [0, 1, 0]


def test_what_is_expected_of_the_event_itself_is_the_usual_times_it() -> None:
    assert expected_in(LIVE, SHANGHAI, demand=DEMAND) == pytest.approx(20)


@given(spans, spans, st.floats(1, 20))
def test_a_rise_never_lowers_and_never_exceeds_itself(hour: Span, rise: Span, times: float) -> None:
    assert 1 <= times_in(hour, [Rise(rise, times)]) <= times * (1 + 1e-9)


@given(spans)
def test_hours_cover_the_event_without_gaps_whatever_the_clocks_do(span: Span) -> None:
    hours = hours_during(span, BERLIN, demand={}, rises=(), shifts=(), pace=20)
    assert hours[0].span.begins <= span.begins
    assert hours[-1].span.ends >= span.ends
    assert all(one.span.ends == other.span.begins for one, other in pairwise(hours))


@given(usuals)
def test_it_closes_well_below_where_it_opens(usual: float | None) -> None:
    assert closes_below(usual) < opens_at(usual)


@given(usuals, st.integers(0, FLOOR - 1))
def test_a_handful_is_no_spike_however_quiet_the_store(usual: float | None, seen: int) -> None:
    assert not is_spike(Window(seen, usual))


@given(usuals, st.integers(0, 20000), st.integers(0, 20000))
def test_more_is_never_less_of_a_spike(usual: float | None, one: int, more: int) -> None:
    for is_open in (False, True):
        assert is_spike(Window(one, usual, is_open)) <= is_spike(Window(one + more, usual, is_open))


@given(usuals, st.integers(0, 20000))
def test_what_opens_does_not_close_in_the_same_breath(usual: float | None, seen: int) -> None:
    if is_spike(Window(seen, usual)):
        assert is_spike(Window(seen, usual, is_open=True))


def test_a_burst_opens_once_and_closes_once() -> None:
    burst = [5, 12, 21, 35, 42, 30, 22, 24, 19, 16, 13, 12, 9, 4]
    is_open, changes = False, []
    for seen in burst:
        now_open = is_spike(Window(seen, 9, is_open))
        if now_open != is_open:
            changes.append((seen, now_open))
        is_open = now_open
    assert changes == [(21, True), (9, False)]


@pytest.mark.parametrize("usual", [0.5, 5, 20, 100])
def test_scatter_alone_opens_nothing(usual: float) -> None:
    """A hundred thousand windows of a store where nothing happens but chance (normal near Poisson, and wider)."""
    rng = random.Random(11)
    counts = (max(0, round(rng.gauss(usual, max(1.0, usual**0.5)))) for _ in range(100_000))
    assert sum(is_spike(Window(seen, usual)) for seen in counts) <= 10


def test_the_usual_of_a_window_comes_from_the_same_hours_of_the_weeks() -> None:
    assert usual_of(216, 4) == pytest.approx(9)
    assert usual_of(216, 4, times=3) == pytest.approx(27)
    assert usual_of(500, 0) is None


@pytest.mark.parametrize(
    ("words", "promises"),
    [
        ("直播中，客服会按顺序回复您。", False),
        ("我们会尽快回复您", False),
        ("活动到21点结束，请放心", False),
        ("5分钟内回复", True),
        ("半小时内一定回复您", True),
        ("秒回", True),
        ("We are live and answer in turn.", False),
        ("Orders of 2 or more ship free.", False),
        ("A reply in an hour.", True),
        ("We reply within 30 min", True),
        ("We answer right away", True),
    ],
)
def test_words_that_promise_a_time_are_known(words: str, promises: bool) -> None:
    assert promises_a_time(words) is promises
