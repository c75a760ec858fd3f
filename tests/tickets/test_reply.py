"""reply_to_ticket: a person answers the buyer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tenants.errors import DomainError, Invalid
from tenants.models import Store, User
from tests.cast import NOON, PNG, Cast
from tests.conftest import SignIn
from tests.scenes import buyer_writes, entry_of, kinds_of, left, waiting_ticket
from tickets.actions.attach import FileRefused
from tickets.actions.close import close
from tickets.actions.note import add_note
from tickets.actions.reply import KeyUsedBefore, TicketIsClosed, TicketMovedOn, reply_to_ticket
from tickets.channels import Channel
from tickets.desk.models import Outbox
from tickets.incoming import Upload
from tickets.models import Event, Message, Ticket

SOON = NOON + timedelta(seconds=20)


def answer(ticket: Ticket, author: User, body: str = "今天发货。", key: str = "k-1", **more: Any) -> Message:
    return reply_to_ticket(
        ticket, author=author, body=body, client_key=key, **{"seen_seq": ticket.last_seq, "now": SOON, **more}
    )


def test_reply_stops_the_clock_and_is_promised_to_the_buyer(cast: Cast, store_a: Store, ticket: Ticket) -> None:
    message = answer(ticket, cast.bo)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_since, ticket.first_response_at) == ("answered", None, SOON)
    assert (message.seq, message.kind, message.delivery) == (3, "agent", "pending")
    row = entry_of(ticket)
    assert row is not None
    assert (row.clock, row.due_at, row.state, row.last_seq) == ("", None, "answered", 3)
    promised = Outbox.objects.get(store=store_a, message_id=message.pk)
    assert (promised.channel, promised.carried_by_us, promised.next_try_at) == ("tmall", False, SOON)
    event = ticket.events.get(kind=Event.Kind.REPLIED)
    assert (event.actor, event.after) == (cast.bo, {"seq": 3, "waited_s": 20.0, "first": True})


def test_who_answers_first_has_the_ticket_and_keeps_it(cast: Cast, ticket: Ticket) -> None:
    answer(ticket, cast.bo)
    answer(ticket, cast.ann, "还有一件事。", "k-2")
    assert Ticket.objects.get(pk=ticket.pk).assignee == cast.bo


def test_sellers_answer_leaves_the_ticket_to_the_agency(cast: Cast, ticket: Ticket) -> None:
    """assign() refuses a seller, for they do not work here; an answer must not do it behind its back."""
    answer(ticket, cast.di)
    assert Ticket.objects.get(pk=ticket.pk).assignee is None


def test_double_click_makes_one_message(cast: Cast, ticket: Ticket) -> None:
    first = answer(ticket, cast.bo)
    again = answer(ticket, cast.bo, seen_seq=2, now=SOON + timedelta(seconds=1))
    assert again.pk == first.pk
    assert Message.objects.filter(ticket=ticket, kind="agent").count() == 1
    assert Outbox.objects.filter(message_id=first.pk).count() == 1


def test_same_key_for_another_text_is_refused(cast: Cast, ticket: Ticket) -> None:
    answer(ticket, cast.bo)
    with pytest.raises(KeyUsedBefore) as refused:
        answer(ticket, cast.bo, "something else")
    assert refused.value.field == "client_key"
    assert Ticket.objects.get(pk=ticket.pk).last_seq == 3


def test_key_of_a_note_is_no_reply(cast: Cast, ticket: Ticket) -> None:
    """Otherwise the page says "sent" and no buyer ever reads it."""
    add_note(ticket, author=cast.bo, body="今天发货。", client_key="k-1", now=NOON)
    with pytest.raises(KeyUsedBefore):
        answer(ticket, cast.bo)


def test_somebody_elses_key_is_refused(cast: Cast, ticket: Ticket) -> None:
    answer(ticket, cast.ann)
    with pytest.raises(KeyUsedBefore):
        answer(ticket, cast.bo)


def test_reply_over_an_unseen_message_is_refused(cast: Cast, ticket: Ticket) -> None:
    buyer_writes("x-2", "不要了，退款！")
    ticket.refresh_from_db()
    with pytest.raises(TicketMovedOn) as refused:
        answer(ticket, cast.bo, seen_seq=2)
    assert refused.value.details == {"seen_seq": 2, "last_seq": 3}
    assert Message.objects.filter(ticket=ticket, kind="agent").count() == 0


def test_colleagues_answer_counts_as_unseen(cast: Cast, ticket: Ticket) -> None:
    answer(ticket, cast.ann)
    with pytest.raises(TicketMovedOn):
        answer(ticket, cast.bo, "me too", "k-2", seen_seq=2)


def test_notes_and_automatic_words_do_not_hold_up_an_answer(cast: Cast, ticket: Ticket) -> None:
    add_note(ticket, author=cast.ann, body="VIP", client_key="n", now=NOON)
    assert answer(ticket, cast.bo, seen_seq=1).seq == 4


def test_closed_ticket_takes_no_answer(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.ann, now=NOON)
    with pytest.raises(TicketIsClosed):
        answer(ticket, cast.bo)
    assert kinds_of(ticket)[-1] == Event.Kind.CLOSED


def test_double_click_that_also_closed_gets_its_message_back(cast: Cast, ticket: Ticket) -> None:
    first = answer(ticket, cast.bo)
    close(ticket, by=cast.bo, now=SOON)
    assert answer(ticket, cast.bo, seen_seq=2).pk == first.pk


def test_question_after_the_answer_runs_the_other_clock(cast: Cast, ticket: Ticket) -> None:
    answer(ticket, cast.bo)
    buyer_writes("x-2", "几点？", at=NOON + timedelta(minutes=2))
    row = entry_of(ticket)
    assert row is not None
    assert (row.clock, row.due_at) == ("next", NOON + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("body", "error"),
    [("  \n", Invalid), ("x" * 10_001, Invalid), ("a\x00b", Invalid)],
)
def test_bad_text_names_its_field_and_leaves_nothing(
    cast: Cast, ticket: Ticket, body: str, error: type[DomainError]
) -> None:
    with pytest.raises(error) as refused:
        answer(ticket, cast.bo, body)
    assert refused.value.field == "body"
    assert Ticket.objects.get(pk=ticket.pk).last_seq == 2


def test_picture_alone_is_an_answer(cast: Cast, ticket: Ticket) -> None:
    message = answer(ticket, cast.bo, "", uploads=(Upload("../../size\u202e.png", PNG),))
    file = message.attachments.get()
    assert (file.name, file.content_type, file.size) == ("_.._size_.png", "image/png", len(PNG))
    assert file.file.name.startswith(f"{Store.objects.get(slug='store-a').schema_name}/")


@pytest.mark.parametrize(
    "upload",
    [
        Upload("page.html", b"<html><script>alert(1)</script>"),
        Upload("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        Upload("picture.png", b"<html>not a picture"),
        Upload("empty.png", b""),
        Upload("big.png", PNG + b"\0" * (10 * 1024 * 1024)),
    ],
    ids=lambda upload: upload.name,
)
def test_dangerous_file_is_refused_and_leaves_nothing(cast: Cast, ticket: Ticket, upload: Upload) -> None:
    with pytest.raises(FileRefused) as refused:
        answer(ticket, cast.bo, "see", uploads=(Upload("good.png", PNG), upload))
    assert refused.value.field == "files"
    assert Message.objects.filter(ticket=ticket, kind="agent").count() == 0


def test_too_many_files_are_refused(cast: Cast, ticket: Ticket) -> None:
    with pytest.raises(FileRefused):
        answer(ticket, cast.bo, "see", uploads=(Upload("a.png", PNG),) * 11)


def test_email_answer_is_carried_by_us(cast: Cast, store_a: Store) -> None:
    ticket = waiting_ticket(channel=Channel.EMAIL)
    message = answer(ticket, cast.bo)
    assert Outbox.objects.get(message_id=message.pk).carried_by_us


def test_desk_shows_what_was_missed_and_keeps_the_draft(cast: Cast, sign_in: SignIn, ticket: Ticket) -> None:
    url = f"/desk/store-a/{ticket.number}/reply/"
    typed = {"body": "my draft", "client_key": "k", "seen_seq": "0"}
    with left():
        partial = sign_in(cast.bo).post(url, typed, headers={"HX-Request": "true"})
        page = sign_in(cast.bo).post(url, typed)
    assert (partial.status_code, page.status_code) == (409, 409)
    assert "什么时候发货" in partial.content.decode()
    assert "my draft" in page.content.decode()
