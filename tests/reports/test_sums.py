"""Steps, lanes, running sums and periods: pure, and true of whatever comes."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import lanes
from reports.actions.running import Cell, Gains, days_of, gain, moved, running
from reports.drawing import _round_up
from reports.periods import Period, asked, today_of
from reports.steps import STEPS, percentile, step_of
from reports.sums import NOTHING, Sums, one, total
from reports.writing import change, duration, percent
from tenants.errors import Invalid

MOST = STEPS[-1]
waits = st.lists(st.integers(0, MOST), min_size=1, max_size=60)


@given(waits, st.sampled_from([0.01, 0.5, 0.9, 1.0]))
def test_percentile_is_the_true_one_rounded_up(seconds: list[int], share: float) -> None:
    counts = [0] * len(STEPS)
    for wait in seconds:
        counts[step_of(wait)] += 1
    true = sorted(seconds)[max(1, ceil(len(seconds) * share)) - 1]
    assert percentile(counts, share) == STEPS[step_of(true)]
    assert true <= STEPS[step_of(true)] <= true * 8 / 7 + 1


def test_what_is_beyond_the_last_step_is_counted_there() -> None:
    assert STEPS[step_of(10**9)] == MOST == 30 * 86400
    assert percentile([0] * len(STEPS), 0.5) is None


@given(st.lists(st.dictionaries(st.integers(0, 200), st.integers(0, 10**6), max_size=5), max_size=8))
def test_lanes_are_added_each_by_itself(rows: list[dict[int, int]]) -> None:
    summed: dict[int, int] = defaultdict(int)
    numbers = []
    for row in rows:
        numbers.append(lanes.read(lanes.write(sum(lanes.lane(index, count) for index, count in row.items()))))
        for index, count in row.items():
            summed[index] += count
    assert lanes.unpack(sum(numbers), 201) == [summed[index] for index in range(201)]


FIRST = date(2026, 11, 1)
openings = st.builds(
    one,
    hour=st.integers(0, 23),
    is_reopening=st.booleans(),
    acknowledged=st.booleans(),
    first_response_s=st.none() | st.integers(0, MOST),
    within=st.booleans(),
    late=st.booleans(),
    breached=st.booleans(),
    closed=st.booleans(),
)
cells = st.sampled_from([Cell("tmall", ""), Cell("tmall", "size"), Cell("email", "size")])
changes = st.lists(st.tuples(cells, st.integers(0, 9), openings), max_size=12)


def with_something(gains: Gains) -> Gains:
    return {key: sums for key, sums in gains.items() if sums}


@given(changes, st.data())
def test_order_of_counting_leaves_no_trace(came: list[tuple[Cell, int, Sums]], data: st.DataObject) -> None:
    """One by one, in any order, some taken back: the very rows that counting all at once makes."""
    taken = data.draw(st.lists(st.sampled_from(came), max_size=4, unique_by=id) if came else st.just([]))
    steps = [(each, 1) for each in data.draw(st.permutations(came))] + [(each, -1) for each in taken]
    rows: Gains = {}
    for (cell, day, sums), sign in steps:
        gains: Gains = defaultdict(lambda: NOTHING)
        gain(gains, cell, FIRST + timedelta(days=day), sums if sign > 0 else NOTHING - sums)
        changed, gone = moved(rows, gains)
        rows = {key: row for key, row in {**rows, **changed}.items() if key not in gone}
    left = list(came)
    for each in taken:
        left.remove(each)
    whole: Gains = defaultdict(lambda: NOTHING)
    for cell, day, sums in left:
        gain(whole, cell, FIRST + timedelta(days=day), sums)
    assert rows == running(whole)
    assert with_something(days_of(rows)) == with_something(whole)


@given(st.lists(openings, max_size=10))
def test_total_is_the_sum(parts: list[Sums]) -> None:
    summed = NOTHING
    for part in parts:
        summed += part
    assert total(parts) == summed


# ---------------------------------------------------------------- periods


TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, date(2026, 10, 28), TODAY),
        ({"period": "today"}, TODAY, TODAY),
        ({"period": "7"}, date(2026, 11, 18), TODAY),
        ({"from": "2026-02-01", "to": "2026-02-28"}, date(2026, 2, 1), date(2026, 2, 28)),
        ({"from": "2026-02-01"}, date(2026, 2, 1), date(2026, 2, 1)),
    ],
)
def test_period(query: dict[str, str], first: date, last: date) -> None:
    period = asked(query, TODAY)
    assert (period.first, period.last) == (first, last)
    assert (period.before.last, period.before.length) == (first - timedelta(days=1), period.length)
    assert period.days()[-1] == last


@pytest.mark.parametrize("bad", ["2026-2-1", "٢٠٢٦-٠٢-٠١", "x", "2026-02-30", "9999-12-31", "0001-01-01"])
def test_date_that_is_none_is_named(bad: str) -> None:
    with pytest.raises(Invalid) as error:
        asked({"from": bad, "to": "2026-02-28"}, TODAY)
    assert error.value.field == "from"


def test_today_is_the_latest_of_the_stores() -> None:
    evening = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    assert today_of(evening, ["Europe/Berlin"]) == TODAY
    assert today_of(evening, ["Europe/Berlin", "Asia/Shanghai"]) == TODAY + timedelta(days=1)
    assert today_of(evening, []) == TODAY
    assert Period(TODAY, TODAY).length == 1


# ---------------------------------------------------------------- written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, "–"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (150, "2 min 30 s"),
        (3600, "1 h"),
        (4500, "1 h 15 min"),
        (302400, "3 d 12 h"),
    ],
)
def test_durations(seconds: int | None, written: str) -> None:
    assert duration(seconds) == written


def test_shares_are_not_rounded_to_what_they_are_not() -> None:
    written = {None: "–", 0: "0 %", 0.004: "0.4 %", 0.5: "50 %", 0.9999: "99.9 %", 1: "100 %"}
    assert {share: percent(share) for share in written} == written
    assert [change(share) for share in (None, 0.001, 0.25, -0.5)] == ["", "±0 %", "+25 %", "−50 %"]


@pytest.mark.parametrize(("value", "top"), [(1, 4), (5, 8), (21, 40), (99, 100), (101, 200), (12345, 20000)])
def test_axis_ends_at_a_round_number(value: int, top: int) -> None:
    assert _round_up(value) == top
