"""deliver, note_delivery, try_again and the outbox: what we said travels to the buyer, once, and is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from rq.timeouts import JobTimeoutException

from tenants import live
from tenants.access import Action, store_for
from tenants.context import in_store
from tenants.errors import Forbidden, Invalid, NotFound
from tenants.models import ApiToken, Store
from tenants.queries import StoreGone
from tests.cast import NOON, PNG, Cast
from tests.scenes import left, waiting_ticket
from tickets import jobs
from tickets.actions.close import close
from tickets.actions.deliver import CUT_OFF, LEASE, RETRIES, TRIES, deliver, note_delivery, try_again
from tickets.actions.note import add_note
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.desk.models import Outbox
from tickets.incoming import Upload
from tickets.marketplaces import email
from tickets.models import Event, Message, Ticket
from tickets.queries import outbox
from tickets.rows import OutgoingRow

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


@pytest.mark.parametrize("end", [SystemExit, JobTimeoutException])
def test_tries_that_were_cut_off_count_and_come_to_an_end(
    letter: Message, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    """A mail server that hangs until RQ's limit, or a worker that is killed each time: shown as failed at last."""
    tries = []

    def cut(_store: Store, message: Message) -> str:
        tries.append(message.pk)
        raise end

    monkeypatch.setattr(email, "send", cut)
    now = NOON
    for count in range(1, TRIES + 1):
        with pytest.raises(end):
            deliver(row(letter).pk, now=now)
        now += LEASE
        assert (state(letter), row(letter).attempts, row(letter).next_try_at) == (PENDING, count, now)
    deliver(row(letter).pk, now=now)
    failed = Message.objects.get(pk=letter.pk)
    assert (failed.delivery, failed.delivery_error, len(tries)) == (FAILED, CUT_OFF, TRIES)
    assert row(letter).next_try_at is None


