"""deliver: what we said travels to the buyer, and what became of it is known.

`promise` writes the outbox row in the transaction of the message itself. Channels that we carry (e-mail) are worked
off by `deliver`; the others wait for the store's connector, which fetches them by API and reports by `note_delivery`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants import live
from tenants.context import current_store
from tenants.errors import Invalid, NotFound
from tenants.later import nudge_after_commit
from tenants.models import User
from tickets.channels import CARRIED_BY_US, Channel
from tickets.desk.models import Outbox
from tickets.marketplaces import email
from tickets.models import Event, Message, Ticket

WORK_OUTBOX: Final = "tickets.jobs.work_outbox"
# One e-mail may take this long; until then nobody else tries the same row.
LEASE = timedelta(minutes=2)
RETRIES = tuple(timedelta(seconds=s) for s in (10, 30, 120, 600, 1800, 7200, 21600))

_STATE = Message.Delivery
# What a report may change: a late "sent" does not take back a "read", a bounce takes back a "sent".
MAY_BECOME: Final = {
    _STATE.PENDING: {_STATE.SENT, _STATE.DELIVERED, _STATE.READ, _STATE.FAILED},
    _STATE.FAILED: {_STATE.SENT, _STATE.DELIVERED, _STATE.READ},
    _STATE.SENT: {_STATE.DELIVERED, _STATE.READ, _STATE.FAILED},
    _STATE.DELIVERED: {_STATE.READ},
    _STATE.READ: set(),
}


def promise(message: Message, channel: Channel, *, now: datetime) -> None:
    """Writes down that this message must reach the buyer, and nudges whoever carries it."""
    ours = channel in CARRIED_BY_US
    store = current_store()
    Outbox.objects.create(
        store=store, message_id=message.pk, channel=channel, carried_by_us=ours, next_try_at=now, created_at=now
    )
    if ours:
        nudge_after_commit(WORK_OUTBOX, store.pk)


def deliver(outbox_id: int, *, now: datetime) -> None:
    """Carries one promised message of the entered store, if it is due and nobody else has it.

    The row is leased before anything leaves the house and settled after, each in its own transaction: a process
    that dies in between leaves a row that becomes due again. Never raises for a failure of the carrier; it is
    written down, retried by `RETRIES`, and shown as failed after the last.
    """
    claimed = Outbox.objects.filter(
        pk=outbox_id, store=current_store(), carried_by_us=True, next_try_at__lte=now
    ).update(next_try_at=now + LEASE)
    if not claimed:
        return
    row = Outbox.objects.get(pk=outbox_id)
    message = Message.objects.select_related("ticket__customer", "author").get(pk=row.message_id)
    problem = email.send(current_store(), message)
    with transaction.atomic():
        if not problem:
            note_delivery(message.pk, Message.Delivery.SENT, now=now)
            return
        final = row.attempts >= len(RETRIES)
        Outbox.objects.filter(pk=row.pk).update(
            attempts=row.attempts + 1, next_try_at=None if final else now + RETRIES[row.attempts]
        )
        if final:
            note_delivery(message.pk, Message.Delivery.FAILED, error=problem, now=now)


def note_delivery(
    message_id: int, state: str, *, now: datetime, external_id: str = "", error: str = "", by: str = ""
) -> Message:
    """Writes down how far a message to the buyer has come, by MAY_BECOME. Anything else changes nothing.

    Raises NotFound for a message of another store, Invalid (field `state`) for one that was never to be sent.
    """
    with transaction.atomic():
        message = Message.objects.select_for_update(no_key=True, of=("self",)).filter(pk=message_id).first()
        if message is None:
            raise NotFound(field="message")
        if not message.delivery:
            raise Invalid(_("This message does not travel to a buyer."), field="state")
        if state not in MAY_BECOME[_STATE(message.delivery)]:
            return message
        before = message.delivery
        message.delivery = state
        message.delivery_error = error[:200]
        message.external_id = external_id or message.external_id
        message.save(update_fields=["delivery", "delivery_error", "external_id"])
        Outbox.objects.filter(store=current_store(), message_id=message.pk).update(next_try_at=None)
        Event.objects.create(
            ticket_id=message.ticket_id,
            kind=Event.Kind.DELIVERY,
            by=by,
            before={"seq": message.seq, "delivery": before},
            after={"seq": message.seq, "delivery": state, "error": message.delivery_error},
            at=now,
        )
        last_seq = Ticket.objects.values_list("last_seq", flat=True).get(pk=message.ticket_id)
        live.announce(current_store(), ticket=message.ticket_id, seq=last_seq)
        return message


def try_again(message_id: int, *, by: User, now: datetime) -> Message:
    """A person asks for another try of a message that was not sent. Anything else is left as it is."""
    with transaction.atomic():
        message = Message.objects.select_for_update(no_key=True, of=("self",)).filter(pk=message_id).first()
        if message is None:
            raise NotFound(field="message")
        if message.delivery != Message.Delivery.FAILED:
            return message
        before = {"seq": message.seq, "delivery": message.delivery, "error": message.delivery_error}
        message.delivery = Message.Delivery.PENDING
        message.delivery_error = ""
        message.save(update_fields=["delivery", "delivery_error"])
        Event.objects.create(
            ticket_id=message.ticket_id,
            kind=Event.Kind.DELIVERY,
            actor=by,
            before=before,
            after={"seq": message.seq, "delivery": message.delivery},
            at=now,
        )
        Outbox.objects.filter(store=current_store(), message_id=message.pk).update(next_try_at=now, attempts=0)
        nudge_after_commit(WORK_OUTBOX, current_store().pk)
        return message
