"""assign: give a ticket to a colleague, or to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_lazy as _

from tenants.access import is_colleague
from tenants.context import current_store
from tenants.errors import Conflict, Invalid
from tenants.models import User
from tickets.actions.record import Happened, record
from tickets.actions.reply import TicketIsClosed
from tickets.models import Event, Ticket

ANYBODY = -1  # as `was`: whoever has the ticket, it is given away


class AssignedMeanwhile(Conflict):
    """Somebody gave the ticket away after the author had looked. `details`: `assignee`, the name that has it now."""

    code = "assigned_meanwhile"
    message = _("Meanwhile this ticket was given to somebody else.")


def assign(
    ticket: Ticket,
    *,
    to: User | None,
    by: User | None,
    now: datetime,
    was: int | None = ANYBODY,
    through: str = "",
    told: Mapping[str, Any] = MappingProxyType({}),
) -> Ticket:
    """Gives the ticket to `to`, or takes it from everybody. The caller holds the lock.

    `by` is None where nobody did it but `through`: a process, of which `told` says why. `was` is whom the author saw
    it belong to, None for nobody. Giving it to whom it belongs already changes nothing. Raises Invalid (`assignee`) for
    somebody who does not work in this store, TicketIsClosed for a closed ticket, AssignedMeanwhile where `was` is not
    so any more.
    """
    if ticket.assignee_id == (to.pk if to else None):
        return ticket
    if ticket.is_closed:
        raise TicketIsClosed
    if was not in (ANYBODY, ticket.assignee_id):
        raise _meanwhile(ticket.assignee)
    if to is not None and not is_colleague(current_store(), to.pk):
        raise Invalid(_("This person does not work in this store."), field="assignee")
    before, ticket.assignee = ticket.assignee_id, to
    was_whose, is_whose = {"assignee": before}, {"assignee": to.pk if to else None, **told}
    record(ticket, Happened(Event.Kind.ASSIGNED, actor=by, by=through, before=was_whose, after=is_whose), now=now)
    return ticket


def _meanwhile(holder: User | None) -> AssignedMeanwhile:
    if holder is None:
        return AssignedMeanwhile(_("Meanwhile this ticket was taken from whoever had it."), details={"assignee": None})
    words = _("Meanwhile this ticket was given to %(name)s.") % {"name": holder}
    return AssignedMeanwhile(words, details={"assignee": str(holder)})
