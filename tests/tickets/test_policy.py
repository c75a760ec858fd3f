"""Policies and goals: what each marketplace counts, which version holds on a day, and which rule is the tightest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.channels import Channel
from tickets.clocks.hours import ALWAYS, day_of, every_day
from tickets.clocks.policy import (
    Clock,
    Exclusion,
    Goal,
    Measure,
    Outside,
    StoreRules,
    Unit,
    check_versions,
    followed,
    in_force,
)
from tickets.clocks.shipped import BEGAN, GOALS, POLICIES

BY_KEY = {policy.key: policy for policy in POLICIES}
GOAL = {goal.key: goal for goal in GOALS}
SHOP = ALWAYS("Asia/Shanghai")
TMALL = BY_KEY["tmall_human_3min"]
NEW_YORK, SHANGHAI = ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=SHANGHAI)  # a Monday

quick = settings(max_examples=60, deadline=None)
limits = st.integers(1, 48 * 3600).map(lambda seconds: timedelta(seconds=seconds))
goals = st.lists(
    st.builds(
        lambda number, **rest: Goal(key=f"g{number}", version=0, name="", from_date=BEGAN, **rest),
        st.integers(0, 10**6),
        limit=limits,
        clock=st.sampled_from([None, *Clock]),
        channels=st.sampled_from([(), ("tmall",), ("widget", "tmall"), ("email",)]),
        category=st.sampled_from(["", "refund", "size"]),
        priority=st.sampled_from([None, 1, 3]),
        in_hours=st.booleans(),
    ),
    max_size=8,
)


def rules(*keys: str, goals: tuple[Goal, ...] = (), **rest: object) -> StoreRules:
    return StoreRules(tuple(BY_KEY[key] for key in keys), goals, SHOP, **rest)  # type: ignore[arg-type]


# ---------------------------------------------------------------- what is shipped


def test_what_marketplaces_measure_is_shipped() -> None:
    thai, us = BY_KEY["tiktok_shop_th"], BY_KEY["tiktok_shop_us"]
    assert (thai.limit, thai.target, thai.window_days, thai.unit) == (12 * HOUR, 0.85, 30, Unit.CONVERSATION)
    assert Exclusion.BOT_CLOSED in thai.exclusions
    assert Exclusion.WEEKEND not in thai.exclusions
    assert (us.limit, us.warn_at, us.bare_greeting_counts, us.human_only) == (24 * HOUR, 0.9, False, True)
    assert {Exclusion.BOT_ONLY, Exclusion.WEEKEND} <= us.exclusions
    assert (TMALL.limit, TMALL.target, TMALL.minimum_sample, TMALL.unit) == (3 * MINUTE, 0.8, 100, Unit.ROUND)
    older = BY_KEY["taobao_mean"]
    assert (older.measure, older.cap, older.charges_silence) == (Measure.MEAN, 10 * MINUTE, True)
    assert (BY_KEY["pinduoduo_5min"].limit, BY_KEY["pinduoduo_5min"].ai_share) == (5 * MINUTE, 0.5)
    markets = {(policy.channel, policy.market) for policy in POLICIES}
    assert markets >= {("douyin", "CN"), ("kuaishou", "CN"), ("widget", ""), ("email", ""), ("tiktok_shop", "ID")}


def test_goals_are_the_products_figures() -> None:
    seconds = {key: goal.limit.total_seconds() for key, goal in GOAL.items()}
    assert seconds["first_reply"] == 5 * 60
    assert seconds["chat_first"] == 30
    assert (seconds["tiktok_shop"], seconds["amazon"], seconds["ebay"], seconds["email"]) == (3960, 15120, 21600, 86400)


@pytest.mark.parametrize("channel", Channel.values)
@pytest.mark.parametrize("clock", list(Clock))
def test_every_channel_is_promised_something(channel: str, clock: Clock) -> None:
    due = StoreRules(POLICIES, GOALS, SHOP).due(clock, channel, "", 3, NOON)
    assert due is not None
    assert due.at > NOON


# ---------------------------------------------------------------- one policy


def test_question_before_the_measured_hours_is_not_measured() -> None:
    at = NOON.replace(hour=7, minute=59)
    assert TMALL.due_at(at) is None
    assert not TMALL.measures(at)
    assert TMALL.due_at(at + MINUTE) == NOON.replace(hour=8, minute=3)
    assert TMALL.due_at(NOON.replace(hour=22, minute=59)) == NOON.replace(hour=23, minute=2)  # runs on by the wall


def test_own_channels_wait_for_the_store_to_open() -> None:
    [mail] = followed([BY_KEY["email_day"]], every_day("Asia/Shanghai", day_of("09:00-18:00")), bot_is_on=False)
    assert mail.outside == Outside.WAITS
    assert mail.due_at(NOON.replace(hour=3)) == NOON.replace(hour=15) + timedelta(days=2)
    assert mail.waited(NOON.replace(hour=3), NOON.replace(hour=10)) == HOUR


def test_weekend_may_wait_until_monday_noon_where_the_bot_is_on() -> None:
    [on] = followed([BY_KEY["tiktok_shop_us"]], SHOP, bot_is_on=True)
    [off] = followed([BY_KEY["tiktok_shop_us"]], SHOP, bot_is_on=False)
    saturday = datetime(2026, 3, 7, 9, tzinfo=NEW_YORK)
    noon = datetime(2026, 3, 9, 12, tzinfo=NEW_YORK)  # and the clocks are put forward in between
    assert on.due_at(saturday) == noon
    assert off.due_at(saturday) == saturday.astimezone(UTC) + 24 * HOUR
    late = datetime(2026, 3, 8, 23, tzinfo=NEW_YORK)
    assert on.due_at(late) == late.astimezone(UTC) + 24 * HOUR  # later than noon: the rule never takes time away
    friday = datetime(2026, 3, 6, 23, tzinfo=NEW_YORK)
    assert on.due_at(friday) == friday.astimezone(UTC) + 24 * HOUR


# ---------------------------------------------------------------- versions


def test_change_takes_effect_on_its_date_and_the_past_stays() -> None:
    tighter = replace(TMALL, version=1, from_date=date(2026, 4, 1), limit=2 * MINUTE)
    assert in_force([tighter, TMALL], date(2026, 3, 31)) == (TMALL,)
    assert in_force([tighter, TMALL], date(2026, 4, 1)) == (tighter,)
    ended = replace(tighter, to_date=date(2026, 5, 1))
    assert in_force([TMALL, ended], date(2026, 5, 1)) == ()  # it ended: the older one does not come back


@quick
@given(st.lists(st.dates(date(2025, 1, 1), date(2027, 1, 1)), max_size=6), st.dates(date(2025, 1, 1), date(2027, 1, 1)))
def test_one_version_of_a_key_holds_on_a_day(begins: list[date], day: date) -> None:
    versions = [replace(TMALL, version=number, from_date=begin) for number, begin in enumerate(begins)]
    found = in_force(versions, day)
    assert len(found) == (1 if any(begin <= day for begin in begins) else 0)
    assert all(one.from_date == max(begin for begin in begins if begin <= day) for one in found)
    later = [*versions, replace(TMALL, version=99, from_date=day + timedelta(days=1))]
    assert in_force(later, day) == found


def test_versions_that_overlap_are_found() -> None:
    one = replace(TMALL, version=1, from_date=date(2026, 4, 1), to_date=date(2026, 6, 1))
    assert check_versions([TMALL, one]) is None
    assert check_versions([one, replace(one, version=2, from_date=date(2026, 5, 31), to_date=None)]) == (1, 2)
    assert check_versions([one, replace(one, version=2)]) == (1, 2)


# ---------------------------------------------------------------- the tightest wins, and says so


def test_tightest_wins_and_says_so() -> None:
    tmall = rules("tmall_human_3min", goals=GOALS)
    first = tmall.due(Clock.FIRST, "tmall", "", 3, NOON)
    later = tmall.due(Clock.NEXT, "tmall", "", 3, NOON)
    assert first is not None
    assert later is not None
    assert (first.at, first.why_key) == (NOON + timedelta(seconds=30), "goal:chat_first:30")
    assert (later.at, later.why_key) == (NOON + 3 * MINUTE, "policy:tmall_human_3min:180")  # of two the one that costs
    assert tmall.due(Clock.FIRST, "widget", "", 3, NOON) is not None


def test_goal_of_a_category_and_a_priority_holds_only_there() -> None:
    urgent = Goal("urgent", 1, "", MINUTE, BEGAN, category="refund", priority=1)
    store = rules(goals=(*GOALS, urgent))

    def why(category: str, priority: int) -> str:
        due = store.due(Clock.FIRST, "ebay", category, priority, NOON)
        assert due is not None
        return due.why_key

    assert why("refund", 1) == "goal:urgent:60"
    assert why("refund", 3) == why("size", 1) == "goal:ebay:21600"


def test_holiday_mode_promises_the_marketplace_nothing() -> None:
    on_holiday = rules("tiktok_shop_th", holiday_mode=frozenset({date(2026, 3, 2)}))
    assert on_holiday.due(Clock.FIRST, "tiktok_shop", "", 3, NOON) is None
    assert on_holiday.due(Clock.FIRST, "tiktok_shop", "", 3, NOON + timedelta(days=1)) is not None


@quick
@given(
    goals, st.sampled_from(list(Clock)), st.sampled_from(["", "refund", "size", "other"]), st.sampled_from([1, 2, 3])
)
def test_no_goal_that_fits_is_due_before_the_one_that_wins(
    own: list[Goal], clock: Clock, category: str, priority: int
) -> None:
    of = StoreRules(POLICIES, tuple(own), every_day("Asia/Shanghai", day_of("09:00-12:00, 13:00-18:00")))
    due = of.due(clock, "tmall", category, priority, NOON)
    fitting = [
        goal.due_at(NOON, of.hours)
        for goal in own
        if goal.clock in (None, clock)
        and (not goal.channels or "tmall" in goal.channels)
        and goal.category in ("", category)
        and goal.priority in (None, priority)
    ]
    if clock == Clock.NEXT or fitting:
        assert due is not None
    if due is not None:
        assert due.at == min([*fitting, NOON + 3 * MINUTE])
