"""reopen: a person takes a closing back."""

from __future__ import annotations

from datetime import datetime

from tenants.context import current_store
from tenants.models import User
from tickets.actions.record import Happened, record
from tickets.desk.models import QueueEntry
from tickets.models import Event, Message, Ticket


def reopen(ticket: Ticket, *, by: User, now: datetime, through: str = "") -> Ticket:
    """Puts the ticket back into the queue as it was before it was closed. The caller holds the lock.

    A buyer who was waiting then has been waiting since: the clock goes on from their message, so that closing and
    reopening wins no time. No acknowledgement is sent; nobody wrote. Reopening an open ticket changes nothing.
    """
    if not ticket.is_closed:
        return ticket
    closing = ticket.events.filter(kind=Event.Kind.CLOSED).order_by("-pk").first()
    then = closing.before if closing else {}
    ticket.state = then.get("state") or _state_by_last_word(ticket)
    if ticket.state == Ticket.State.WAITING:
        since = then.get("waiting_since")
        ticket.waiting_since = datetime.fromisoformat(since) if since else now
    ticket.closed_at = None
    was, now_is = {"state": Ticket.State.CLOSED}, {"state": ticket.state}
    record(ticket, Happened(Event.Kind.REOPENED, actor=by, by=through, before=was, after=now_is), now=now)
    _keep_breach(ticket)
    return ticket


def _keep_breach(ticket: Ticket) -> None:
    """A wait that was too long before the closing is not found too long a second time."""
    breach = ticket.events.filter(kind=Event.Kind.BREACHED).order_by("-pk").first()
    if breach:
        due_at = datetime.fromisoformat(breach.after["due_at"])
        row = QueueEntry.objects.filter(store=current_store(), ticket_number=ticket.number, due_at=due_at)
        row.update(breached_at=breach.at)


def _state_by_last_word(ticket: Ticket) -> str:
    spoken = ticket.messages.filter(kind__in=[Message.Kind.BUYER, Message.Kind.AGENT]).order_by("-seq").first()
    said_by_buyer = spoken is not None and spoken.kind == Message.Kind.BUYER
    return Ticket.State.WAITING if said_by_buyer else Ticket.State.ANSWERED
