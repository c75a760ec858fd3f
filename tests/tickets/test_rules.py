"""An agency's own policies, goals and hours: dated, checked at entry, in force for who waits from their day on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import in_store
from tenants.errors import Invalid, NotFound
from tenants.models import Change
from tests.cast import NOON, Cast
from tests.scenes import clock_ticks, entry_of, kinds_of, waiting_ticket
from tickets.actions.note import add_note
from tickets.clocks.policy import Clock
from tickets.desk.models import QueueEntry
from tickets.models import Ticket
from tickets.policies.actions.reckon import reckon_anew
from tickets.policies.actions.set_hours import (
    WantedDay,
    WantedTerms,
    drop_special_day,
    set_hours,
    set_special_days,
)
from tickets.policies.actions.set_rule import GOAL, POLICY, Wanted, new_goal_key, set_rule, withdraw_rule
from tickets.policies.models import RuleVersion, SpecialDay
from tickets.policies.names import duration, why
from tickets.policies.queries import forget_rules, rules_of
from tickets.policies.terms import SHIPPED_GOALS, SHIPPED_POLICIES, terms_of_goal, terms_of_policy

MINUTE = timedelta(minutes=1)
TODAY = NOON.date()  # in Shanghai too
LATER = TODAY + timedelta(days=10)
WEEK = ("09:00-12:00, 13:30-18:00",) * 5 + ("", "")
CHAT = terms_of_goal(SHIPPED_GOALS["chat_first"])
TMALL = terms_of_policy(SHIPPED_POLICIES["tmall_human_3min"])


@pytest.fixture(autouse=True)
def as_shipped(cast: Cast) -> Iterator[None]:
    """What one test sets is gone with it, from this process's memory too."""
    forget_rules()
    yield
    forget_rules()


def goal(
    cast: Cast, *, key: str = "chat_first", day: date = TODAY, to: date | None = None, **terms: object
) -> RuleVersion:
    return set_rule(cast.north.pk, GOAL, key, Wanted({**CHAT, **terms}, day, to), by=cast.ann, now=NOON)


def policy(cast: Cast, *, day: date = TODAY, to: date | None = None, **terms: object) -> RuleVersion:
    wanted = Wanted({**TMALL, **terms}, day, to)
    return set_rule(cast.north.pk, POLICY, "tmall_human_3min", wanted, by=cast.ann, now=NOON)


def why_of(cast: Cast, at: datetime, clock: Clock = Clock.FIRST) -> str:
    due = rules_of(cast.a, at).due(clock, "tmall", "", 3, at)
    return due.why_key if due else ""


# ---------------------------------------------------------------- in the verbs


def test_queue_says_which_rule_it_was(store_a: object) -> None:
    ticket = waiting_ticket()
    row = entry_of(ticket)
    assert row is not None
    assert (row.due_at, row.due_why) == (NOON + timedelta(seconds=30), "goal:chat_first:30")
    assert why(row.due_why) == "Goal: Chat: first reply, 30 s"


def test_goal_of_a_category_holds_for_its_tickets_alone(cast: Cast) -> None:
    goal(cast, key=new_goal_key(), name="Refunds", limit_s=10, category="refund", clock="")
    with in_store(cast.a):
        plain = waiting_ticket(key="p-1", customer_id="p")
        refund = waiting_ticket(key="r-1", customer_id="r", category="refund")
        assert entry_of(plain).due_at == NOON + timedelta(seconds=30)  # type: ignore[union-attr]
        assert entry_of(refund).due_at == NOON + timedelta(seconds=10)  # type: ignore[union-attr]
        assert entry_of(refund).due_why.endswith(":10")  # type: ignore[union-attr]


