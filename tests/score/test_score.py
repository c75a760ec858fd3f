"""How marketplaces count: the worked examples, every exclusion, headroom, forecast; and that order never matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.score.scenes import LONG_AFTER, MEAN, PDD, TH, TMALL, US, judged, tally, told
from tickets.clocks.happenings import Happening, Kind
from tickets.clocks.policy import Exclusion, Measure, Policy, Unit
from tickets.clocks.score import (
    NOTHING,
    Standing,
    Tally,
    Verdict,
    dated,
    forecast_of,
    headroom_of,
    hurting,
    meets,
    rate_of,
    rounds_of,
    score_of,
    window_of,
)

BANGKOK, NEW_YORK = {"zone": "Asia/Bangkok"}, {"zone": "America/New_York"}
TODAY = date(2026, 11, 20)


# ---------------------------------------------------------------- rounds of a marketplace's chat


def test_the_worked_rounds_of_the_product() -> None:
    first = "10:10:15 opens asks, 10:15:20 asks, 10:18:10 reply"
    assert judged(first, TMALL) == ["missed: late"]
    assert judged(first + ", 10:20:00 asks, 10:20:30 reply", TMALL) == ["missed: late", "met"]
    assert judged("10:00 opens asks," + ",".join(f"10:{m:02} asks" for m in range(1, 10)), TMALL) == [
        "missed: unanswered"
    ]


def test_the_older_rule_means_each_round_capped_at_ten_minutes() -> None:
    story = "10:00 opens asks, 10:02 reply, 11:00 asks, 11:30 reply, 12:00 asks"
    rounds = rounds_of(told(story), dated([MEAN]), now=LONG_AFTER)
    assert [one.waited_s for one in rounds] == [120, 600, 600]
    assert rate_of(MEAN, tally(rounds)) == Fraction(1320, 3)


def test_a_mean_is_not_settled_before_its_cap() -> None:
    nine_minutes_on = told("10:09 asks")[0].at
    assert judged("10:00 opens asks", MEAN, now=nine_minutes_on) == ["open"]
    assert judged("10:00 opens asks", TMALL, now=nine_minutes_on) == ["missed: unanswered"]


def test_transfer_without_a_word_is_a_miss_of_the_first_agent() -> None:
    silent = "10:00 opens asks, 10:01 transfer, 10:02 reply"
    assert judged(silent, TMALL) == ["missed: silent_transfer", "met"]
    assert rounds_of(told(silent), dated([TMALL]), now=LONG_AFTER)[0].person == 7
    assert judged("10:00 opens asks, 10:01 hi transfer, 10:02 reply", TMALL) == ["met"]
    assert judged("10:00 opens asks, 10:01 reply, 10:05 transfer", TMALL) == ["met"]
    kuaishou = replace(TMALL, charges_silence=False)
    assert judged(silent, kuaishou) == ["met"]


def test_nights_are_not_measured() -> None:
    assert judged("23:30 opens asks, +1 08:10 reply", TMALL) == ["excluded: outside_hours"]
    assert judged("22:59 opens asks, 23:01 reply", TMALL) == ["met"]
    assert judged("22:59 opens asks, +1 08:01 reply", TMALL) == ["missed: late"]


def test_our_closing_ends_no_round() -> None:
    assert judged("10:00 opens asks, 10:01 closes, 10:02 returns asks, 10:02:30 reply", TMALL) == ["met"]
    assert judged("10:00 opens asks, 10:01 closes", TMALL) == ["missed: unanswered"]


def test_an_acknowledgement_is_no_answer() -> None:
    assert judged("10:00 opens asks arrived", TMALL) == ["missed: unanswered"]
    assert judged("10:00 opens asks arrived, 10:01 closes", US, on=TODAY) == ["missed: unanswered"]
    assert judged("10:00 opens asks arrived", PDD) == ["missed: unanswered"]


def test_pinduoduo_credits_the_bot_in_part() -> None:
    assert judged("10:00 opens asks bot", PDD) == ["met: by_bot"]
    story = "10:00 opens asks bot, 10:02 reply, 11:00 asks bot, 11:30 asks, 11:31 reply, 12:00 asks"
    rounds = rounds_of(told(story), dated([PDD]), now=LONG_AFTER)
    assert [one.worth for one in rounds] == [100, 50, 100, 0]
    assert rate_of(PDD, tally(rounds)) == Fraction(250, 400)


# ---------------------------------------------------------------- conversations of TikTok Shop


def test_a_conversation_is_counted_once() -> None:
    story = "10:00 opens asks, 11:00 reply, 12:00 asks, +3 12:00 reply, +4 10:00 returns asks, +4 23:00 reply"
    assert judged(story, TH, **BANGKOK) == ["met", "missed: late"]


def test_bot_only_chats_leave_the_denominator() -> None:
    assert judged("10:00 opens asks bot, 10:05 buyer_closes", TH, **BANGKOK) == ["excluded: bot_closed"]
    assert judged("10:00 opens asks bot, 10:05 closes", TH, **BANGKOK) == ["missed: unanswered"]
    assert judged("10:00 opens asks arrived, 10:05 buyer_closes", TH, **BANGKOK) == ["missed: unanswered"]
    friday = {**NEW_YORK, "on": TODAY}
    assert judged("10:00 opens asks bot", US, **friday) == ["excluded: bot_only"]
    assert judged("10:00 opens asks bot, 10:01 asks", US, **friday) == ["missed: unanswered"]
    assert judged("10:00 opens asks bot, 10:01 asks, 10:02 reply", US, **friday) == ["met"]


def test_a_bare_hi_is_no_reply_in_the_united_states() -> None:
    friday = {**NEW_YORK, "on": TODAY}
    assert judged("10:00 opens asks, 10:01 hi", US, **friday) == ["missed: unanswered"]
    assert judged("10:00 opens asks, 10:01 hi, 11:00 reply", US, **friday) == ["met"]
    assert judged("10:00 opens asks, 10:01 hi", TH, **BANGKOK) == ["met"]


def test_seller_opened_and_blocked_are_not_counted() -> None:
    assert judged("10:00 we_open reply, 11:00 asks", TH, **BANGKOK) == ["excluded: seller_opened"]
    assert judged("10:00 we_open reply", TH, **BANGKOK) == ["excluded: seller_opened"]
    assert judged("10:00 opens asks, 10:30 blocked", TH, **BANGKOK) == ["excluded: blocked"]


def test_holiday_mode_is_by_the_markets_date() -> None:
    on_holiday = frozenset({date(2026, 11, 21)})
    assert judged("23:59 opens asks", TH, holidays=on_holiday, **BANGKOK) == ["missed: unanswered"]
    assert judged("+1 00:00 opens asks", TH, holidays=on_holiday, **BANGKOK) == ["excluded: holiday"]
    assert judged("+1 23:59 opens asks", TH, holidays=on_holiday, **BANGKOK) == ["excluded: holiday"]
    assert judged("+1 12:00 opens asks", TMALL, holidays=on_holiday) == ["missed: unanswered"]


def test_weekends_in_the_united_states_wait_until_monday_noon() -> None:
    saturday = {**NEW_YORK, "on": date(2026, 11, 21)}
    assert judged("09:00 opens asks, +2 11:59 reply", US, **saturday) == ["met"]
    assert judged("09:00 opens asks, +2 12:01 reply", US, **saturday) == ["missed: late"]
    assert judged("+1 20:00 opens asks, +2 19:59 reply", US, **saturday) == ["met"]
    without_bot = replace(US, exclusions=US.exclusions - {Exclusion.WEEKEND})
    assert judged("09:00 opens asks, +2 11:59 reply", without_bot, **saturday) == ["missed: late"]
    assert judged("09:00 opens asks, +2 11:59 reply", TH, on=date(2026, 11, 21), **BANGKOK) == ["missed: late"]


def test_an_edited_policy_leaves_the_past_as_measured() -> None:
    stricter = replace(TMALL, version=1, from_date=date(2026, 11, 21), limit=timedelta(minutes=1))
    story = "10:00 opens asks, 10:02 reply, +1 10:00 asks, +1 10:02 reply"
    assert judged(story, TMALL) == ["met", "met"]
    assert judged(story, TMALL, stricter) == judged(story, stricter, TMALL) == ["met", "missed: late"]
    assert [one.version for one in rounds_of(told(story), dated([TMALL, stricter]), now=LONG_AFTER)] == [0, 1]


def test_a_unit_may_change_on_a_date() -> None:
    by_chat = replace(TMALL, version=1, from_date=date(2026, 11, 21), unit=Unit.CONVERSATION)
    story = (
        "10:00 opens asks, 10:02 reply, 11:00 asks, 11:09 reply, +1 10:00 returns asks, +1 10:01 reply, +1 11:00 asks"
    )
    assert judged(story, TMALL, by_chat) == ["met", "missed: late", "met"]


def test_days_without_a_version_are_not_measured() -> None:
    ended = replace(TMALL, to_date=date(2026, 11, 21))
    assert judged("10:00 opens asks, +1 10:00 returns asks", ended) == ["missed: unanswered"]
    assert judged("10:00 opens asks", replace(TMALL, from_date=date(2026, 11, 21))) == []


def test_open_until_due_then_missed() -> None:
    due = told("10:03 asks")[0].at
    assert judged("10:00 opens asks", TMALL, now=due) == ["open"]
    assert judged("10:00 opens asks", TMALL, now=due + timedelta(microseconds=1)) == ["missed: unanswered"]


# ---------------------------------------------------------------- order


STEPS = st.lists(
    st.tuples(
        st.integers(0, 4 * 86400),
        st.sampled_from([kind for kind in Kind if kind != Kind.OPENED]),
        st.booleans(),
        st.sampled_from([None, 7]),
    ),
    max_size=25,
)
ANY_POLICY = st.sampled_from([TMALL, MEAN, TH, US, PDD])
BEGAN = datetime(2026, 11, 19, 12, tzinfo=UTC)


def happened(steps: list[tuple[int, Kind, bool, int | None]]) -> list[Happening]:
    first = Happening(Kind.OPENED, BEGAN)
    rest = [
        Happening(kind, BEGAN + timedelta(seconds=after), person, is_bare, place)
        for place, (after, kind, is_bare, person) in enumerate(steps, 1)
    ]
    return [first, *rest]


@given(STEPS, ANY_POLICY, st.randoms(use_true_random=False), st.integers(0, 10 * 86400))
def test_late_and_out_of_order_events_come_to_the_same(steps, policy, rng, later) -> None:  # type: ignore[no-untyped-def]
    events, now = happened(steps), BEGAN + timedelta(seconds=later)
    shuffled = rng.sample(events, len(events))
    assert rounds_of(shuffled, dated([policy]), now=now) == rounds_of(events, dated([policy]), now=now)


@given(STEPS, ANY_POLICY)
def test_rounds_are_sound(steps, policy: Policy) -> None:  # type: ignore[no-untyped-def]
    rounds = rounds_of(happened(steps), dated([policy]), now=LONG_AFTER)
    assert [one.number for one in rounds] == list(range(1, len(rounds) + 1))
    assert all(one.began <= after.began for one, after in pairwise(rounds))
    for one in rounds:
        assert one.verdict != Verdict.OPEN
        assert (one.verdict == Verdict.MET) == (one.worth > 0)
        assert one.ended is None or one.ended >= one.began
        assert (one.verdict == Verdict.EXCLUDED) == (one.due_at is None)


@given(STEPS, ANY_POLICY, st.integers(0, 5 * 86400))
def test_what_is_settled_stays_but_for_later_events(steps, policy: Policy, later: int) -> None:  # type: ignore[no-untyped-def]
    """Time alone turns only what was open, and only into a miss."""
    events, now = happened(steps), BEGAN + timedelta(seconds=later)
    for before, after in zip(
        rounds_of(events, dated([policy]), now=now), rounds_of(events, dated([policy]), now=LONG_AFTER), strict=True
    ):
        assert before == after or (before.verdict == Verdict.OPEN and after.verdict == Verdict.MISSED)


# ---------------------------------------------------------------- headroom and forecast


def test_headroom_is_what_the_product_promises() -> None:
    """“12 more misses until below 80 %.”"""
    assert headroom_of(TMALL, Tally(met=172, missed=31, worth=17200)) == 12
    assert headroom_of(TMALL, Tally(met=80, missed=20, worth=8000)) == 0
    assert headroom_of(TMALL, Tally(met=79, missed=21, worth=7900)) == -5
    assert headroom_of(TMALL, NOTHING) is None
    assert headroom_of(MEAN, Tally(met=10, seconds=600)) == 2


tallies = st.builds(
    lambda met, missed, by_bot, wait: Tally(
        met=met, missed=missed, worth=met * 100 - min(by_bot, met) * 50, seconds=met * min(wait, 600) + missed * 600
    ),
    st.integers(0, 500),
    st.integers(0, 500),
    st.integers(0, 500),
    st.integers(0, 900),
)


@given(tallies, ANY_POLICY)
def test_headroom_is_exact(total: Tally, policy: Policy) -> None:
    room = headroom_of(policy, total)
    if room is None:
        return
    cap = round((policy.cap or policy.limit).total_seconds())

    def after(misses: int) -> bool:
        rate = rate_of(policy, total + Tally(missed=misses, seconds=misses * cap))
        return rate is not None and meets(policy, rate)

    def with_answers(answers: int) -> bool:
        rate = rate_of(policy, total + Tally(met=answers, worth=answers * 100))
        return rate is not None and meets(policy, rate)

    if room >= 0:
        assert after(room)
        assert not after(room + 1)
    else:
        assert with_answers(-room)
        assert not with_answers(-room - 1)


def test_the_window_leaves_old_days_out() -> None:
    days = {TODAY - timedelta(days=back): Tally(met=9, missed=1, worth=900) for back in range(60)}
    score = score_of(TMALL, days, TODAY)
    assert window_of(TMALL, TODAY) == (date(2026, 10, 22), TODAY)
    assert (score.tally.counted, score.rate, score.standing) == (300, 0.9, Standing.SAFE)


def test_standings() -> None:
    def of(policy: Policy, met: int, missed: int) -> Standing:
        return score_of(policy, {TODAY: Tally(met=met, missed=missed, worth=met * 100)}, TODAY).standing

    assert of(TMALL, 0, 0) == Standing.UNKNOWN
    assert of(TMALL, 10, 40) == Standing.EXEMPT
    assert of(TMALL, 79, 21) == Standing.BELOW
    assert of(TMALL, 81, 19) == Standing.CLOSE
    assert of(US, 88, 12) == Standing.CLOSE
    assert of(US, 95, 5) == Standing.SAFE


def test_forecast_says_when_it_falls() -> None:
    good = {TODAY - timedelta(days=back): Tally(met=100, worth=10000) for back in range(8, 30)}
    bad = {TODAY - timedelta(days=back): Tally(met=50, missed=50, worth=5000) for back in range(1, 8)}
    assert score_of(TMALL, good | bad, TODAY).standing == Standing.SAFE
    forecast = forecast_of(TMALL, good | bad, TODAY)
    assert len(forecast.points) == 29
    assert forecast.falls_on == TODAY + timedelta(days=5)
    assert forecast.at_end == pytest.approx(0.5)
    assert forecast_of(TMALL, good, TODAY).falls_on is None
    assert forecast_of(TMALL, {}, TODAY).at_end is None


def test_a_mean_falls_by_rising() -> None:
    slow = {TODAY - timedelta(days=back): Tally(met=10, seconds=4000) for back in range(1, 8)}
    fast = {TODAY - timedelta(days=back): Tally(met=30, seconds=300) for back in range(8, 30)}
    assert MEAN.measure == Measure.MEAN
    assert score_of(MEAN, slow | fast, TODAY).standing == Standing.SAFE
    assert forecast_of(MEAN, slow | fast, TODAY).falls_on is not None


def test_the_tickets_that_hurt_come_worst_first() -> None:
    rounds = [
        (number, one)
        for number, story in enumerate(
            ("10:00 opens asks", "10:00 opens asks, 10:05 reply, 11:00 asks", "10:00 opens asks, 10:01 reply"), 1
        )
        for one in rounds_of(told(story), dated([TMALL]), now=LONG_AFTER)
    ]
    assert [(hurt.ticket, hurt.missed) for hurt in hurting(rounds)] == [(2, 2), (1, 1)]
