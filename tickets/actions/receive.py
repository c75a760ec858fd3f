"""receive_message: a buyer's message enters a store. Every channel ends here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from tenants.context import current_store
from tenants.errors import Conflict, Invalid
from tickets.acknowledgement import acknowledgement, language_of
from tickets.actions.attach import attach
from tickets.actions.deliver import first_state, promise
from tickets.actions.record import Happened, record
from tickets.channels import Channel
from tickets.incoming import IncomingMessage
from tickets.models import Chat, Event, Message, Ticket
from tickets.models.ticket import Priority
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

    One transaction; the same message twice has one effect, also in parallel. Lock order: delivery, customer, ticket.
    Raises Invalid with the field at fault, SameIdOtherText when the id stands for something else.
    """
    _check(incoming, now)
    with transaction.atomic():
        customer = _claim(incoming, now)
        if customer is None:
            return _received_before(incoming)
        ticket, opening = _find_or_open(incoming, customer, now)
        message = _message(incoming, ticket, seq=ticket.last_seq - (1 if opening else 0), now=now)
        received = Happened(Event.Kind.RECEIVED, after={"seq": message.seq})
        if opening:
            _begin_chat(ticket)
            events = [Happened(opening), received, _acknowledge(ticket, message, customer, now)]
        else:
            message.save()
            events = [received]
        attach(message, incoming.uploads)
        record(ticket, *events, now=now)
        return Received(ticket.number, message.seq, message.pk, is_new=True)


def _check(incoming: IncomingMessage, now: datetime) -> None:
    if not incoming.text.strip() and not incoming.uploads:
        raise Invalid(_("Write something, or attach a file."), field="text")
    if len(incoming.text) > LONGEST_TEXT:
        raise Invalid(_("This text is longer than %(most)d characters.") % {"most": LONGEST_TEXT}, field="text")
    if incoming.sent_at and incoming.sent_at > now + AHEAD:
        raise Invalid(_("This time lies in the future."), field="sent_at")
    if incoming.sent_at and incoming.sent_at < now - BEHIND:
        raise Invalid(_("This time lies more than 30 days back: too old to be answered now."), field="sent_at")


# One statement: the delivery is claimed, and only for whoever claimed it the buyer's row is made or brought up to date.
# Both rows stay locked until the end, so that another hand with the same message waits for it to be filed, and two
# first messages of a buyer open one ticket. `xmax = 0` tells a row that was made from one that was there.
_CLAIM = """
WITH claimed AS (
  INSERT INTO desk_delivery (store_id, channel, external_id, received_at)
  VALUES (%(store)s, %(channel)s, %(external_id)s, %(now)s) ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO tickets_customer AS customer (channel, external_id, name, email, language, created_at)
SELECT %(channel)s, %(customer)s, %(name)s, %(email)s, %(language)s, %(now)s FROM claimed
ON CONFLICT (channel, external_id) DO UPDATE SET
  name = coalesce(nullif(EXCLUDED.name, ''), customer.name),
  email = coalesce(nullif(EXCLUDED.email, ''), customer.email),
  language = coalesce(nullif(EXCLUDED.language, ''), customer.language)
RETURNING id, language, xmax = 0
"""


@dataclass(frozen=True)
class _Buyer:
    pk: int
    language: str
    is_new: bool


