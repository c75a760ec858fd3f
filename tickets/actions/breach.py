"""breach: a buyer has waited too long. Noticed by the clock process, or by an answer that came too late."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tenants import live
from tenants.context import current_store, in_store
from tenants.models import Store
from tickets.actions.record import clock_of, due_at, touch
from tickets.desk.models import QueueEntry
from tickets.models import Event, Ticket

AT_ONCE = 500  # rows claimed in one transaction


def breach_if_overdue(ticket: Ticket, *, now: datetime) -> None:
    """For verbs that end a wait: writes the breach that the clock process has not come to yet. `ticket` is locked."""
    due = due_at(ticket, clock_of(ticket))
    if due is None or due > now:
        return
    _breach(current_store(), now, number=ticket.number)


def stores_with_overdue(now: datetime) -> list[Store]:
    """The stores in which somebody has newly waited too long. One query over the index."""
    due = QueueEntry.objects.filter(due_at__lte=now, breached_at__isnull=True).values("store_id")
    return list(Store.objects.filter(pk__in=due, state=Store.State.OPEN).order_by("pk"))


def breach_overdue(store: Store, *, now: datetime) -> int:
    """Claims the store's overdue rows and writes an event for each, in one transaction: exactly once, whoever ticks."""
    with in_store(store), transaction.atomic():
        return _breach(store, now)


def _breach(store: Store, now: datetime, *, number: int | None = None) -> int:
    due = QueueEntry.objects.filter(store=store, due_at__lte=now, breached_at__isnull=True)
    if number is not None:
        due = due.filter(ticket_number=number)
    rows = list(
        due.select_for_update(skip_locked=number is None, no_key=True)
        .order_by("due_at")
        .values_list("pk", "ticket_number", "clock", "due_at", "last_seq")[:AT_ONCE]
    )
    if not rows:
        return 0
    QueueEntry.objects.filter(pk__in=[row[0] for row in rows]).update(breached_at=now)
    Event.objects.bulk_create(
        Event(
            ticket=Ticket(number=ticket),
            kind=Event.Kind.BREACHED,
            by="clock",
            after={"clock": clock, "due_at": due_at and due_at.isoformat()},
            at=now,
        )
        for _pk, ticket, clock, due_at, _seq in rows
    )
    touch([row[1] for row in rows], now=now)
    for _pk, ticket, _clock, _due_at, seq in rows:
        live.announce(store, ticket=ticket, seq=seq)
    return len(rows)
