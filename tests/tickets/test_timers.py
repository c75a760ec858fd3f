"""The pure timers: each thing once in a silence, at its time, whatever the clock does; and rules that end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.clocks.rules import (
    ANSWERED,
    WAITING,
    Does,
    Has,
    Looked,
    Rule,
    loop_of,
    problem_of,
)
from tickets.clocks.timers import BREACH, ESCALATE, NOTICE, WAKE, Facts, Plan, passed, step, warned

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
PLAN = Plan()


def waiting(*, due: timedelta = HOUR, **more: object) -> Facts:
    looked = Looked(WAITING, 3, "tmall", "", None)
    return Facts(looked, NOON, waiting_since=NOON, due_at=NOON + due, **more)  # type: ignore[arg-type]


def silent(**more: object) -> Facts:
    return Facts(Looked(ANSWERED, 3, "tmall", "", 7), NOON, **more)  # type: ignore[arg-type]


def rule(pk: int = 1, does: Does = Does.NUDGE, wait: timedelta = HOUR, state: str = ANSWERED, **more: object) -> Rule:
    return Rule(pk, f"rule {pk}", state, wait, does, **more)  # type: ignore[arg-type]


def run(facts: Facts, plan: Plan, looks: list[datetime]) -> list[tuple[datetime, str]]:
    """What is told when the ticket is looked at at these times, if it is due then; nothing else happens to it."""
    told: list[tuple[datetime, str]] = []
    again: datetime | None = NOON
    for now in looks:
        if again is None or again > now:
            continue
        came = step(facts, plan, now=now)
        told += [(now, thing.what) for thing in came.fired]
        facts = replace(facts, told=came.told, snoozed_until=now if came.wakes else facts.snoozed_until)
        again = came.again.at if came.again else None
    return told


def test_a_wait_is_warned_of_told_to_the_buyer_breached_and_escalated_in_this_order() -> None:
    looks = [NOON + index * SECOND for index in range(2 * 3600)]
    at = {what: (now - NOON) // MINUTE for now, what in run(waiting(), PLAN, looks)}
    assert at == {"warn:50": 30, "warn:75": 45, NOTICE: 48, "warn:90": 54, BREACH: 60, ESCALATE: 90}


def test_a_short_promise_has_no_notice_of_delay() -> None:
    told = run(waiting(due=30 * SECOND), PLAN, [NOON + index * SECOND for index in range(60)])
    assert NOTICE not in {what for _, what in told}


def test_after_an_outage_the_strongest_word_alone_is_said() -> None:
    came = step(waiting(), PLAN, now=NOON + 55 * MINUTE)
    assert [thing.what for thing in came.fired] == [NOTICE, "warn:90"]
    assert {"warn:50", "warn:75"} <= came.told
    late = step(waiting(), PLAN, now=NOON + 61 * MINUTE)
    assert [thing.what for thing in late.fired] == [BREACH]
    assert late.told >= {"warn:50", "warn:75", "warn:90", NOTICE}
    assert late.again is not None
    assert late.again.what == ESCALATE


def test_a_breach_that_was_told_already_leaves_nothing_to_warn_of() -> None:
    came = step(waiting(told=frozenset({BREACH})), PLAN, now=NOON + 61 * MINUTE)
    assert came.fired == ()
    assert came.told >= {"warn:90", NOTICE}


def test_a_goal_that_moves_warns_of_nothing_again() -> None:
    came = step(waiting(), PLAN, now=NOON + 30 * MINUTE)
    moved = waiting(due=3 * HOUR, told=came.told)
    again = step(moved, PLAN, now=NOON + 90 * MINUTE)
    assert again.fired == ()
    assert again.again is not None
    assert again.again.what == "warn:75"


def test_a_snooze_ends_at_its_time_and_earlier_when_the_clock_rings() -> None:
    told = run(silent(snoozed_until=NOON + HOUR), PLAN, [NOON, NOON + HOUR, NOON + 2 * HOUR])
    assert told == [(NOON + HOUR, WAKE)]
    rung = step(waiting(snoozed_until=NOON + 2 * HOUR), PLAN, now=NOON + 30 * MINUTE)
    assert rung.wakes
    assert WAKE in rung.told


def test_patience_with_a_silent_buyer_begins_anew_behind_a_snooze() -> None:
    plan = Plan(rules=(rule(does=Does.CLOSE, wait=HOUR),))
    looks = [NOON + index * MINUTE for index in range(400)]
    told = run(silent(snoozed_until=NOON + 3 * HOUR), plan, looks)
    assert told == [(NOON + 3 * HOUR, WAKE), (NOON + 4 * HOUR, "rule:1")]


def test_of_a_nudge_and_a_closing_the_closing_keeps_its_distance() -> None:
    plan = Plan(rules=(rule(1, Does.NUDGE, HOUR), rule(2, Does.CLOSE, 3 * HOUR)))
    late = NOON + timedelta(days=3)
    told = run(silent(), plan, [late, late + MINUTE, late + HOUR, late + 2 * HOUR])
    assert told == [(late, "rule:1"), (late + 2 * HOUR, "rule:2")]


class NightClosed:
    """Open from 09:00 to 17:00 UTC."""

    def add(self, start: datetime, seconds: float) -> datetime:
        return start + timedelta(hours=16) + timedelta(seconds=seconds)


def test_a_wait_in_business_hours_is_reckoned_by_them() -> None:
    plan = Plan(rules=(rule(wait=6 * HOUR, in_hours=True),))
    came = step(silent(), plan, now=NOON, hours=NightClosed())
    assert came.again is not None
    assert came.again.at == NOON + 22 * HOUR


def test_a_wait_that_is_taken_up_again_is_not_warned_of_what_lies_behind() -> None:
    assert passed(waiting(), PLAN, now=NOON + 50 * MINUTE) == {"warn:50", "warn:75", NOTICE}
    assert passed(silent(), PLAN, now=NOON + HOUR) == frozenset()


def test_how_far_a_wait_was_warned() -> None:
    assert [warned(told) for told in ((), ("warn:50", "warn:75"), ("warn:50", BREACH))] == [0, 75, 100]


rules = st.builds(
    Rule,
    id=st.integers(1, 6),
    name=st.just("x"),
    state=st.sampled_from([WAITING, ANSWERED]),
    wait=st.timedeltas(MINUTE, 5 * HOUR),
    does=st.sampled_from(Does),
    channels=st.frozensets(st.sampled_from(["tmall", "email"]), max_size=1),
    priorities=st.frozensets(st.sampled_from([1, 2, 3]), max_size=2),
    has=st.sampled_from(Has),
    to=st.none() | st.integers(1, 3),
    priority=st.sampled_from([1, 2, 3]),
)
plans = st.builds(
    Plan,
    warn_at=st.lists(st.integers(1, 99), max_size=4, unique=True).map(tuple),
    notice_at=st.none() | st.integers(1, 99),
    escalate_after=st.none() | st.timedeltas(SECOND, HOUR),
    rules=st.lists(rules, max_size=5, unique_by=lambda one: one.id).map(tuple),
)
facts = st.builds(
    Facts,
    looked=st.builds(
        Looked,
        state=st.sampled_from([WAITING, ANSWERED]),
        priority=st.sampled_from([1, 2, 3]),
        channel=st.sampled_from(["tmall", "email", "widget"]),
        category=st.just(""),
        assignee=st.none() | st.just(7),
    ),
    last_message_at=st.just(NOON),
    waiting_since=st.none() | st.just(NOON),
    due_at=st.none() | st.timedeltas(SECOND, 8 * HOUR).map(lambda length: NOON + length),
    snoozed_until=st.none() | st.timedeltas(SECOND, 8 * HOUR).map(lambda length: NOON + length),
)
clocks = st.lists(st.timedeltas(timedelta(0), 12 * HOUR).map(lambda gone: NOON + gone), max_size=40)


@given(facts=facts, plan=plans, looks=clocks)
def test_whatever_the_clock_does_nothing_is_told_twice(facts: Facts, plan: Plan, looks: list[datetime]) -> None:
    """Looks in any order: forwards, backwards, at the same moment twice."""
    told = run(facts, plan, looks)
    assert not [what for what, times in Counter(what for _, what in told).items() if times > 1]


@given(facts=facts, plan=plans, looks=clocks)
def test_nothing_is_told_before_its_time(facts: Facts, plan: Plan, looks: list[datetime]) -> None:
    for now in looks:
        assert all(thing.at <= now for thing in step(facts, plan, now=now).fired)


@given(facts=facts, plan=plans, looks=clocks)
def test_the_next_look_lies_ahead_so_that_no_tick_is_kept_busy(facts: Facts, plan: Plan, looks: list[datetime]) -> None:
    for now in looks:
        came = step(facts, plan, now=now)
        assert came.again is None or came.again.at > now
        again = step(replace(facts, told=came.told), plan, now=now)
        assert not {thing.what for thing in again.fired if not thing.rule}


@given(facts=facts, plan=plans)
def test_looking_when_one_is_asked_to_finds_what_looking_each_second_finds(facts: Facts, plan: Plan) -> None:
    """But for the owner's rules, which keep a minute's distance when two come due together."""
    plan = replace(plan, rules=())
    by_second: list[tuple[datetime, str]] = []
    now, state = NOON, facts
    for _ in range(40):
        came = step(state, plan, now=now)
        by_second += [(now, thing.what) for thing in came.fired]
        state = replace(state, told=came.told, snoozed_until=now if came.wakes else state.snoozed_until)
        if came.again is None:
            break
        now = came.again.at
    ends = {what for _, what in by_second}
    at_once = step(facts, plan, now=NOON + timedelta(days=2))
    assert {thing.what for thing in at_once.fired} - {WAKE} <= ends
    assert at_once.told >= ends - {WAKE}


@given(facts=facts, plan=plans)
def test_nothing_happens_before_the_first_look_that_the_index_keeps(facts: Facts, plan: Plan) -> None:
    """The bounds from which a verb's statement reckons the first look, without knowing the ticket's conditions."""
    came = step(facts, plan, now=NOON)
    if came.again is None:
        return
    bounds = [facts.snoozed_until] if facts.snoozed_until else []
    if facts.waiting_since and facts.due_at:
        share = (plan.first_share or 100) / 100
        bounds.append(NOON + (facts.due_at - NOON) * share)
    if shortest := plan.shortest_wait(facts.looked.state):
        bounds.append(NOON + shortest)
    assert came.again.at >= min(bounds)


# ---------------------------------------------------------------- rules


def priority(pk: int, was: int, becomes: int, **more: object) -> Rule:
    return rule(pk, Does.PRIORITY, priorities=frozenset({was}), priority=becomes, **more)


def test_rules_that_undo_each_other_are_a_loop() -> None:
    up, down = priority(1, 3, 1), priority(2, 1, 3)
    assert {one.id for one in loop_of([up, down])} == {1, 2}
    assert loop_of([up]) == ()
    assert loop_of([up, priority(2, 1, 2)]) == ()


def test_three_rules_in_a_round_are_a_loop() -> None:
    assert len(loop_of([priority(1, 3, 2), priority(2, 2, 1), priority(3, 1, 3)])) == 3


def test_rules_for_different_tickets_are_none() -> None:
    up = priority(1, 3, 1, channels=frozenset({"tmall"}))
    assert loop_of([up, priority(2, 1, 3, channels=frozenset({"email"}))]) == ()
    assert loop_of([up, priority(2, 1, 3)]) != ()
    assert loop_of([up, priority(2, 1, 3, state=WAITING)]) == ()


def test_giving_to_somebody_and_taking_it_back_is_a_loop() -> None:
    give = rule(1, Does.ASSIGN, has=Has.NOBODY, to=5)
    take = rule(2, Does.ASSIGN, has=Has.SOMEBODY, to=None)
    assert {one.id for one in loop_of([give, take])} == {1, 2}
    assert loop_of([give, rule(2, Does.ASSIGN, to=5)]) == ()


@given(st.lists(rules, max_size=5, unique_by=lambda one: one.id))
def test_without_a_loop_every_ticket_comes_to_rest(chosen: list[Rule]) -> None:
    """The oracle: rules applied in their order, again and again, stand still or a loop was found."""
    if loop_of(chosen):
        return
    for state in (WAITING, ANSWERED):
        for has in (None, 1, 2, 3, 9):
            for urgency in (1, 2, 3):
                ticket: Looked | None = Looked(state, urgency, "tmall", "", has)
                for _ in range(60):
                    before = ticket
                    for one in chosen:
                        if ticket is not None and one.matches(ticket):
                            ticket = one.after(ticket)
                    if ticket == before:
                        break
                assert ticket == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (rule(wait=59 * SECOND), "wait"),
        (rule(wait=-HOUR), "wait"),
        (rule(wait=timedelta(days=61)), "wait"),
        (rule(does=Does.CLOSE, state=WAITING), "does"),
        (rule(does=Does.NUDGE, state=WAITING), "does"),
        (rule(state="elsewhere"), "state"),
        (rule(does=Does.PRIORITY), "priority"),
        (priority(1, 2, 2), "priority"),
        (rule(does=Does.ASSIGN, has=Has.NOBODY), "to"),
    ],
)
def test_a_senseless_rule_names_its_field(wrong: Rule, field: str) -> None:
    found = problem_of(wrong)
    assert found is not None
    assert found.field == field


def test_a_sound_rule_has_no_problem() -> None:
    sound = [rule(), rule(does=Does.CLOSE), rule(does=Does.ASSIGN, to=3, state=WAITING), priority(1, 3, 1)]
    assert [problem_of(one) for one in sound] == [None] * 4
