"""snooze: out of the queue until later. The clock goes on, and rings all the same."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from tenants.context import ask, current_store
from tenants.errors import Invalid
from tenants.models import User
from tickets.actions.record import Happened, record
from tickets.actions.reply import TicketIsClosed
from tickets.clocks.snooze import LONGEST
from tickets.models import Ticket
from tickets.models.event import ByTime

_PUT: Final = """
UPDATE desk_queueentry SET snoozed_until = %(until)s::timestamptz, told = array_remove(told, 'wake'),
  next_at = least(next_at, %(until)s::timestamptz)
WHERE store_id = %(store)s AND ticket_number = %(number)s
"""


def snooze(ticket: Ticket, *, until: datetime | None, by: User, now: datetime, through: str = "") -> Ticket:
    """Takes the ticket out of the queue until then, or, with None, puts it back. The caller holds the lock.

    It comes back by itself: then, when the buyer or a colleague writes to the other, or when its clock warns. Raises
    Invalid (`until`), TicketIsClosed.
    """
    if ticket.is_closed:
        raise TicketIsClosed
    if until is not None and not now < until <= now + LONGEST:
        raise Invalid(_("A time within the next 60 days is needed here."), field="until")
    kind = ByTime.SNOOZED if until else ByTime.WOKEN
    after = {"until": until.isoformat()} if until else {}
    record(ticket, Happened(kind, actor=by, by=through, after=after), now=now)
    ask(_PUT, {"until": until, "store": current_store().pk, "number": ticket.number})
    return ticket
