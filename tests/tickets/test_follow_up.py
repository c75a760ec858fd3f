"""After a closing: a word to the buyer, or a task for an agent; once, by day, and not where they wrote meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tenants.context import in_store
from tenants.errors import DomainError
from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tests.scenes import buyer_writes, clock_ticks, entry_of, kinds_of, waiting_ticket
from tickets.actions.close import close
from tickets.actions.reopen import reopen
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.clocks.first_word import may_write_first
from tickets.clocks.rules import Does, problem_of
from tickets.clocks.rules import Rule as PureRule
from tickets.desk.models import Outbox, QueueEntry
from tickets.models import Message, Ticket
from tickets.models.event import ByTime
from tickets.policies.actions.set_hours import WantedDay, WantedTerms, set_hours, set_special_days
from tickets.policies.queries import forget_rules
from tickets.score.models import Happening
from tickets.timers.actions.set_rules import remove_rule, save_rule
from tickets.timers.models import FollowUp, Rule

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASK: dict[str, Any] = {
    "name": "call back",
    "state": "closed",
    "does": "nudge",
    "wait_s": 2 * 86400,
    "text_zh": "满意吗？",
}


@pytest.fixture(autouse=True)
def nobody_else_waits(cast: Cast) -> Iterator[None]:
    forget_rules()
    QueueEntry.objects.all().delete()
    yield
    forget_rules()


def save(cast: Cast, **more: Any) -> Rule:
    return save_rule(cast.north.pk, None, {**ASK, **more}, by=cast.ann, now=NOON)


def closed_ticket(cast: Cast, *, channel: Channel = Channel.EMAIL, at: datetime = NOON) -> Ticket:
    with in_store(cast.a):
        found = waiting_ticket(channel=channel, customer_email="b@example.com", at=at)
        reply_to_ticket(found, author=cast.ann, body="ok", client_key="k", seen_seq=None, now=at)
        return close(found, by=cast.ann, now=at)


def bots_since(cast: Cast, ticket: Ticket, seq: int) -> list[str]:
    with in_store(cast.a):
        return list(ticket.messages.filter(kind="bot", seq__gt=seq).values_list("body", flat=True))


def test_a_word_after_two_days_and_only_one(cast: Cast) -> None:
    rule = save(cast)
    ticket = closed_ticket(cast)
    assert clock_ticks(cast.a, NOON + 2 * DAY - HOUR) == []
    assert clock_ticks(cast.a, NOON + 2 * DAY) == [f"follow:{rule.pk}"]
    assert bots_since(cast, ticket, ticket.last_seq) == ["满意吗？"]
    assert clock_ticks(cast.a, NOON + 9 * DAY) == []
    with in_store(cast.a):
        ticket.refresh_from_db()
        assert ticket.is_closed
        assert kinds_of(ticket)[-1] == ByTime.RULE_ACTED
        word = ticket.messages.get(seq=ticket.last_seq)
        assert Outbox.objects.filter(store=cast.a, message_id=word.pk).exists()
        assert entry_of(ticket) is None


def test_not_where_the_buyer_wrote_again(cast: Cast) -> None:
    save(cast)
    ticket = closed_ticket(cast)
    with in_store(cast.a):
        buyer_writes("x-2", channel=Channel.EMAIL, at=NOON + DAY)
        ticket.refresh_from_db()
        assert not ticket.is_closed
        close(ticket, by=cast.ann, now=NOON + DAY + HOUR)
    assert len(clock_ticks(cast.a, NOON + 2 * DAY)) == 0  # another closing is another matter
    assert len(clock_ticks(cast.a, NOON + 3 * DAY + HOUR)) == 1


def test_not_where_the_ticket_is_open_again(cast: Cast) -> None:
    save(cast)
    ticket = closed_ticket(cast)
    with in_store(cast.a):
        reopen(ticket, by=cast.ann, now=NOON + HOUR)
    clock_ticks(cast.a, NOON + 2 * DAY)
    assert bots_since(cast, ticket, ticket.last_seq) == []


def elsewhere(ticket: Ticket, kind: str) -> Ticket:
    """Another ticket of the same buyer, with a word a day after the first was closed."""
    other = Ticket.objects.create(
        customer=ticket.customer, channel=ticket.channel, opened_at=NOON, last_message_at=NOON + DAY
    )
    Message.objects.create(ticket=other, seq=1, kind=kind, body="…", sent_at=NOON + DAY, created_at=NOON + DAY)
    return other


def test_where_they_wrote_elsewhere_the_history_says_why_not(cast: Cast) -> None:
    save(cast)
    ticket = closed_ticket(cast)
    with in_store(cast.a):
        other = elsewhere(ticket, Message.Kind.BUYER)
    clock_ticks(cast.a, NOON + 2 * DAY)
    with in_store(cast.a):
        event = ticket.events.get(kind=ByTime.NOT_FOLLOWED_UP)
        assert event.after == {"rule": "call back", "why": "buyer_wrote"}
        assert other.number != ticket.number
    assert bots_since(cast, ticket, ticket.last_seq) == []


def test_an_answer_of_ours_elsewhere_is_no_word_of_the_buyers(cast: Cast) -> None:
    save(cast)
    ticket = closed_ticket(cast)
    with in_store(cast.a):
        elsewhere(ticket, Message.Kind.AGENT)
    clock_ticks(cast.a, NOON + 2 * DAY)
    with in_store(cast.a):
        assert not ticket.events.filter(kind=ByTime.NOT_FOLLOWED_UP).exists()
    assert bots_since(cast, ticket, ticket.last_seq) == ["满意吗？"]


def test_a_task_for_an_agent_and_no_going_round_with_a_closing(cast: Cast) -> None:
    save(cast, does="reopen", wait_s=86400)
    save(cast, name="let go", state="answered", does="close", wait_s=3600)
    ticket = closed_ticket(cast)
    assert len(clock_ticks(cast.a, NOON + DAY)) == 1
    with in_store(cast.a):
        ticket.refresh_from_db()
        assert not ticket.is_closed
        assert entry_of(ticket) is not None
    clock_ticks(cast.a, NOON + DAY + timedelta(minutes=5))  # somebody has time to see it
    with in_store(cast.a):
        ticket.refresh_from_db()
        assert not ticket.is_closed
    for hour in range(1, 100):
        clock_ticks(cast.a, NOON + DAY + hour * HOUR)
    with in_store(cast.a):
        ticket.refresh_from_db()
        assert ticket.is_closed
        assert kinds_of(ticket).count("ticket.reopened") == 1
        assert "clock.breached" not in kinds_of(ticket)
    assert not FollowUp.objects.exists()


def test_a_marketplace_sees_nothing_of_a_task_that_a_rule_made(cast: Cast) -> None:
    """As a person's taking back of a closing: no new conversation begins, and no buyer came back."""
    save(cast, does="reopen", wait_s=86400)
    ticket = closed_ticket(cast)
    before = Happening.objects.filter(store=cast.a, ticket_number=ticket.number).count()
    clock_ticks(cast.a, NOON + DAY)
    with in_store(cast.a):
        assert "ticket.reopened" in kinds_of(ticket)
        assert Happening.objects.filter(ticket_number=ticket.number).count() == before
        close(Ticket.objects.get(pk=ticket.pk), by=cast.ann, now=NOON + DAY + HOUR)
        reopen(Ticket.objects.get(pk=ticket.pk), by=cast.ann, now=NOON + DAY + HOUR)
        latest = Happening.objects.filter(ticket_number=ticket.number).latest("pk")
    assert (latest.kind, latest.person_id) == ("reopened", cast.ann.pk)


