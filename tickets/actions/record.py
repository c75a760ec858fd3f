"""record: how every verb ends. What happened, the ticket's row in the desk's index, and the hint, belong together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from tenants import live
from tenants.context import current_store
from tenants.models import User
from tickets.channels import Channel
from tickets.clocks.policy import PRESETS, Clock
from tickets.models import Ticket


@dataclass(frozen=True)
class Happened:
    """One line of the audit. `by` names the token or process, where it was not (only) a person."""

    kind: str
    actor: User | None = None
    by: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    def as_row(self) -> dict[str, Any]:
        actor = self.actor.pk if self.actor else None
        return {"kind": self.kind, "actor": actor, "by": self.by, "before": self.before, "after": self.after}


_EVENTS = """
WITH told AS (
  INSERT INTO tickets_event (ticket_id, kind, actor_id, by, before, after, at)
  SELECT %(number)s, kind, actor, by, before, after, %(now)s
  FROM jsonb_to_recordset(%(events)s::jsonb) AS told(kind text, actor bigint, by text, before jsonb, after jsonb)
)
"""
# A wait keeps its clock: only a new wait, with another due_at, may breach again.
_OPEN = """
INSERT INTO desk_queueentry (store_id, ticket_number, state, priority, channel, category, assignee_id, last_seq,
                             clock, waiting_since, due_at, breached_at, last_message_at)
VALUES (%(store)s, %(number)s, %(state)s, %(priority)s, %(channel)s, %(category)s, %(assignee)s, %(last_seq)s,
        %(clock)s, %(waiting_since)s, %(due_at)s, NULL, %(last_message_at)s)
ON CONFLICT (store_id, ticket_number) DO UPDATE SET
  state = EXCLUDED.state, priority = EXCLUDED.priority, category = EXCLUDED.category,
  assignee_id = EXCLUDED.assignee_id, last_seq = EXCLUDED.last_seq, clock = EXCLUDED.clock,
  waiting_since = EXCLUDED.waiting_since, due_at = EXCLUDED.due_at, last_message_at = EXCLUDED.last_message_at,
  breached_at = CASE WHEN desk_queueentry.due_at = EXCLUDED.due_at THEN desk_queueentry.breached_at END
"""
_CLOSED = "DELETE FROM desk_queueentry WHERE store_id = %(store)s AND ticket_number = %(number)s"


def record(ticket: Ticket, *events: Happened, now: datetime) -> None:
    """Writes the events, makes the index say what the ticket says, and announces it after the commit. One statement.

    `ticket` is of the entered store, locked, and as it was saved. An open ticket has one row in the index, a closed
    one none.
    """
    store = current_store()
    clock = clock_of(ticket)
    values = {
        "store": store.pk,
        "number": ticket.number,
        "now": now,
        "events": json.dumps([event.as_row() for event in events]),
        "state": ticket.state,
        "priority": ticket.priority,
        "channel": ticket.channel,
        "category": ticket.category,
        "assignee": ticket.assignee_id,
        "last_seq": ticket.last_seq,
        "clock": clock or "",
        "waiting_since": ticket.waiting_since,
        "due_at": due_at(ticket, clock),
        "last_message_at": ticket.last_message_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS + (_CLOSED if ticket.is_closed else _OPEN), values)
    live.announce(store, ticket=ticket.number, seq=ticket.last_seq, to_buyer=ticket.channel == Channel.WIDGET)


def clock_of(ticket: Ticket) -> Clock | None:
    """Which clock runs: none while nobody waits for us."""
    if ticket.waiting_since is None:
        return None
    return Clock.NEXT if ticket.first_response_at else Clock.FIRST


def due_at(ticket: Ticket, clock: Clock | None) -> datetime | None:
    """When the buyer will have waited too long."""
    if clock is None or ticket.waiting_since is None:
        return None
    return PRESETS[ticket.channel].due_at(clock, ticket.waiting_since)
