"""close: the matter is settled."""

from __future__ import annotations

from datetime import datetime

from tenants.models import User
from tickets.actions.breach import breach_if_overdue
from tickets.actions.record import Happened, record
from tickets.actions.reply import TicketMovedOn, moved_on
from tickets.models import Event, Ticket
from tickets.timers.actions.follow_up import plan_follow_ups


def close(ticket: Ticket, *, by: User | None, now: datetime, seen_seq: int | None = None, through: str = "") -> Ticket:
    """Ends the ticket and its clock. The caller holds the lock. Closing twice changes nothing.

    `by` is None where it was the buyer. With `seen_seq`, refuses (TicketMovedOn) when something was written that the
    closer had not seen.
    """
    if ticket.is_closed:
        return ticket
    if seen_seq is not None and moved_on(ticket, seen_seq):
        raise TicketMovedOn(field="seen_seq", details={"seen_seq": seen_seq, "last_seq": ticket.last_seq})
    breach_if_overdue(ticket, now=now)
    before = ticket.state
    waiting_since, ticket.waiting_since = ticket.waiting_since, None
    ticket.state = Ticket.State.CLOSED
    ticket.closed_at = now
    was = {"state": before, "waiting_since": waiting_since and waiting_since.isoformat()}
    closed = Happened(Event.Kind.CLOSED, actor=by, by=through, before=was, after={"state": ticket.state})
    record(ticket, closed, now=now)
    plan_follow_ups(ticket, now=now)
    return ticket
