"""add_note: something between colleagues."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenants.errors import Invalid
from tests.cast import NOON, Cast
from tests.scenes import entry_of
from tickets.actions.close import close
from tickets.actions.note import add_note
from tickets.actions.reply import KeyUsedBefore, reply_to_ticket
from tickets.desk.models import Outbox
from tickets.models import Event, Message, Ticket

LATER = NOON + timedelta(minutes=1)


def test_note_changes_no_clock_and_goes_to_nobody(cast: Cast, ticket: Ticket) -> None:
    before = entry_of(ticket)
    note = add_note(ticket, author=cast.bo, body="VIP", client_key="n", now=LATER)
    after = entry_of(ticket)
    assert before is not None
    assert after is not None
    assert (after.state, after.clock, after.due_at, after.last_message_at) == (
        before.state,
        before.clock,
        before.due_at,
        before.last_message_at,
    )
    assert after.last_seq == note.seq == 3
    assert (note.delivery, Outbox.objects.filter(message_id=note.pk).exists()) == ("", False)
    assert ticket.events.get(kind=Event.Kind.NOTED).actor == cast.bo
    fresh = Ticket.objects.get(pk=ticket.pk)
    assert (fresh.state, fresh.first_response_at, fresh.assignee) == ("waiting", None, None)


def test_note_twice_is_one_note(cast: Cast, ticket: Ticket) -> None:
    first = add_note(ticket, author=cast.bo, body="VIP", client_key="n", now=LATER)
    assert add_note(ticket, author=cast.bo, body="VIP", client_key="n", now=LATER).pk == first.pk
    assert Message.objects.filter(ticket=ticket, kind="note").count() == 1


def test_key_of_a_reply_is_no_note(cast: Cast, ticket: Ticket) -> None:
    reply_to_ticket(ticket, author=cast.bo, body="VIP", client_key="n", seen_seq=None, now=LATER)
    with pytest.raises(KeyUsedBefore):
        add_note(ticket, author=cast.bo, body="VIP", client_key="n", now=LATER)


def test_closed_ticket_can_be_noted_and_stays_closed(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.ann, now=NOON)
    add_note(ticket, author=cast.bo, body="for later", client_key="n", now=LATER)
    assert Ticket.objects.get(pk=ticket.pk).is_closed
    assert entry_of(ticket) is None


@pytest.mark.parametrize("body", ["", " \n ", "x" * 10_001, "\x00"])
def test_bad_note_names_its_field_and_leaves_nothing(cast: Cast, ticket: Ticket, body: str) -> None:
    with pytest.raises(Invalid) as refused:
        add_note(ticket, author=cast.bo, body=body, client_key="n", now=LATER)
    assert refused.value.field == "body"
    assert Ticket.objects.get(pk=ticket.pk).last_seq == 2
