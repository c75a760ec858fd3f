"""receive_message: a buyer's message enters a store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tenants.errors import Invalid
from tenants.models import Store
from tests.cast import NOON, PNG, Cast
from tests.scenes import buyer_writes, entry_of, kinds_of, waiting_ticket
from tickets.actions import receive
from tickets.actions.close import close
from tickets.actions.receive import Received, SameIdOtherText, receive_message
from tickets.actions.reopen import reopen
from tickets.channels import Channel
from tickets.desk.models import Delivery, Outbox, QueueEntry
from tickets.incoming import IncomingMessage, Upload
from tickets.models import Event, Message, Ticket
from tickets.policies.queries import rules_of


def write(key: str = "x-1", text: str = "什么时候发货？", *, at: Any = NOON, **more: Any) -> Received:
    incoming = IncomingMessage(
        **{"channel": Channel.TMALL, "external_id": key, "customer_id": "new-buyer", "text": text, **more}
    )
    return receive_message(incoming, now=at)


def entry(number: int) -> QueueEntry:
    return QueueEntry.objects.get(store__slug="store-a", ticket_number=number)


def test_first_message_opens_a_ticket_with_its_clock(store_a: Store) -> None:
    got = write()
    ticket = Ticket.objects.get(pk=got.ticket_number)
    assert (ticket.state, ticket.waiting_since, ticket.first_response_at) == ("waiting", NOON, None)
    row = entry(got.ticket_number)
    assert (row.clock, row.due_at) == ("first", NOON + timedelta(seconds=30))
    kinds = list(ticket.events.order_by("pk").values_list("kind", flat=True))
    assert kinds == [Event.Kind.OPENED, Event.Kind.RECEIVED, Event.Kind.ACKNOWLEDGED]


def test_opening_is_acknowledged_once_in_the_buyers_language(store_a: Store) -> None:
    number = write().ticket_number
    write("x-2", "在吗？")
    bots = Message.objects.filter(ticket=number, kind=Message.Kind.BOT)
    assert bots.count() == 1
    assert bots.get().body.startswith("您好")
    assert Outbox.objects.get(store=store_a, message_id=bots.get().pk).next_try_at == NOON
    english = write("x-3", "Where is my order?", customer_id="another").ticket_number
    assert Message.objects.get(ticket=english, kind=Message.Kind.BOT).body.startswith("Thank you")


def test_acknowledgement_is_no_human_reply(store_a: Store) -> None:
    ticket = Ticket.objects.get(pk=write().ticket_number)
    assert ticket.first_response_at is None
    assert ticket.state == Ticket.State.WAITING
    assert entry(ticket.number).clock == "first"


def test_same_message_twice_has_one_effect(store_a: Store) -> None:
    first = write()
    again = write(at=NOON + timedelta(hours=1))
    assert (again.is_new, again.message_id, again.seq) == (False, first.message_id, first.seq)
    assert Message.objects.filter(ticket=first.ticket_number, kind="buyer").count() == 1
    assert Delivery.objects.filter(store=store_a, external_id="x-1").count() == 1


@pytest.mark.parametrize("other", [{"text": "something else"}, {"customer_id": "somebody-else"}])
def test_same_id_with_something_else_is_refused_and_changes_nothing(store_a: Store, other: dict[str, str]) -> None:
    number = write().ticket_number
    before = (Message.objects.count(), Ticket.objects.count())
    with pytest.raises(SameIdOtherText) as refused:
        write(**other)
    assert refused.value.field == "external_id"
    assert (Message.objects.count(), Ticket.objects.count()) == before
    assert Ticket.objects.get(pk=number).last_seq == 2


def test_same_id_on_another_channel_is_another_message(store_a: Store) -> None:
    assert write().is_new
    assert write(channel=Channel.EMAIL).is_new


def test_wait_keeps_its_beginning_when_the_buyer_writes_again(store_a: Store) -> None:
    number = write().ticket_number
    write("x-2", "？？", at=NOON + timedelta(minutes=5))
    assert entry(number).due_at == NOON + timedelta(seconds=30)


def test_late_message_has_waited_since_it_was_written(store_a: Store) -> None:
    number = write(sent_at=NOON - timedelta(hours=2)).ticket_number
    assert entry(number).due_at == NOON - timedelta(hours=2) + timedelta(seconds=30)


def test_buyer_who_writes_after_the_end_reopens_the_ticket(cast: Cast, store_a: Store) -> None:
    number = write().ticket_number
    close(Ticket.objects.get(pk=number), by=cast.ann, now=NOON)
    assert not QueueEntry.objects.filter(store=store_a, ticket_number=number).exists()
    again = write("x-2", "还没收到", at=NOON + timedelta(days=1))
    ticket = Ticket.objects.get(pk=number)
    assert again.ticket_number == number
    assert (ticket.state, ticket.openings) == ("waiting", 2)
    assert Message.objects.filter(ticket=number, kind="bot").count() == 2
    assert entry(number).clock == "first"


def test_long_after_the_end_it_is_a_new_matter(cast: Cast, store_a: Store) -> None:
    number = write().ticket_number
    close(Ticket.objects.get(pk=number), by=cast.ann, now=NOON)
    assert write("x-2", at=NOON + timedelta(days=8)).ticket_number != number


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("text", {"text": "  \n "}),
        ("text", {"text": "x" * 20_001}),
        ("sent_at", {"sent_at": NOON + timedelta(minutes=6)}),
        ("sent_at", {"sent_at": NOON - timedelta(days=31)}),
    ],
)
def test_bad_input_names_its_field_and_leaves_nothing(store_a: Store, field: str, more: dict[str, Any]) -> None:
    before = (Ticket.objects.count(), Delivery.objects.count())
    with pytest.raises(Invalid) as refused:
        write(**more)
    assert refused.value.field == field
    assert (Ticket.objects.count(), Delivery.objects.count()) == before


def test_store_of_the_row_is_the_store_that_is_entered(store_a: Store) -> None:
    number = write().ticket_number
    assert entry(number).store_id == store_a.pk


def test_same_id_with_another_picture_is_refused(store_a: Store) -> None:
    assert write(uploads=(Upload("a.png", PNG),)).is_new
    assert not write(uploads=(Upload("b.png", PNG),)).is_new
    with pytest.raises(SameIdOtherText) as refused:
        write()
    assert refused.value.field == "files"


def test_ticket_reopened_by_hand_while_a_newer_one_is_closed_goes_on(cast: Cast, store_a: Store) -> None:
    old = write().ticket_number
    close(Ticket.objects.get(pk=old), by=cast.ann, now=NOON)
    new = write("x-2", at=NOON + timedelta(days=8)).ticket_number
    close(Ticket.objects.get(pk=new), by=cast.ann, now=NOON + timedelta(days=8))
    reopen(Ticket.objects.get(pk=old), by=cast.ann, now=NOON + timedelta(days=9))
    assert write("x-3", at=NOON + timedelta(days=20)).ticket_number == old


def test_ticket_that_is_reopened_at_the_same_moment_is_not_doubled(
    cast: Cast, store_a: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message saw the ticket closed, waited for whoever held it, and got it open."""
    number = write().ticket_number
    close(Ticket.objects.get(pk=number), by=cast.ann, now=NOON)
    file = receive._file

    def and_somebody_reopens(*args: Any, at_once: bool) -> Any:
        filed = file(*args, at_once=at_once)
        if at_once:
            assert filed is None
            return None
        assert filed
        assert filed.number is None
        reopen(Ticket.objects.get(pk=number), by=cast.ann, now=NOON)
        return filed

    monkeypatch.setattr(receive, "_file", and_somebody_reopens)
    received = write("x-2", at=NOON + timedelta(days=30))
    assert (received.ticket_number, received.seq) == (number, 3)
    assert kinds_of(Ticket.objects.get(pk=number))[-1] == "message.received"


def test_word_into_an_open_ticket_is_one_statement(store_a: Store, django_assert_num_queries: Any) -> None:
    number = write().ticket_number
    rules_of(store_a, NOON)  # read once for some seconds
    with django_assert_num_queries(1):
        assert write("x-2", "在吗？").ticket_number == number


def test_late_message_does_not_bring_the_end_of_a_wait_forward(store_a: Store) -> None:
    ticket = waiting_ticket(at=NOON)
    due = entry_of(ticket).due_at
    buyer_writes("x-2", at=NOON + timedelta(seconds=9), sent_at=NOON - timedelta(hours=3))
    assert (entry_of(ticket).waiting_since, entry_of(ticket).due_at) == (NOON, due)
