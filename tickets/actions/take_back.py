"""take_back: a ticket is never stranded with somebody who is gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from tenants.models import User
from tickets.actions.record import Happened, record
from tickets.models import Event, Ticket


def take_back(
    ticket: Ticket,
    *,
    person: int,
    to: User | None,
    now: datetime,
    told: Mapping[str, Any] = MappingProxyType({}),
) -> bool:
    """Takes a ticket from somebody whose desks are gone, and gives it to `to`, or lets it ring. Whether it was theirs.

    The caller holds the lock. `told`: why it goes to `to`, for the history. The buyer's widget says so by itself;
    whoever lost it is told at their next desk.
    """
    if ticket.is_closed or ticket.assignee_id != person:
        return False
    ticket.assignee = to
    after = {"assignee": to.pk if to else None, **told}
    record(ticket, Happened(Event.Kind.TAKEN_BACK, by="presence", before={"assignee": person}, after=after), now=now)
    return True
