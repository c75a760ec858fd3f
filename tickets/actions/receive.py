"""receive_message: a buyer's message enters a store. Every channel ends here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import DataError, transaction
from django.utils.translation import gettext_lazy as _

from tenants.context import ask, current_store, in_transaction
from tenants.errors import Conflict, Invalid
from tenants.hearing import Brought
from tickets.acknowledgement import acknowledgement, language_of
from tickets.actions.attach import attach
from tickets.actions.deliver import first_state
from tickets.actions.record import ENDING, Happened, Word, announce, ending, record
from tickets.channels import IN_CHINESE, Channel
from tickets.events.queries.words import own_words
from tickets.incoming import IncomingMessage
from tickets.models import Chat, Event, Message, Ticket
from tickets.models.ticket import Priority
from tickets.queries.brought import HOLDER, for_holder
from tickets.queries.chat import own_word
from tickets.queries.wait import expected_wait_now

LONGEST_TEXT = 20_000  # characters
# A buyer who writes again this soon after the end means the same matter.
REOPENS_WITHIN = timedelta(days=7)
AHEAD = timedelta(minutes=5)  # clocks differ; more is a mistake
BEHIND = timedelta(days=30)  # what is older comes in by an import, not as a message to be answered now


@dataclass(frozen=True)
class Received:
    """Where the message stands. `is_new` is False when it had been received before: nothing was changed then."""

    ticket_number: int
    seq: int
    message_id: int
    is_new: bool


class SameIdOtherText(Conflict):
    code = "external_id_reused"
    message = _("This external id was used before, for a message with another text or buyer.")


def receive_message(incoming: IncomingMessage, *, now: datetime) -> Received:
    """Files one message in the entered store: finds or opens its ticket, starts the clock, acknowledges an opening.

    All of it or nothing; the same message twice has one effect, also in parallel. Lock order: delivery, customer,
    ticket. Raises Invalid with the field at fault, SameIdOtherText when the id stands for something else.
    """
    _check(incoming, now)
    return _at_once(incoming, now) or _in_steps(incoming, now)


def _at_once(incoming: IncomingMessage, now: datetime) -> Received | None:
    """Into the buyer's open ticket, by one statement that needs no transaction around it: most messages.

    It is tried first, and costs an opening or a repeat one statement more.

    None, and nothing is written, where that is not all: there is no open ticket, or it was received before. Nor in a
    transaction of somebody else's, which would end with what takes it back.
    """
    if incoming.uploads or in_transaction():
        return None
    try:
        filed = _file(incoming, now, at_once=True)
    except DataError:  # the ticket was closed at this very moment; or there is something wrong, which the steps tell
        return None
    return _filed_in(incoming, filed, filed.number, now) if filed and filed.number else None


def _filed_in(incoming: IncomingMessage, filed: _Filed, number: int, now: datetime) -> Received:
    announce(Channel(incoming.channel), number, filed.seq, to_holder=_for_holder(incoming, filed, now))
    return Received(number, filed.seq, filed.message, is_new=True)


def _in_steps(incoming: IncomingMessage, now: datetime) -> Received:
    with transaction.atomic():
        filed = _file(incoming, now, at_once=False)
        if filed is None:
            return _received_before(incoming)
        number = filed.number
        received = _filed_in(incoming, filed, number, now) if number else _open(incoming, filed, now)
        if incoming.uploads:
            attach(Message.objects.get(pk=received.message_id), incoming.uploads)
        return received


def _check(incoming: IncomingMessage, now: datetime) -> None:
    if not incoming.text.strip() and not incoming.uploads:
        raise Invalid(_("Write something, or attach a file."), field="text")
    if len(incoming.text) > LONGEST_TEXT:
        raise Invalid(_("This text is longer than %(most)d characters.") % {"most": LONGEST_TEXT}, field="text")
    if incoming.sent_at and incoming.sent_at > now + AHEAD:
        raise Invalid(_("This time lies in the future."), field="sent_at")
    if incoming.sent_at and incoming.sent_at < now - BEHIND:
        raise Invalid(_("This time lies more than 30 days back: too old to be answered now."), field="sent_at")


# One statement. The delivery is claimed, and only for whoever claimed it the buyer's row is made or brought up to date;
# both stay locked until the end, so that another hand with the same message waits for it to be filed, and two first
# messages of a buyer open one ticket. Their open ticket, if there is one, waits for us again, and the message is in it.
# `xmax = 0` tells a row that was made from one that was there. %(at_once)s: all of it or nothing. Nothing is claimed
# without an open ticket, and where that is closed at this very moment, the division by zero takes all back.
_FILE: Final = f"""
WITH claimed AS (
  INSERT INTO desk_delivery (store_id, channel, external_id, received_at)
  SELECT %(store)s::bigint, %(channel)s::text, %(external_id)s::text, %(now)s::timestamptz
  WHERE NOT %(at_once)s::boolean OR EXISTS (
    SELECT FROM tickets_customer known
    JOIN tickets_ticket open ON open.customer_id = known.id AND open.state <> 'closed'
    WHERE known.channel = %(channel)s AND known.external_id = %(customer)s::text
  ) ON CONFLICT DO NOTHING RETURNING id
), buyer AS (
  INSERT INTO tickets_customer AS customer (channel, external_id, name, email, language, created_at)
  SELECT %(channel)s, %(customer)s, %(name)s, %(email)s, %(language)s, %(now)s FROM claimed
  ON CONFLICT (channel, external_id) DO UPDATE SET
    name = coalesce(nullif(EXCLUDED.name, ''), customer.name),
    email = coalesce(nullif(EXCLUDED.email, ''), customer.email),
    language = coalesce(nullif(EXCLUDED.language, ''), customer.language)
  RETURNING id, language, xmax = 0 AS is_new
), ticket AS (
  UPDATE tickets_ticket SET state = 'waiting', waiting_since = coalesce(waiting_since, %(since)s),
    last_message_at = %(now)s, last_seq = last_seq + 1
  WHERE number = (
    SELECT number FROM tickets_ticket WHERE customer_id = (SELECT id FROM buyer) AND state <> 'closed'
    ORDER BY number DESC LIMIT 1
  ) AND state <> 'closed'
  RETURNING *
) {ENDING}
SELECT buyer.id, buyer.language, buyer.is_new, ticket.number, ticket.last_seq, words.id, {HOLDER},
       1 / CASE WHEN %(at_once)s THEN coalesce(ticket.number, 0) ELSE 1 END
