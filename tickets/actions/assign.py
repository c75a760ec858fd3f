"""assign: give a ticket to a colleague, or to nobody."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.access import colleagues
from tenants.context import current_store
from tenants.errors import Invalid
from tenants.models import User
from tickets.actions.record import Happened, record
from tickets.actions.reply import TicketIsClosed
from tickets.models import Event, Ticket


def assign(ticket: Ticket, *, to: User | None, by: User, now: datetime, through: str = "") -> Ticket:
    """Gives the ticket to `to`, or takes it from everybody. The caller holds the lock.

    Giving it to whom it belongs already changes nothing. Raises Invalid (`assignee`) for somebody who does not work
    in this store, TicketIsClosed for a closed one.
    """
    if ticket.assignee_id == (to.pk if to else None):
        return ticket
    if ticket.is_closed:
        raise TicketIsClosed
    if to is not None and not colleagues(current_store()).filter(pk=to.pk).exists():
        raise Invalid(_("This person does not work in this store."), field="assignee")
    before, ticket.assignee = ticket.assignee_id, to
    ticket.save(update_fields=["assignee"])
    change = {"before": {"assignee": before}, "after": {"assignee": to.pk if to else None}}
    record(ticket, Happened(Event.Kind.ASSIGNED, actor=by, by=through, **change), now=now)
    return ticket