def test_nobody_is_written_to_while_the_store_is_closed(cast: Cast) -> None:
    """Noon is eight in the evening in Shanghai."""
    save(cast)
    set_hours(cast.a, WantedTerms(NOON.date(), ("09:00-18:00",) * 7), by=cast.ann, now=NOON)
    ticket = closed_ticket(cast)
    nine = NOON + 2 * DAY + 13 * HOUR
    assert clock_ticks(cast.a, NOON + 2 * DAY + HOUR) == []
    set_special_days(cast.a, [WantedDay(date(2026, 11, 23), name="holiday")], by=cast.ann, now=NOON)
    assert len(clock_ticks(cast.a, nine)) == 1  # as was planned: but now it is a holiday
    assert bots_since(cast, ticket, ticket.last_seq) == []
    clock_ticks(cast.a, nine + DAY)
    assert bots_since(cast, ticket, ticket.last_seq) == ["满意吗？"]


def test_tiktok_forbids_a_first_word_after_thirty_days(cast: Cast) -> None:
    save(cast, wait_s=31 * 86400)
    ticket = closed_ticket(cast, channel=Channel.TIKTOK_SHOP)
    clock_ticks(cast.a, NOON + 31 * DAY)
    assert bots_since(cast, ticket, ticket.last_seq) == []
    with in_store(cast.a):
        assert ticket.events.get(kind=ByTime.NOT_FOLLOWED_UP).after["why"] == "too_long_ago"


