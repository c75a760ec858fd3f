"""close: the matter is settled."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import NOON, Cast
from tests.scenes import buyer_writes, entry_of, kinds_of
from tickets.actions.close import close
from tickets.actions.note import add_note
from tickets.actions.reply import TicketMovedOn
from tickets.models import Event, Ticket

SOON = NOON + timedelta(seconds=10)


def test_closing_ends_ticket_clock_and_queue_row(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.bo, now=SOON, through="cleaner")
    fresh = Ticket.objects.get(pk=ticket.pk)
    assert (fresh.state, fresh.waiting_since, fresh.closed_at) == ("closed", None, SOON)
    assert entry_of(ticket) is None
    event = ticket.events.get(kind=Event.Kind.CLOSED)
    assert (event.actor, event.by) == (cast.bo, "cleaner")
    assert event.before == {"state": "waiting", "waiting_since": NOON.isoformat()}


def test_closing_is_no_answer(cast: Cast, ticket: Ticket) -> None:
    assert close(ticket, by=cast.bo, now=SOON).first_response_at is None


def test_closing_twice_changes_nothing(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.bo, now=SOON)
    before = kinds_of(ticket)
    close(ticket, by=cast.ann, now=SOON + timedelta(hours=1))
    assert kinds_of(ticket) == before
    assert Ticket.objects.get(pk=ticket.pk).closed_at == SOON


def test_closing_over_an_unseen_message_is_refused(cast: Cast, ticket: Ticket) -> None:
    buyer_writes("x-2", "等一下")
    ticket.refresh_from_db()
    with pytest.raises(TicketMovedOn):
        close(ticket, by=cast.bo, now=SOON, seen_seq=2)
    assert not Ticket.objects.get(pk=ticket.pk).is_closed


def test_note_does_not_hold_up_a_closing(cast: Cast, ticket: Ticket) -> None:
    add_note(ticket, author=cast.ann, body="VIP", client_key="n", now=NOON)
    assert close(ticket, by=cast.bo, now=SOON, seen_seq=2).is_closed


def test_closing_too_late_writes_the_breach(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.bo, now=NOON + timedelta(minutes=5))
    assert kinds_of(ticket)[-2:] == [Event.Kind.BREACHED, Event.Kind.CLOSED]
