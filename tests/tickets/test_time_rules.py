"""Time rules and warnings in the admin: what is senseless or goes round is refused; the preview says what would be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tenants.context import in_store
from tenants.errors import DomainError
from tests.cast import NOON, SOUTH_HOST, Cast
from tests.conftest import SignIn
from tests.scenes import buyer_writes, clock_ticks, entry_of, waiting_ticket
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.desk.models import QueueEntry
from tickets.models import Ticket
from tickets.timers.actions.set_rules import RulesLoop, remove_rule, save_rule, set_plan
from tickets.timers.models import Plan, Rule

HOUR = timedelta(hours=1)
CLOSE: dict[str, Any] = {"name": "let go", "does": "close", "state": "answered", "wait_s": 48 * 3600}
FORM = {"name": "let go", "does": "close", "state": "answered", "wait": "2", "unit": "d", "order": "5", "is_on": "on"}


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    """Answered at NOON, in store A."""
    QueueEntry.objects.all().delete()
    with in_store(cast.a):
        found = waiting_ticket(channel=Channel.EMAIL, customer_email="b@example.com")
        reply_to_ticket(found, author=cast.ann, body="ok", client_key="k", seen_seq=None, now=NOON)
    return found


def save(cast: Cast, rule: Rule | None = None, **more: Any) -> Rule:
    return save_rule(cast.north.pk, rule, {**CLOSE, **more}, by=cast.ann, now=NOON)


def next_at(cast: Cast, ticket: Ticket) -> Any:
    with in_store(cast.a):
        row = entry_of(ticket)
    return row and row.next_at


def test_a_new_rule_is_for_tickets_that_are_open_already(cast: Cast, ticket: Ticket) -> None:
    assert next_at(cast, ticket) is None
    save(cast)
    assert next_at(cast, ticket) == NOON + 48 * HOUR
    assert [what[:5] for what in clock_ticks(cast.a, NOON + 48 * HOUR)] == ["rule:"]
    with in_store(cast.a):
        ticket.refresh_from_db()
        assert ticket.is_closed


def test_and_for_those_that_come(cast: Cast) -> None:
    save(cast)
    with in_store(cast.a):
        found = waiting_ticket(channel=Channel.EMAIL, customer_email="b@example.com")
        reply_to_ticket(found, author=cast.ann, body="ok", client_key="k", seen_seq=None, now=NOON)
    assert next_at(cast, found) == NOON + 48 * HOUR


def test_not_for_another_agencys(cast: Cast, ticket: Ticket) -> None:
    save_rule(cast.south.pk, None, CLOSE, by=cast.cy, now=NOON)
    assert next_at(cast, ticket) is None


def test_a_rule_that_is_gone_or_off_does_nothing(cast: Cast, ticket: Ticket) -> None:
    rule = save(cast)
    save(cast, rule, is_on=False)
    assert clock_ticks(cast.a, NOON + 48 * HOUR) == []
    remove_rule(rule, by=cast.ann, now=NOON)
    assert Plan.objects.get(agency=cast.north).silent_s is None


def test_bounds_are_those_of_the_shortest_rule(cast: Cast) -> None:
    save(cast)
    save(cast, name="nudge", does="nudge", wait_s=3600, text_zh="还在吗？")
    save(cast, name="raise", does="priority", state="waiting", wait_s=600, priority=1)
    plan = Plan.objects.get(agency=cast.north)
    assert (plan.first_share, plan.waiting_s, plan.silent_s) == (50, 600, 3600)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"wait_s": 59}, "wait"),
        ({"state": "waiting"}, "does"),
        ({"does": "nudge"}, "text_zh"),
        ({"does": "nudge", "text_en": "x" * 1001}, "text_en"),
        ({"does": "priority"}, "priority"),
    ],
)
def test_senseless_rules_are_refused_with_their_field(cast: Cast, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        save(cast, **wrong)
    assert refused.value.field == field
    assert not Rule.objects.exists()


def test_a_rule_gives_to_nobody_of_another_agency(cast: Cast) -> None:
    with pytest.raises(DomainError) as refused:
        save(cast, does="assign", to=cast.cy)
    assert refused.value.field == "to"


def test_a_loop_is_refused_and_says_with_which_rule(cast: Cast) -> None:
    save(cast, name="up", does="priority", priorities=[3], priority=1)
    with pytest.raises(RulesLoop, match="up"):
        save(cast, name="down", does="priority", priorities=[1], priority=3)
    assert Rule.objects.get().name == "up"
    save(cast, name="down", does="priority", priorities=[1], priority=3, is_on=False)


def test_a_name_is_used_once(cast: Cast) -> None:
    save(cast)
    with pytest.raises(DomainError) as refused:
        save(cast, name="LET GO")
    assert refused.value.field == "name"


def test_warnings_are_set_and_open_waits_are_looked_at_anew(cast: Cast) -> None:
    with in_store(cast.a):
        found = waiting_ticket(channel=Channel.EMAIL, customer_email="b@example.com")
    shares = {"warn_at": [25, 25, 60], "notice_at": None, "notice_from_min": 0, "escalate_after_min": None}
    set_plan(cast.north.pk, **shares, by=cast.ann, now=NOON)  # type: ignore[arg-type]
    assert next_at(cast, found) == NOON + 6 * HOUR
    came = [what for hour in range(30) for what in clock_ticks(cast.a, NOON + hour * HOUR) if hour]
    assert [what for what in came if what != "rule"].count("warn:25") >= 1
    assert {"notice", "escalate"}.isdisjoint(came)
    with in_store(cast.a):
        later = Ticket.objects.get(pk=buyer_writes("x-9", customer_id="n", channel=Channel.EMAIL).ticket_number)
    assert next_at(cast, later) == NOON + 6 * HOUR


@pytest.mark.parametrize("wrong", [[0], [100], [10, 20, 30, 40, 50, 60]])
def test_shares_that_make_no_sense_are_refused(cast: Cast, wrong: list[int]) -> None:
    with pytest.raises(DomainError) as refused:
        set_plan(cast.north.pk, warn_at=wrong, notice_at=None, notice_from_min=0, escalate_after_min=None,
                 by=cast.ann, now=NOON)  # fmt: skip
    assert refused.value.field == "warn_at"


# ---------------------------------------------------------------- pages


@pytest.fixture
def lead(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def test_preview_says_what_would_be_and_saves_nothing(cast: Cast, ticket: Ticket, lead: Client) -> None:
    QueueEntry.objects.filter(store=cast.a).update(last_message_at=NOON - timedelta(days=30))
    with in_store(cast.b):
        other = waiting_ticket(channel=Channel.EMAIL, customer_email="b@example.com")
        reply_to_ticket(other, author=cast.ann, body="ok", client_key="k", seen_seq=None, now=NOON)
    with in_store(cast.c):
        waiting_ticket()
    QueueEntry.objects.filter(store=cast.b).update(last_message_at=NOON + timedelta(days=3650))
    page = lead.post("/admin/time-rules/new/", {**FORM, "do": "preview"})
    would = page.context["preview"]
    assert (would.total, would.waiting) == (1, 1)
    assert [(store.slug, number) for store, number in would.first] == [("store-a", ticket.number)]
    assert not Rule.objects.exists()


def test_a_rule_is_written_changed_listed_and_removed(cast: Cast, lead: Client) -> None:
    assert lead.post("/admin/time-rules/new/", FORM).status_code == 302
    rule = Rule.objects.get()
    assert (rule.wait_s, rule.agency) == (172800, cast.north)
    page = lead.get("/admin/time-rules/")
    assert "2 days" in page.content.decode()
    edit = lead.get(f"/admin/time-rules/{rule.pk}/")
    assert edit.context["form"].initial["wait"] == 2
    assert lead.post(f"/admin/time-rules/{rule.pk}/", {**FORM, "wait": "0"}).status_code == 400
    assert lead.post(f"/admin/time-rules/{rule.pk}/", {**FORM, "do": "remove"}).status_code == 302
    assert not Rule.objects.exists()


def test_of_two_who_save_a_rule_at_once_the_second_is_told(cast: Cast, lead: Client) -> None:
    rule = save(cast)
    page = f"/admin/time-rules/{rule.pk}/"
    opened = lead.get(page).context["seen"]
    save_rule(cast.north.pk, rule, {"wait_s": 7200}, by=cast.bo, now=NOON)
    late = lead.post(page, {**FORM, "wait": "5", "_seen": opened})
    assert late.status_code == 400
    assert "Bo saved this while you were writing (for)" in late.content.decode()
    assert late.context["form"]["wait"].value() == "5"
    assert Rule.objects.get().wait_s == 7200
    assert lead.post(page, {**FORM, "wait": "5", "_seen": late.context["seen"]}).status_code == 302
    assert Rule.objects.get().wait_s == 5 * 86400


def test_what_is_refused_keeps_what_was_typed(cast: Cast, lead: Client) -> None:
    page = lead.post("/admin/time-rules/new/", {**FORM, "state": "waiting"})
    assert page.status_code == 400
    assert page.context["form"].errors.keys() == {"does"}
    assert "let go" in page.content.decode()
    wrong = lead.post("/admin/time-rules/", {"warn_at": "fifty", "notice_from_min": "10"})
    assert wrong.context["form"].errors.keys() == {"warn_at"}
    many = lead.post("/admin/time-rules/", {"warn_at": "120", "notice_from_min": "10"})
    assert many.context["form"].errors.keys() == {"warn_at"}


def test_warnings_are_saved_by_the_form(cast: Cast, lead: Client) -> None:
    asked = {"warn_at": "90，40", "notice_at": "", "notice_from_min": "10", "escalate_after_min": "15"}
    assert lead.post("/admin/time-rules/", asked).status_code == 302
    plan = Plan.objects.get(agency=cast.north)
    assert (plan.warn_at, plan.notice_at, plan.escalate_after_min, plan.first_share) == ([40, 90], None, 15, 40)


def test_another_agencys_rule_does_not_exist_here(cast: Cast, sign_in: SignIn) -> None:
    rule = save(cast)
    assert sign_in(cast.cy, SOUTH_HOST).get(f"/admin/time-rules/{rule.pk}/").status_code == 404
