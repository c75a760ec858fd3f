"""deliver, note_delivery, try_again and the outbox: what we said travels to the buyer, once, and is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from tenants.context import in_store
from tenants.errors import Invalid, NotFound
from tenants.models import Store
from tests.cast import NOON, PNG, Cast
from tests.scenes import left, waiting_ticket
from tickets import jobs
from tickets.actions.close import close
from tickets.actions.deliver import LEASE, RETRIES, deliver, note_delivery, try_again
from tickets.actions.note import add_note
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.desk.models import Outbox
from tickets.incoming import Upload
from tickets.marketplaces import email
from tickets.models import Event, Message, Ticket
from tickets.queries import outbox

SENT, READ, FAILED, PENDING = "sent", "read", "failed", "pending"


@pytest.fixture
def letter(cast: Cast, store_a: Store) -> Message:
    """An answer by e-mail that waits to be carried; the acknowledgement before it is settled."""
    ticket = waiting_ticket(
        channel=Channel.EMAIL, customer_email="buyer@example.com", customer_name="Lee", subject="Lost  parcel"
    )
    note_delivery(ticket.messages.get(kind="bot").pk, SENT, now=NOON)
    return reply_to_ticket(
        ticket,
        author=cast.bo,
        body="It is on its way.",
        client_key="k",
        seen_seq=None,
        uploads=(Upload("label.png", PNG),),
        now=NOON,
    )


@pytest.fixture
def dead_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def send(_self: Any, _messages: Any) -> int:
        raise SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", send)


def row(message: Message) -> Outbox:
    return Outbox.objects.get(message_id=message.pk)


def state(message: Message) -> str:
    return Message.objects.get(pk=message.pk).delivery


def test_letter_leaves_once_and_is_settled(letter: Message) -> None:
    deliver(row(letter).pk, now=NOON)
    deliver(row(letter).pk, now=NOON + timedelta(days=1))
    assert len(mail.outbox) == 1
    assert (state(letter), row(letter).next_try_at) == (SENT, None)
    assert letter.ticket.events.filter(kind=Event.Kind.DELIVERY, after__seq=letter.seq).count() == 1


def test_letter_is_the_stores_and_tells_nothing_of_the_agency(letter: Message) -> None:
    deliver(row(letter).pk, now=NOON)
    sent = mail.outbox[0]
    assert (sent.to, sent.subject, sent.body) == (["buyer@example.com"], "Re: Lost parcel", "It is on its way.")
    assert sent.from_email.startswith("Store A <")
    assert sent.attachments[0][0] == "label.png"
    everything = sent.message().as_string()
    assert "Bo" not in everything.split()
    assert "bo@example.com" not in everything
    assert "North" not in everything


def test_acknowledgement_says_that_it_is_automatic(store_a: Store) -> None:
    ticket = waiting_ticket(channel=Channel.EMAIL, customer_email="buyer@example.com")
    deliver(row(ticket.messages.get(kind="bot")).pk, now=NOON)
    assert mail.outbox[0].extra_headers["Auto-Submitted"] == "auto-replied"


def test_what_is_not_due_stays(letter: Message) -> None:
    deliver(row(letter).pk, now=NOON - timedelta(seconds=1))
    assert mail.outbox == []


def test_lease_keeps_others_away_while_a_letter_is_on_its_way(letter: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    def slow(_store: Store, message: Message) -> str:
        sent.append(message.pk)
        deliver(row(message).pk, now=NOON + timedelta(seconds=1))  # another worker, meanwhile
        return ""

    monkeypatch.setattr(email, "send", slow)
    deliver(row(letter).pk, now=NOON)
    assert sent == [letter.pk]


def test_worker_that_died_left_a_row_that_becomes_due_again(letter: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_store: Store, _message: Message) -> str:
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):  # noqa: PT012
        patched.setattr(email, "send", die)
        deliver(row(letter).pk, now=NOON)
    assert (state(letter), row(letter).next_try_at) == (PENDING, NOON + LEASE)
    deliver(row(letter).pk, now=NOON + LEASE)
    assert (len(mail.outbox), state(letter)) == (1, SENT)


def test_dead_server_is_tried_again_and_at_last_shown_as_failed(letter: Message, dead_server: None) -> None:
    now = NOON
    for pause in RETRIES:
        deliver(row(letter).pk, now=now)
        assert (state(letter), row(letter).next_try_at) == (PENDING, now + pause)
        now += pause
    deliver(row(letter).pk, now=now)
    failed = Message.objects.get(pk=letter.pk)
    assert (failed.delivery, failed.delivery_error) == (FAILED, "SMTPServerDisconnected")
    assert row(letter).next_try_at is None


def test_buyer_without_an_address_is_a_failure_that_is_shown(store_a: Store) -> None:
    ticket = waiting_ticket(channel=Channel.EMAIL)
    bot = ticket.messages.get(kind="bot")
    deliver(row(bot).pk, now=NOON)
    assert row(bot).attempts == 1
    assert mail.outbox == []


def test_lost_file_is_a_failure_of_the_carrier_and_not_of_the_worker(letter: Message) -> None:
    """A disk that lost one file must not stop the letters behind it."""
    Path(letter.attachments.get().file.path).unlink()
    deliver(row(letter).pk, now=NOON)
    assert (state(letter), row(letter).attempts) == (PENDING, 1)


def test_unsendable_letter_is_a_failure_of_the_carrier_and_not_of_the_worker(
    letter: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter.ticket.customer.email = "buyer@example.com\nBcc: everybody@example.com"
    letter.ticket.customer.save()
    deliver(row(letter).pk, now=NOON)
    assert mail.outbox == []
    assert row(letter).attempts == 1


def test_message_of_another_store_is_not_carried_from_here(cast: Cast, letter: Message) -> None:
    outbox_id = row(letter).pk
    with left(), in_store(cast.b):
        deliver(outbox_id, now=NOON)
    assert mail.outbox == []
    assert row(letter).next_try_at == NOON


# ---------------------------------------------------------------- what became of it


@pytest.fixture
def answer(cast: Cast, ticket: Ticket) -> Message:
    """An answer on a channel whose connector carries it."""
    return reply_to_ticket(ticket, author=cast.bo, body="ok", client_key="k", seen_seq=None, now=NOON)


def test_delivery_goes_forward_and_never_back(answer: Message) -> None:
    for reported, shown in [
        (SENT, SENT),
        ("delivered", "delivered"),
        (SENT, "delivered"),
        (READ, READ),
        (FAILED, READ),
    ]:
        note_delivery(answer.pk, reported, now=NOON)
        assert state(answer) == shown
    reports = answer.ticket.events.filter(kind=Event.Kind.DELIVERY, after__seq=answer.seq)
    assert [event.after["delivery"] for event in reports.order_by("pk")] == [SENT, "delivered", READ]


def test_report_takes_the_message_out_of_the_connectors_poll(store_a: Store, answer: Message) -> None:
    assert answer.pk in Outbox.waiting_in(store_a).values_list("message_id", flat=True)
    note_delivery(answer.pk, SENT, external_id="tm-9", now=NOON)
    assert answer.pk not in Outbox.waiting_in(store_a).values_list("message_id", flat=True)
    assert Message.objects.get(pk=answer.pk).external_id == "tm-9"


def test_report_on_what_never_travelled_is_refused(cast: Cast, ticket: Ticket) -> None:
    note = add_note(ticket, author=cast.bo, body="x", client_key="n", now=NOON)
    for message in (note, ticket.messages.get(kind="buyer")):
        with pytest.raises(Invalid) as refused:
            note_delivery(message.pk, SENT, now=NOON)
        assert refused.value.field == "state"


def test_report_on_a_message_that_is_not_here_is_not_found(store_a: Store) -> None:
    for number in (10**6, 10**30):
        with pytest.raises(NotFound):
            note_delivery(number, SENT, now=NOON)


def test_failed_answer_is_tried_again_on_demand(store_a: Store, answer: Message) -> None:
    note_delivery(answer.pk, FAILED, error="blocked", now=NOON)
    try_again(answer.pk, by=answer.author, now=NOON)
    again = Message.objects.get(pk=answer.pk)
    assert (again.delivery, again.delivery_error) == (PENDING, "")
    assert answer.pk in Outbox.waiting_in(store_a).values_list("message_id", flat=True)
    note_delivery(answer.pk, SENT, now=NOON)
    assert state(answer) == SENT


def test_try_again_is_in_the_audit(answer: Message) -> None:
    """A verb writes its event: the history would otherwise go from "failed" to "sent" by itself."""
    note_delivery(answer.pk, FAILED, error="blocked", now=NOON)
    before = answer.ticket.events.count()
    try_again(answer.pk, by=answer.author, now=NOON)
    assert answer.ticket.events.count() == before + 1


def test_only_what_failed_is_tried_again(answer: Message) -> None:
    note_delivery(answer.pk, SENT, now=NOON)
    try_again(answer.pk, by=answer.author, now=NOON)
    assert (state(answer), row(answer).next_try_at) == (SENT, None)
    with pytest.raises(NotFound):
        try_again(10**6, by=answer.author, now=NOON)


# ---------------------------------------------------------------- the worker and the reconciler


@pytest.fixture
def outside(letter: Message) -> Iterator[Message]:
    """The letter, seen from where jobs begin: in public."""
    with left():
        yield letter


def test_reconciler_finds_the_store_and_the_worker_empties_it(cast: Cast, outside: Message) -> None:
    assert outbox.stores_with_mail_due(NOON) == [cast.a.pk]
    jobs.work_outbox(cast.a.pk)
    assert len(mail.outbox) == 1
    assert outbox.stores_with_mail_due(timezone.now()) == []
    jobs.work_outbox(cast.a.pk)
    assert len(mail.outbox) == 1


def test_what_a_connector_carries_is_not_ours(cast: Cast, store_a: Store, ticket: Ticket) -> None:
    with left():
        assert outbox.stores_with_mail_due(NOON + timedelta(days=1)) == []
        jobs.work_outbox(cast.a.pk)
    assert mail.outbox == []


@pytest.mark.parametrize("gone", ["closed", "missing"])
def test_store_that_is_gone_has_nothing_due(cast: Cast, outside: Message, gone: str) -> None:
    if gone == "closed":
        Store.objects.filter(pk=cast.a.pk).update(state=Store.State.SUSPENDED)
    jobs.work_outbox(cast.a.pk if gone == "closed" else 10**9)
    assert mail.outbox == []


def test_each_letter_is_leased_from_its_own_moment(
    cast: Cast, outside: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow server uses up the lease of the letters behind: counted from the batch's start, another worker that looks
    in meanwhile would send them a second time."""
    with in_store(cast.a):
        other = waiting_ticket(key="e-2", customer_id="other", channel=Channel.EMAIL, customer_email="o@example.com")
    moment = NOON
    taken: list[datetime] = []

    def clock() -> datetime:
        return moment

    def slow(outbox_id: int, *, now: datetime) -> None:
        nonlocal moment
        taken.append(now)
        moment += timedelta(minutes=3)

    monkeypatch.setattr(jobs.timezone, "now", clock)
    monkeypatch.setattr(jobs, "deliver", slow)
    jobs.work_outbox(cast.a.pk)
    assert other.number
    assert taken == [NOON, NOON + timedelta(minutes=3)]


def test_closing_takes_back_no_promise(cast: Cast, letter: Message) -> None:
    close(letter.ticket, by=cast.bo, now=NOON)
    deliver(row(letter).pk, now=NOON)
    assert state(letter) == SENT