def _claim(incoming: IncomingMessage, now: datetime) -> _Buyer | None:
    """The buyer, for the first to hand this message in; None for everybody after, once the first has committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "store": current_store().pk,
                "channel": incoming.channel,
                "external_id": incoming.external_id,
                "customer": incoming.customer_id,
                "name": incoming.customer_name,
                "email": incoming.customer_email,
                "language": incoming.language or language_of(incoming.text),
                "now": now,
            },
        )
        row = cursor.fetchone()
    return _Buyer(*row) if row else None


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


def _find_or_open(incoming: IncomingMessage, buyer: _Buyer, now: datetime) -> tuple[Ticket, str | None]:
    """The ticket that the message belongs to, locked and counted up, and the event if it was opened or reopened."""
    since = min(incoming.sent_at or now, now)
    if not buyer.is_new:
        if ticket := _go_on(buyer, since=since, now=now):
            return ticket, None
        latest = Ticket.objects.select_for_update(no_key=True).filter(customer_id=buyer.pk).order_by("-number").first()
        if latest and not latest.is_closed and (ticket := _go_on(buyer, since=since, now=now)):
            return ticket, None  # somebody reopened it while we waited for it
        if latest and latest.closed_at and now - latest.closed_at <= REOPENS_WITHIN:
            return _reopen(latest, since=since, now=now), Event.Kind.REOPENED
    ticket = Ticket.objects.create(
        customer_id=buyer.pk,
        channel=incoming.channel,
        subject=incoming.subject,
        category=incoming.category,
        priority=incoming.priority or Priority.NORMAL,
        last_seq=2,  # the message and its acknowledgement
        opened_at=since,
        waiting_since=since,
        last_message_at=now,
    )
    return ticket, Event.Kind.OPENED


_GO_ON = """
UPDATE tickets_ticket SET state = 'waiting', waiting_since = coalesce(waiting_since, %(since)s),
  last_message_at = %(now)s, last_seq = last_seq + 1
WHERE number = (
  SELECT number FROM tickets_ticket WHERE customer_id = %(customer)s AND state <> 'closed' ORDER BY number DESC LIMIT 1
) AND state <> 'closed'
RETURNING *
"""


def _go_on(buyer: _Buyer, *, since: datetime, now: datetime) -> Ticket | None:
    """The buyer's open ticket, which waits for us again. Locked, and one further, in one statement."""
    return next(iter(Ticket.objects.raw(_GO_ON, {"customer": buyer.pk, "since": since, "now": now})), None)


def _reopen(ticket: Ticket, *, since: datetime, now: datetime) -> Ticket:
    """A new opening: the first-response clock runs again, and it is acknowledged again."""
    ticket.state = Ticket.State.WAITING
    ticket.openings += 1
    ticket.last_seq += 2
    ticket.opened_at = ticket.waiting_since = since
    ticket.first_response_at = ticket.closed_at = None
    ticket.last_message_at = now
    ticket.save()
    return ticket


def _begin_chat(ticket: Ticket) -> None:
    if ticket.channel == Channel.WIDGET:
        Chat.objects.get_or_create(ticket=ticket)


def _message(incoming: IncomingMessage, ticket: Ticket, *, seq: int, now: datetime) -> Message:
    return Message(
        ticket=ticket,
        seq=seq,
        kind=Message.Kind.BUYER,
        body=incoming.text,
        card=incoming.card,
        external_id=incoming.external_id,
        sent_at=incoming.sent_at or now,
        created_at=now,
    )


def _acknowledge(ticket: Ticket, message: Message, buyer: _Buyer, now: datetime) -> Happened:
    """Writes the message together with its acknowledgement, which is no human reply: no clock is touched."""
    wait = expected_wait_now(ticket.channel, now)
    word = Message(
        ticket=ticket,
        seq=ticket.last_seq,
        kind=Message.Kind.BOT,
        body=acknowledgement(buyer.language or _language_of_store(), wait),
        delivery=first_state(ticket.channel),
        sent_at=now,
        created_at=now,
    )
    Message.objects.bulk_create([message, word])
    promise(word, Channel(ticket.channel), now=now)
    told = {"seq": word.seq, "wait_s": wait and int(wait.total_seconds())}
    return Happened(Event.Kind.ACKNOWLEDGED, by="acknowledgement", after=told)


def _language_of_store() -> str:
    """For a buyer whose words tell no language: the one of the store's marketplace."""
    return "zh" if current_store().marketplace in {"tmall", "taobao", "douyin"} else "en"