def test_rules_cost_one_query_when_cold_and_none_when_warm(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as cold:
        rules_of(cast.a, NOON)
    with CaptureQueriesContext(connection) as warm:
        rules_of(cast.a, NOON)
        rules_of(cast.a, NOON + timedelta(days=400))
    assert (len(cold), len(warm)) == (1, 0)


def test_what_a_process_knows_goes_stale(cast: Cast, settings: object) -> None:
    settings.RULES_SECONDS = -1  # type: ignore[attr-defined]
    rules_of(cast.a, NOON)
    RuleVersion.objects.create(
        agency=cast.north,
        kind=GOAL,
        key="chat_first",
        number=1,
        from_date=TODAY,
        terms={**CHAT, "limit_s": 7},
        made_at=NOON,
    )  # by another process
    assert why_of(cast, NOON) == "goal:chat_first:7"


# ---------------------------------------------------------------- from a day on


def test_version_holds_from_its_day_on_and_the_past_stays(cast: Cast) -> None:
    policy(cast, day=LATER, limit_s=20)
    before, after = (NOON.replace(hour=4) + timedelta(days=days) for days in (9, 10))
    assert why_of(cast, before) == "goal:chat_first:30"
    assert why_of(cast, after) == "policy:tmall_human_3min:20"
    assert why_of(cast, NOON - timedelta(days=100)) == "goal:chat_first:30"
    [change] = Change.objects.filter(what="policies.ruleversion")
    assert (change.before["limit_s"], change.after["limit_s"], change.actor) == (180, 20, cast.ann)


def test_other_agencies_go_on_as_they_were(cast: Cast) -> None:
    goal(cast, limit_s=5)
    assert why_of(cast, NOON) == "goal:chat_first:5"
    assert rules_of(cast.c, NOON).due(Clock.FIRST, "tmall", "", 3, NOON).why_key == "goal:chat_first:30"  # type: ignore[union-attr]


def test_who_waits_since_the_day_began_is_reckoned_anew(cast: Cast) -> None:
    with in_store(cast.a):
        early = waiting_ticket(key="e-1", customer_id="e", at=NOON - timedelta(days=2))
        waits = waiting_ticket(key="w-1", customer_id="w")
    goal(cast, limit_s=600)
    with in_store(cast.a):
        assert entry_of(waits).due_at == NOON + timedelta(minutes=3)  # type: ignore[union-attr]
        assert entry_of(waits).due_why == "policy:tmall_human_3min:180"  # type: ignore[union-attr]
        assert entry_of(early).due_at == NOON - timedelta(days=2) + timedelta(seconds=30)  # type: ignore[union-attr]


def test_what_was_missed_stays_missed_once(cast: Cast) -> None:
    with in_store(cast.a):
        ticket = waiting_ticket()
    assert "breach" in clock_ticks(cast.a, NOON + MINUTE)
    goal(cast, limit_s=50)
    with in_store(cast.a):
        row = entry_of(ticket)
        assert row is not None
        assert row.due_at == NOON + timedelta(seconds=30)
        add_note(Ticket.objects.get(pk=ticket.pk), author=cast.ann, body="x", client_key="n", now=NOON + 2 * MINUTE)
        assert entry_of(ticket).breached_at == NOON + MINUTE  # type: ignore[union-attr]
    assert "breach" not in clock_ticks(cast.a, NOON + 3 * MINUTE)
    with in_store(cast.a):
        assert kinds_of(ticket).count("clock.breached") == 1


def test_many_stores_are_reckoned_with_four_queries(cast: Cast) -> None:
    for store in (cast.a, cast.b):
        with in_store(store):
            for number in range(3):
                waiting_ticket(key=f"many-{number}", customer_id=f"many-{number}")
    QueueEntry.objects.update(due_why="goal:old:1")
    with CaptureQueriesContext(connection) as asked:
        assert reckon_anew([cast.a.pk, cast.b.pk]) >= 6
    assert len(asked) == 4
    assert reckon_anew([cast.a.pk, cast.b.pk]) == 0


def test_version_of_the_same_day_takes_the_others_place(cast: Cast) -> None:
    goal(cast, limit_s=40)
    goal(cast, limit_s=20)
    assert [row.number for row in RuleVersion.objects.filter(withdrawn_at=None)] == [2]
    assert why_of(cast, NOON) == "goal:chat_first:20"


def test_version_that_has_not_begun_can_be_withdrawn(cast: Cast) -> None:
    coming, begun = goal(cast, day=LATER, limit_s=10), goal(cast, limit_s=20)
    withdraw_rule(coming, by=cast.ann, now=NOON)
    assert why_of(cast, NOON + timedelta(days=30)) == "goal:chat_first:20"
    with pytest.raises(Invalid):
        withdraw_rule(begun, by=cast.ann, now=NOON)


def test_goal_can_be_switched_off(cast: Cast) -> None:
    goal(cast, is_off=True)
    assert why_of(cast, NOON) == "policy:tmall_human_3min:180"
    assert why_of(cast, NOON - timedelta(days=3)) == "goal:chat_first:30"


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"target": 1.2}, "target"),
        ({"target": -0.1}, "target"),
        ({"target": float("nan")}, "target"),
        ({"warn_at": 0.5}, "warn_at"),
        ({"limit_s": 0}, "limit_s"),
        ({"limit_s": 10**9}, "limit_s"),
        ({"window_days": 0}, "window_days"),
        ({"minimum_sample": -1}, "minimum_sample"),
        ({"ai_share": 2}, "ai_share"),
        ({"hours": "08:00-12:00, 11:00-23:00"}, "hours"),
        ({"hours": "23:00-08:00"}, "hours"),
        ({"hours": ""}, "hours"),
        ({"exclusions": ["rainy_days"]}, "exclusions"),
        ({"day": TODAY - timedelta(days=1)}, "from_date"),
        ({"day": TODAY + timedelta(days=5000)}, "from_date"),
        ({"to": TODAY}, "to_date"),
    ],
)
def test_policy_that_cannot_be_meant_is_refused(cast: Cast, terms: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        policy(cast, **terms)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not RuleVersion.objects.exists()


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"name": " "}, "name"),
        ({"limit_s": -1}, "limit_s"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"category": "weather"}, "category"),
        ({"priority": 9}, "priority"),
        ({"clock": "last"}, "clock"),
    ],
)
def test_goal_that_cannot_be_meant_is_refused(cast: Cast, terms: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        goal(cast, **terms)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_versions_that_overlap_are_refused(cast: Cast) -> None:
    policy(cast, day=LATER, to=LATER + timedelta(days=10), limit_s=60)
    for day, to, field in ((LATER + timedelta(days=5), None, "from_date"), (TODAY, LATER + MINUTE * 1440, "to_date")):
        with pytest.raises(Invalid) as refused:
            policy(cast, day=day, to=to)
        assert refused.value.field == field
    policy(cast, day=LATER + timedelta(days=10), limit_s=90)
    policy(cast, day=TODAY, to=LATER, limit_s=80)


def test_unknown_policy_is_not_found(cast: Cast) -> None:
    for kind, key in ((POLICY, "own_policy"), (GOAL, "nobody")):
        with pytest.raises(NotFound):
            set_rule(cast.north.pk, kind, key, Wanted(TMALL if kind == POLICY else CHAT, TODAY), by=cast.ann, now=NOON)


# ---------------------------------------------------------------- hours of a store


def test_goal_in_hours_waits_for_the_store_to_open(cast: Cast) -> None:
    set_hours(cast.a, WantedTerms(TODAY, WEEK), by=cast.ann, now=NOON)
    goal(cast, key="email", name="E-mail", limit_s=3600, channels=["email"], clock="", in_hours=True)
    day = rules_of(cast.a, NOON).hours.local_day(NOON) + timedelta(days=1)
    while day.weekday() != 0:
        day += timedelta(days=1)
    evening = datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC)  # Monday, 17:30 in Shanghai
    assert rules_of(cast.a, evening).due(Clock.FIRST, "email", "", 3, evening).at == evening + timedelta(hours=16)  # type: ignore[union-attr]
    set_special_days(cast.a, [WantedDay(day + timedelta(days=1), name="春节")], by=cast.ann, now=NOON)
    assert rules_of(cast.a, evening).due(Clock.FIRST, "email", "", 3, evening).at == evening + timedelta(hours=40)  # type: ignore[union-attr]
    drop_special_day(cast.a, day + timedelta(days=1), by=cast.ann, now=NOON)
    assert not SpecialDay.objects.exists()
    assert Change.objects.filter(what="tenants.store").count() == 3


