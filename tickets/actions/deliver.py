"""deliver: what we said travels to the buyer, and what became of it is known.

The outbox row is written with the message itself, by `record`. Channels that we carry (e-mail) are worked
off by `deliver`; the others wait for the store's connector, which fetches them by API and reports by `note_delivery`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tenants import live
from tenants.context import current_store
from tenants.errors import Invalid, NotFound
from tenants.later import nudge_after_commit
from tenants.models import User
from tickets.actions.record import WORK_OUTBOX
from tickets.channels import CARRIED_BY_US, Channel
from tickets.desk.models import Outbox
from tickets.marketplaces import email
from tickets.models import Event, Message, Ticket
from tickets.queries.outbox import mail_due

# One e-mail may take this long; until then nobody else tries the same row.
LEASE = timedelta(minutes=2)
RETRIES = tuple(timedelta(seconds=s) for s in (10, 30, 120, 600, 1800, 7200, 21600))
TRIES: Final = 1 + len(RETRIES)
CUT_OFF: Final = "no answer in time"  # the last try was begun, and nothing is known of its end

_STATE = Message.Delivery
# What a report may change: a late "sent" does not take back a "read", a bounce takes back a "sent".
MAY_BECOME: Final = {
    _STATE.PENDING: {_STATE.SENT, _STATE.DELIVERED, _STATE.READ, _STATE.FAILED},
    _STATE.FAILED: {_STATE.SENT, _STATE.DELIVERED, _STATE.READ},
    _STATE.SENT: {_STATE.DELIVERED, _STATE.READ, _STATE.FAILED},
    _STATE.DELIVERED: {_STATE.READ},
    _STATE.READ: set(),
}


def first_state(channel: str) -> Message.Delivery:
    """What a message to the buyer is when it is written: in the widget it is out with the commit."""
    return _STATE.SENT if channel == Channel.WIDGET else _STATE.PENDING


def deliver(outbox_id: int, *, now: datetime) -> None:
    """Carries one promised message of the entered store, if it is due, its turn has come and nobody else has it.

    The row is leased, and the try counted, before anything leaves the house; it is settled after. Each is a
    transaction of its own: a process that dies or is timed out in between leaves a row that becomes due again, and has
    used up a try. Never raises for a failure of the carrier; it is written down, retried by RETRIES, and shown as
    failed after the last.
    """
    row = _claimed(outbox_id, now=now)
    if row is None:
        return
    message = Message.objects.select_related("ticket__customer").get(pk=row.message_id)
    if row.channel == Channel.WIDGET and (message.delivery != _STATE.SENT or not message.ticket.customer.email):
        _settle(row)  # it has arrived after all, or waits in the widget: there is nowhere else to send it
        return
    problem = CUT_OFF if row.attempts > TRIES else email.send(current_store(), message)
    if not problem and message.delivery == _STATE.SENT:
        _settle(row)  # also by e-mail; whether the buyer opens either, is still to be seen
    elif not problem:
        note_delivery(message.pk, Message.Delivery.SENT, now=now)
    elif row.attempts >= TRIES or problem == email.NO_ADDRESS:
        note_delivery(message.pk, Message.Delivery.FAILED, error=problem, now=now)
    else:  # unless the lease ran out, or somebody has reported meanwhile
        ours = Outbox.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
        ours.update(next_try_at=now + RETRIES[row.attempts - 1])


def _settle(row: Outbox) -> None:
    Outbox.objects.filter(pk=row.pk).update(next_try_at=None)


def _claimed(outbox_id: int, *, now: datetime) -> Outbox | None:
    """The row, leased from now on and with this try counted, or None: not due, not its turn, or somebody has it."""
    due = mail_due(now).filter(pk=outbox_id, store=current_store())
    claimed = due.update(next_try_at=now + LEASE, attempts=F("attempts") + 1)
    return Outbox.objects.get(pk=outbox_id) if claimed else None


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


def try_again(ticket: Ticket, message_id: int, *, by: User, now: datetime) -> Message:
    """A person asks for another try of a message of this ticket that was not sent. Any other is left as it is.

    `ticket` is locked. Raises NotFound for a message of another ticket.
    """
    with transaction.atomic():
        messages = Message.objects.select_for_update(no_key=True, of=("self",))
        message = messages.filter(pk=message_id, ticket=ticket).first()
        if message is None:
            raise NotFound(field="message")
        if message.delivery == Message.Delivery.FAILED:
            _write_try_again(ticket, message, by=by, now=now)
        return message


def _write_try_again(ticket: Ticket, message: Message, *, by: User, now: datetime) -> None:
    store = current_store()
    before = {"seq": message.seq, "delivery": message.delivery, "error": message.delivery_error}
    message.delivery = Message.Delivery.PENDING
    message.delivery_error = ""
    message.save(update_fields=["delivery", "delivery_error"])
    Event.objects.create(
        ticket=ticket,
        kind=Event.Kind.DELIVERY,
        actor=by,
        before=before,
        after={"seq": message.seq, "delivery": message.delivery},
        at=now,
    )
    Outbox.objects.filter(store=store, message_id=message.pk).update(next_try_at=now, attempts=0)
    if ticket.channel in CARRIED_BY_US:
        nudge_after_commit(WORK_OUTBOX, store.pk)
    live.announce(store, ticket=ticket.number, seq=ticket.last_seq)