FROM buyer LEFT JOIN ticket ON true LEFT JOIN words ON true
"""


@dataclass(frozen=True)
class _Filed:
    """The buyer, and where the message went if they had an open ticket that the statement could see."""

    buyer: int
    language: str
    is_new: bool
    number: int | None
    seq: int
    message: int
    holder: int | None  # who has the chat and may hear at once what was said


def _file(incoming: IncomingMessage, now: datetime, *, at_once: bool) -> _Filed | None:
    """For the first to hand this message in; None for everybody after, once the first has committed.

    `at_once`: None also where nothing could be done but in steps; raises DataError where that was found out too late.
    """
    since = min(incoming.sent_at or now, now)
    received = Happened(Event.Kind.RECEIVED, tells_seq=True)
    values = {
        "at_once": at_once,
        "channel": incoming.channel,
        "external_id": incoming.external_id,
        "customer": incoming.customer_id,
        "name": incoming.customer_name,
        "email": incoming.customer_email,
        "language": incoming.language or language_of(incoming.text),
        **ending(Channel(incoming.channel), received, now=now, since=since, words=[Word(_message(incoming, now))]),
    }
    rows = ask(_FILE, values)
    return _Filed(*rows[0][:-1]) if rows else None


def _for_holder(incoming: IncomingMessage, filed: _Filed, now: datetime) -> Brought | None:
    if incoming.uploads:
        return None  # files are read with their names
    word = own_word(filed.seq, Message.Kind.BUYER, incoming.text, author="", client_id=None, at=now, card=incoming.card)
    return for_holder(filed.holder, word)


def _received_before(incoming: IncomingMessage) -> Received:
    message = (
        Message.objects.select_related("ticket__customer")
        .filter(external_id=incoming.external_id, ticket__channel=incoming.channel, kind=Message.Kind.BUYER)
        .first()
    )
    if message is None or message.body != incoming.text or message.ticket.customer.external_id != incoming.customer_id:
        raise SameIdOtherText(field="external_id")
    sizes = message.attachments.values_list("size", flat=True)
    if sorted(sizes) != sorted(len(upload.content) for upload in incoming.uploads):
        raise SameIdOtherText(field="files")
    return Received(message.ticket_id, message.seq, message.pk, is_new=False)


def _open(incoming: IncomingMessage, filed: _Filed, now: datetime) -> Received:
    """Opens or reopens a ticket, or goes on with one that came to be while we waited."""
    since = min(incoming.sent_at or now, now)
    ticket, happened = _find_or_open(incoming, filed, since, now)
    message = _message(incoming, now)
    words, events = [Word(message)], [Happened(Event.Kind.RECEIVED, after={"seq": ticket.last_seq + 1})]
    ticket.last_seq += 1
    if happened is not None:
        _begin_chat(ticket)
        since_then = {"since": ticket.opened_at.isoformat()}  # by the buyer's own clock: what reports count from
        events.insert(0, Happened(happened, after=since_then))
        word, acknowledged = _acknowledge(ticket, filed, now)
        words.append(word)
        events.append(acknowledged)
    for word in words:
        word.message.ticket = ticket
    message.seq = ticket.last_seq - len(words) + 1
    record(ticket, *events, now=now, words=words)
    return Received(ticket.number, message.seq, message.pk, is_new=True)


def _find_or_open(
    incoming: IncomingMessage, filed: _Filed, since: datetime, now: datetime
) -> tuple[Ticket, str | None]:
    """The ticket that the message belongs to, locked, and the event if it is opened or reopened."""
    tickets = Ticket.objects.select_for_update(no_key=True).filter(customer_id=filed.buyer).order_by("-number")
    if not filed.is_new:
        latest = tickets.exclude(state=Ticket.State.CLOSED).first() or tickets.first()
        if latest and not latest.is_closed:  # opened or reopened by somebody else, while we waited for them
            return _go_on(latest, since=since, now=now), None
        if latest and latest.closed_at and now - latest.closed_at <= REOPENS_WITHIN:
            return _reopen(latest, since=since, now=now), Event.Kind.REOPENED
    ticket = Ticket.objects.create(
        customer_id=filed.buyer,
        channel=incoming.channel,
        subject=incoming.subject,
        category=incoming.category,
        priority=incoming.priority or Priority.NORMAL,
        opened_at=since,
        waiting_since=since,
        last_message_at=now,
    )
    return ticket, Event.Kind.OPENED


def _go_on(ticket: Ticket, *, since: datetime, now: datetime) -> Ticket:
    """As the statement does it: the ticket waits for us again."""
    ticket.state = Ticket.State.WAITING
    ticket.waiting_since = ticket.waiting_since or since
    ticket.last_message_at = now
    return ticket


def _reopen(ticket: Ticket, *, since: datetime, now: datetime) -> Ticket:
    """A new opening: the first-response clock runs again, and it is acknowledged again."""
    ticket.state = Ticket.State.WAITING
    ticket.openings += 1
    ticket.opened_at = ticket.waiting_since = since
    ticket.first_response_at = ticket.closed_at = None
    ticket.last_message_at = now
    return ticket


def _begin_chat(ticket: Ticket) -> None:
    if ticket.channel == Channel.WIDGET:
        Chat.objects.get_or_create(ticket=ticket)


def _message(incoming: IncomingMessage, now: datetime) -> Message:
    return Message(
        kind=Message.Kind.BUYER,
        body=incoming.text,
        card=incoming.card,
        external_id=incoming.external_id,
        sent_at=incoming.sent_at or now,
        created_at=now,
    )


def _acknowledge(ticket: Ticket, filed: _Filed, now: datetime) -> tuple[Word, Happened]:
    """The next word: an acknowledgement, which is no human reply. No clock is touched."""
    wait = expected_wait_now(ticket.channel, now)
    language = filed.language or language_of_store()
    ticket.last_seq += 1
    word = Message(
        seq=ticket.last_seq,
        kind=Message.Kind.BOT,
        body=acknowledgement(language, wait, own_words(current_store().pk, language, now)),
        delivery=first_state(ticket.channel),
        sent_at=now,
        created_at=now,
    )
    told = {"seq": word.seq, "wait_s": wait and int(wait.total_seconds())}
    happened = Happened(Event.Kind.ACKNOWLEDGED, by="acknowledgement", after=told)
    return Word(word, Channel(ticket.channel)), happened


def language_of_store() -> str:
    """For a buyer whose words tell no language: the one of the store's marketplace."""
    return "zh" if current_store().marketplace in IN_CHINESE else "en"