def test_hours_of_the_past_stay(cast: Cast) -> None:
    set_hours(cast.a, WantedTerms(LATER, WEEK), by=cast.ann, now=NOON)
    assert rules_of(cast.a, NOON).hours.is_always
    assert not rules_of(cast.a, NOON + timedelta(days=11)).hours.is_always


def test_market_says_which_policies_measure(cast: Cast) -> None:
    cast.a.__class__.objects.filter(pk=cast.a.pk).update(marketplace="tiktok_shop", time_zone="Asia/Bangkok")
    forget_rules()

    def keys() -> set[str]:
        return {one.key for one in rules_of(cast.a, NOON).policies}

    assert keys() == {"tiktok_shop_th", "widget_chat", "email_day"}
    set_hours(cast.a, WantedTerms(TODAY, ("24",) * 7, market="US"), by=cast.ann, now=NOON)
    assert keys() == {"tiktok_shop_us", "widget_chat", "email_day"}
    set_hours(cast.a, WantedTerms(TODAY, ("24",) * 7, policies=["tiktok_shop_id"]), by=cast.ann, now=NOON)
    assert keys() == {"tiktok_shop_id"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"week": ("09:00-12:00, 11:00-13:00", *WEEK[1:])}, "monday"),
        ({"week": (*WEEK[:6], "10-9")}, "sunday"),
        ({"week": ("",) * 7}, "monday"),
        ({"market": "XX"}, "market"),
        ({"policies": ["nobody"]}, "policies"),
        ({"from_date": TODAY - timedelta(days=1)}, "from_date"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused(cast: Cast, change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        set_hours(cast.a, replace(WantedTerms(TODAY, WEEK), **change), by=cast.ann, now=NOON)  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("day", "field"),
    [
        (WantedDay(TODAY - timedelta(days=1)), "date"),
        (WantedDay(TODAY, "18:00-09:00"), "spans"),
        (WantedDay(TODAY, name="x" * 81), "name"),
    ],
)
def test_special_day_that_cannot_be_meant_is_refused(cast: Cast, day: WantedDay, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        set_special_days(cast.a, [WantedDay(LATER), day], by=cast.ann, now=NOON)
    assert refused.value.field == field
    assert not SpecialDay.objects.exists()


# ---------------------------------------------------------------- words


def test_limits_are_said_shortly() -> None:
    said = {30: "30 s", 300: "5 min", 3960: "1 h 6 min", 15120: "4 h 12 min", 86400: "1 day", 172800: "2 days"}
    assert {seconds: duration(seconds) for seconds in said} == said
    assert why("") == why("nonsense") == why("goal:x:y") == ""
    assert why("policy:tiktok_shop_us:86400") == "Policy: TikTok Shop US: response rate, 1 day"
