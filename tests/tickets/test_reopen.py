"""reopen: a person takes a closing back."""

from __future__ import annotations

from datetime import timedelta

from tenants.models import Store
from tests.cast import NOON, Cast
from tests.scenes import buyer_writes, clock_ticks, entry_of, kinds_of, left
from tickets.actions.close import close
from tickets.actions.reopen import reopen
from tickets.actions.reply import reply_to_ticket
from tickets.models import Event, Message, Ticket

SOON = NOON + timedelta(seconds=10)
LATER = NOON + timedelta(minutes=5)


def test_closing_and_reopening_wins_no_time(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.bo, now=SOON)
    reopen(ticket, by=cast.bo, now=LATER)
    fresh = Ticket.objects.get(pk=ticket.pk)
    assert (fresh.state, fresh.waiting_since, fresh.closed_at) == ("waiting", NOON, None)
    row = entry_of(ticket)
    assert row is not None
    assert (row.clock, row.due_at) == ("first", NOON + timedelta(seconds=30))


def test_answered_ticket_comes_back_answered(cast: Cast, ticket: Ticket) -> None:
    reply_to_ticket(ticket, author=cast.bo, body="ok", client_key="k", seen_seq=None, now=SOON)
    close(ticket, by=cast.bo, now=SOON)
    reopen(ticket, by=cast.ann, now=LATER)
    row = entry_of(ticket)
    assert row is not None
    assert (row.state, row.clock, row.due_at, row.assignee) == ("answered", "", None, cast.bo)


def test_nobody_wrote_so_nobody_is_acknowledged(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.bo, now=SOON)
    reopen(ticket, by=cast.bo, now=LATER)
    assert Message.objects.filter(ticket=ticket, kind="bot").count() == 1
    assert kinds_of(ticket)[-1] == Event.Kind.REOPENED


def test_reopening_an_open_ticket_changes_nothing(cast: Cast, ticket: Ticket) -> None:
    before = kinds_of(ticket)
    reopen(ticket, by=cast.bo, now=LATER)
    assert kinds_of(ticket) == before


def test_a_wait_breaches_once_even_if_it_was_closed_in_between(cast: Cast, store_a: Store, ticket: Ticket) -> None:
    close(ticket, by=cast.bo, now=LATER)
    assert kinds_of(ticket).count(Event.Kind.BREACHED) == 1
    reopen(ticket, by=cast.bo, now=LATER + timedelta(seconds=1))
    with left():
        clock_ticks(store_a, LATER + timedelta(seconds=2))
    assert kinds_of(ticket).count(Event.Kind.BREACHED) == 1


def test_buyer_who_writes_again_after_a_reopening_is_in_the_same_ticket(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.bo, now=SOON)
    reopen(ticket, by=cast.bo, now=LATER)
    again = buyer_writes("x-2", "在吗", at=LATER)
    assert again.ticket_number == ticket.number
    assert Ticket.objects.get(pk=ticket.pk).waiting_since == NOON
