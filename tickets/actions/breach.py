"""breach: a buyer has waited too long. Noticed by the tick, or by an answer that came too late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenants.context import ask, current_store
from tickets.actions.record import Overtaken, clock_of, due_at, touch
from tickets.models import Event, Ticket


@dataclass(frozen=True)
class Breach:
    """A wait of this clock was too long at `due_at`; found so at `at`."""

    ticket: int
    clock: str
    due_at: datetime
    at: datetime


# Either the tick has not come to it, or it has and the event is not written yet. One statement.
_MINE: Final = """
WITH late AS (
  UPDATE desk_queueentry SET breached_at = %(now)s, told = array_append(told, 'breach')
  WHERE store_id = %(store)s AND ticket_number = %(number)s AND due_at <= %(now)s AND breached_at IS NULL
    AND NOT 'breach' = ANY(told)
  RETURNING clock, due_at, %(now)s::timestamptz
), told AS (
  DELETE FROM timers_fired WHERE store_id = %(store)s AND ticket_number = %(number)s AND what = 'breach'
  RETURNING clock, due_at, fired_at
)
SELECT * FROM late UNION ALL SELECT * FROM told
"""


def breach_if_overdue(ticket: Ticket, *, now: datetime) -> None:
    """For verbs that end a wait: writes the breach that the clock process has not come to yet.

    Raises Overtaken if there is one to be written and `ticket` was read without its lock.
    """
    due = due_at(ticket, clock_of(ticket))
    if due is None or due > now:
        return
    if ticket.version:
        raise Overtaken
    found = ask(_MINE, {"store": current_store().pk, "number": ticket.number, "now": now})
    write_breaches([Breach(ticket.number, clock, due_at, at) for clock, due_at, at in found], now=now)


def write_breaches(breaches: Sequence[Breach], *, now: datetime) -> None:
    """The events, and a word to those who count. In the entered store."""
    if not breaches:
        return
    Event.objects.bulk_create(
        Event(
            ticket=Ticket(number=breach.ticket),
            kind=Event.Kind.BREACHED,
            by="clock",
            after={"clock": breach.clock, "due_at": breach.due_at.isoformat()},
            at=breach.at,
        )
        for breach in breaches
    )
    touch([breach.ticket for breach in breaches], now=now)
