"""reopen: a person, or an owner's rule, takes a closing back."""

from __future__ import annotations

from datetime import datetime

from tenants.context import current_store
from tenants.models import User
from tickets.actions.record import Happened, record
from tickets.clocks.rules import Looked
from tickets.clocks.timers import BREACH, Facts, passed
from tickets.desk.models import QueueEntry
from tickets.models import Event, Message, Ticket
from tickets.timers.queries.plans import plan_of


def reopen(ticket: Ticket, *, by: User | None, now: datetime, through: str = "") -> Ticket:
    """Puts the ticket back into the queue as it was before it was closed. The caller holds the lock.

    A buyer who was waiting then has been waiting since: the clock goes on from their message, so that closing and
    reopening wins no time. `by` is None where a rule did it, which `through` names. No acknowledgement is sent; nobody
    wrote. Reopening an open ticket changes nothing.
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
    _keep_told(ticket, now)
    return ticket


def _keep_told(ticket: Ticket, now: datetime) -> None:
    """Of a wait that goes on nothing is told a second time: neither its breach nor what else lies behind."""
    row = QueueEntry.objects.filter(store=current_store(), ticket_number=ticket.number).first()
    if row is None or ticket.waiting_since is None:
        return
    looked = Looked(ticket.state, ticket.priority, ticket.channel, ticket.category, ticket.assignee_id)
    facts = Facts(looked, ticket.last_message_at, waiting_since=ticket.waiting_since, due_at=row.due_at)
    told = sorted(passed(facts, plan_of(current_store().agency_id), now=now))
    breach = ticket.events.filter(kind=Event.Kind.BREACHED).order_by("-pk").first()
    is_late = breach is not None and row.due_at == datetime.fromisoformat(breach.after["due_at"])
    QueueEntry.objects.filter(pk=row.pk).update(
        told=[*told, BREACH] if is_late else told, breached_at=breach.at if breach and is_late else None
    )


def _state_by_last_word(ticket: Ticket) -> str:
    spoken = ticket.messages.filter(kind__in=[Message.Kind.BUYER, Message.Kind.AGENT]).order_by("-seq").first()
    said_by_buyer = spoken is not None and spoken.kind == Message.Kind.BUYER
    return Ticket.State.WAITING if said_by_buyer else Ticket.State.ANSWERED