def test_may_write_first() -> None:
    def may(channel: str, days: int, order: int | None = None) -> bool:
        last_order = None if order is None else NOON - order * DAY
        return may_write_first(channel, last_conversation=NOON - days * DAY, last_order=last_order, now=NOON)

    assert may("tiktok_shop", 30)
    assert not may("tiktok_shop", 31)
    assert may("tiktok_shop", 31, order=60)
    assert not may("tiktok_shop", 31, order=61)
    assert may("email", 365)


def test_rules_that_do_not_match_plan_nothing(cast: Cast) -> None:
    save(cast, name="only urgent", priorities=[1])
    save(cast, name="off", is_on=False)
    save_rule(cast.south.pk, None, ASK, by=cast.cy, now=NOON)
    closed_ticket(cast)
    assert not FollowUp.objects.exists()


def test_a_rule_that_is_gone_wants_nothing_any_more(cast: Cast) -> None:
    rule = save(cast)
    ticket = closed_ticket(cast)
    assert FollowUp.objects.count() == 1
    remove_rule(rule, by=cast.ann, now=NOON)
    clock_ticks(cast.a, NOON + 2 * DAY)
    assert bots_since(cast, ticket, ticket.last_seq) == []


@pytest.mark.parametrize(
    ("state", "does", "why"),
    [
        ("closed", "close", "closed"),
        ("closed", "assign", "closed"),
        ("closed", "priority", "closed"),
        ("answered", "reopen", "not_closed"),
        ("waiting", "reopen", "not_closed"),
        ("closed", "nudge", None),
        ("closed", "reopen", None),
        ("answered", "nudge", None),
        ("waiting", "close", "buyer_waits"),
    ],
)
def test_what_may_follow_a_closing(state: str, does: str, why: str | None) -> None:
    found = problem_of(PureRule(1, "x", state, DAY, Does(does), to=7, priority=1))
    assert (found and found.why) == why


def test_refusals_name_their_field(cast: Cast) -> None:
    with pytest.raises(DomainError) as refused:
        save(cast, does="close")
    assert refused.value.field == "does"


def test_the_page_offers_it(cast: Cast, sign_in: SignIn) -> None:
    lead: Client = sign_in(cast.ann)
    form = {"name": "call back", "state": "closed", "does": "reopen", "wait": "2", "unit": "d", "order": "5",
            "is_on": "on"}  # fmt: skip
    shown = lead.post("/admin/time-rules/new/", {**form, "do": "preview"})
    assert shown.context["preview"].is_of_closed
    assert lead.post("/admin/time-rules/new/", form).status_code == 302
    assert Rule.objects.get().state == "closed"