def test_failed_try_takes_no_report_back(letter: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    """While our try is on its way, somebody reports that it was sent."""

    def fail(_store: Store, message: Message) -> str:
        note_delivery(message.pk, SENT, now=NOON)
        return "gone"

    monkeypatch.setattr(email, "send", fail)
    deliver(row(letter).pk, now=NOON)
    assert (state(letter), row(letter).next_try_at) == (SENT, None)


# ---------------------------------------------------------------- in order


def second(cast: Cast, letter: Message) -> Message:
    """Another answer in the letter's ticket."""
    return reply_to_ticket(letter.ticket, author=cast.bo, body="And more.", client_key="k2", seen_seq=None, now=NOON)


def test_letter_overtakes_no_earlier_one_of_its_ticket(cast: Cast, letter: Message, dead_server: None) -> None:
    later = second(cast, letter)
    deliver(row(letter).pk, now=NOON)  # in vain: tried again in ten seconds
    assert outbox.mail_due_in(cast.a, NOON) == []
    deliver(row(later).pk, now=NOON)
    assert row(later).attempts == 0
    note_delivery(letter.pk, SENT, now=NOON)
    assert outbox.mail_due_in(cast.a, NOON) == [row(later).pk]


def test_letter_waits_neither_for_a_failed_one_nor_for_another_tickets(cast: Cast, letter: Message) -> None:
    other = waiting_ticket(key="e-2", customer_id="other", channel=Channel.EMAIL, customer_email="o@example.com")
    bot, later = other.messages.get(kind="bot"), second(cast, letter)
    assert outbox.mail_due_in(cast.a, NOON) == [row(letter).pk, row(bot).pk]
    note_delivery(letter.pk, FAILED, now=NOON)
    assert outbox.mail_due_in(cast.a, NOON) == [row(bot).pk, row(later).pk]


def test_letters_go_in_the_order_in_which_they_were_written(cast: Cast, letter: Message) -> None:
    """Also when the earlier one became due later, after a try in vain."""
    other = waiting_ticket(key="e-2", customer_id="other", channel=Channel.EMAIL, customer_email="o@example.com")
    Outbox.objects.filter(pk=row(letter).pk).update(next_try_at=NOON + timedelta(seconds=10))
    due = outbox.mail_due_in(cast.a, NOON + timedelta(seconds=10))
    assert due == [row(letter).pk, row(other.messages.get(kind="bot")).pk]


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


def waiting(cast: Cast, **asked: int) -> list[OutgoingRow]:
    """What the connector of store A is shown."""
    with left():
        token = ApiToken(person=cast.ann, agency=cast.north, scope=ApiToken.Scope.WRITE)
        caller = replace(cast.caller(cast.ann), token=token)
        store = store_for(caller, "store-a", Action.DELIVER)
        return outbox.outgoing_page(caller, store, **{"after": 0, "limit": 100, **asked})


def test_report_takes_the_message_out_of_the_connectors_poll(cast: Cast, answer: Message) -> None:
    assert answer.pk in [row.id for row in waiting(cast)]
    note_delivery(answer.pk, SENT, external_id="tm-9", now=NOON)
    assert answer.pk not in [row.id for row in waiting(cast)]
    assert Message.objects.get(pk=answer.pk).external_id == "tm-9"


def test_connector_is_shown_what_it_needs_in_order_and_by_pages(cast: Cast, ticket: Ticket, answer: Message) -> None:
    shown = [row for row in waiting(cast) if row.ticket == ticket.number]
    assert [(row.kind, row.channel, row.customer) for row in shown] == [
        ("bot", "tmall", "new-buyer"),
        ("agent", "tmall", "new-buyer"),
    ]
    assert (shown[1].id, shown[1].seq, shown[1].body, shown[1].attachments) == (answer.pk, answer.seq, "ok", ())
    assert waiting(cast, after=shown[0].id) == [shown[1]]
    assert waiting(cast, after=shown[0].id - 1, limit=1) == [shown[0]]


def test_connectors_list_asks_the_gate(cast: Cast, answer: Message) -> None:
    """A person at the desk is no connector."""
    with left():
        caller = cast.caller(cast.ann)
        store = store_for(caller, "store-a", Action.VIEW)
        with pytest.raises(Forbidden):
            outbox.outgoing_page(caller, store, after=0, limit=1)


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


def test_failed_answer_is_tried_again_on_demand(cast: Cast, answer: Message) -> None:
    note_delivery(answer.pk, FAILED, error="blocked", now=NOON)
    try_again(answer.ticket, answer.pk, by=answer.author, now=NOON)
    again = Message.objects.get(pk=answer.pk)
    assert (again.delivery, again.delivery_error) == (PENDING, "")
    assert answer.pk in [row.id for row in waiting(cast)]
    note_delivery(answer.pk, SENT, now=NOON)
    assert state(answer) == SENT


def test_try_again_is_in_the_audit(answer: Message) -> None:
    """A verb writes its event: the history would otherwise go from "failed" to "sent" by itself."""
    note_delivery(answer.pk, FAILED, error="blocked", now=NOON)
    before = answer.ticket.events.count()
    try_again(answer.ticket, answer.pk, by=answer.author, now=NOON)
    assert answer.ticket.events.count() == before + 1


def test_only_what_failed_is_tried_again(answer: Message) -> None:
    note_delivery(answer.pk, SENT, now=NOON)
    try_again(answer.ticket, answer.pk, by=answer.author, now=NOON)
    assert (state(answer), row(answer).next_try_at) == (SENT, None)
    with pytest.raises(NotFound):
        try_again(answer.ticket, 10**6, by=answer.author, now=NOON)


def test_message_of_another_ticket_is_not_tried_again_from_here(answer: Message) -> None:
    other = waiting_ticket(key="e-2", customer_id="other")
    note_delivery(answer.pk, FAILED, now=NOON)
    with pytest.raises(NotFound):
        try_again(other, answer.pk, by=answer.author, now=NOON)
    assert state(answer) == FAILED


def test_try_again_is_announced(answer: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    note_delivery(answer.pk, FAILED, now=NOON)
    told = []
    monkeypatch.setattr(live, "announce", lambda store, *, ticket, seq: told.append((store.slug, ticket, seq)))
    try_again(answer.ticket, answer.pk, by=answer.author, now=NOON)
    assert told == [("store-a", answer.ticket.number, answer.ticket.last_seq)]


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
def test_store_that_is_gone_fails_and_sends_nothing(cast: Cast, outside: Message, gone: str) -> None:
    if gone == "closed":
        Store.objects.filter(pk=cast.a.pk).update(state=Store.State.SUSPENDED)
        assert outbox.stores_with_mail_due(NOON) == []
    with pytest.raises(StoreGone):
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

    monkeypatch.setattr(jobs, "database_now", clock)
    monkeypatch.setattr(jobs, "deliver", slow)
    jobs.work_outbox(cast.a.pk)
    assert other.number
    assert taken == [NOON, NOON + timedelta(minutes=3)]


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    nudged: list[int] = []
    monkeypatch.setattr(jobs, "nudge", lambda _job, store_id: nudged.append(store_id))
    return nudged


def test_worker_begins_no_letter_when_its_time_is_up_and_asks_for_another_turn(
    cast: Cast, outside: Message, monkeypatch: pytest.MonkeyPatch, nudged: list[int]
) -> None:
    """RQ's limit is 60 seconds; a letter that is on its way then would be sent twice."""
    with in_store(cast.a):
        for index in (2, 3):
            waiting_ticket(
                key=f"e-{index}", customer_id=f"c-{index}", channel=Channel.EMAIL, customer_email="o@example.com"
            )
    elapsed = 0.0

    def slow(_store: Store, _message: Message) -> str:
        nonlocal elapsed
        elapsed += 20
        return ""

    monkeypatch.setattr(jobs.time, "monotonic", lambda: elapsed)
    monkeypatch.setattr(email, "send", slow)
    jobs.work_outbox(cast.a.pk)
    assert (elapsed, nudged) == (40.0, [cast.a.pk])
    jobs.work_outbox(cast.a.pk)
    assert (elapsed, nudged) == (60.0, [cast.a.pk])


def test_worker_asks_for_another_turn_for_what_had_to_wait_for_an_earlier_letter(
    cast: Cast, letter: Message, nudged: list[int]
) -> None:
    second(cast, letter)
    with left():
        jobs.work_outbox(cast.a.pk)
        assert (len(mail.outbox), nudged) == (1, [cast.a.pk])
        jobs.work_outbox(cast.a.pk)
    assert [sent.body for sent in mail.outbox] == ["It is on its way.", "And more."]
    assert nudged == [cast.a.pk]


def test_worker_whose_letters_all_fail_asks_for_nothing(
    cast: Cast, outside: Message, dead_server: None, nudged: list[int]
) -> None:
    """They wait for their next try: another turn now would find nothing, over and over."""
    jobs.work_outbox(cast.a.pk)
    assert nudged == []


def test_closing_takes_back_no_promise(cast: Cast, letter: Message) -> None:
    close(letter.ticket, by=cast.bo, now=NOON)
    deliver(row(letter).pk, now=NOON)
    assert state(letter) == SENT


def test_buyer_without_an_address_is_told_at_once(cast: Cast) -> None:
    """Trying again for hours mends nothing: the agent sees "not sent" and why."""
    with in_store(cast.a):
        silent = waiting_ticket(key="no-mail", customer_id="nobody", channel=Channel.EMAIL)
        word = Message.objects.get(ticket=silent, kind="bot")
        deliver(Outbox.objects.get(store=cast.a, message_id=word.pk).pk, now=NOON)
        word.refresh_from_db()
    assert (word.delivery, word.delivery_error) == ("failed", "no e-mail address")
