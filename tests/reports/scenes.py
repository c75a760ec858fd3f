"""What happens in many tests of the reports: a day's work in a store, and the figures that it must come to."""

from __future__ import annotations

from datetime import date, datetime

from reports.actions.follow import follow
from reports.actions.running import WHOLE, Cell, Rows, days_of, of_group, of_store, read
from reports.models import Counting, Group
from reports.sums import NOTHING, Sums, total
from tenants.context import in_store
from tenants.models import Store, User
from tests.scenes import buyer_writes
from tickets.actions.close import close
from tickets.actions.reply import reply_to_ticket
from tickets.models import Ticket


def counted(*, at: datetime) -> None:
    """Until nothing waits any more."""
    for _turn in range(20):
        follow(at)


def rows_of(store: Store) -> Rows:
    return read(of_store(store.pk))


def rows_of_group(store: Store) -> Rows:
    group = Group.objects.get(pk=Counting.objects.get(store=store).group_id)
    return read(of_group(group.pk, group.agency_id))


def figures(store: Store, day: date | None = None, cell: Cell = WHOLE) -> Sums:
    """Of one day, or of all."""
    days = days_of(rows_of(store))
    return total(sums for (of, when), sums in days.items() if of == cell and day in (None, when)) or NOTHING


def asks(store: Store, key: str, *, at: datetime, **more: object) -> int:
    with in_store(store):
        return buyer_writes(key, at=at, customer_id=key.partition("-")[0], **more).ticket_number


def answers(store: Store, number: int, *, by: User, at: datetime) -> None:
    with in_store(store):
        ticket = Ticket.objects.get(pk=number)
        reply_to_ticket(ticket, author=by, body="Yes.", client_key=f"{at}", seen_seq=None, now=at)


def closes(store: Store, number: int, *, by: User, at: datetime) -> None:
    with in_store(store):
        close(Ticket.objects.get(pk=number), by=by, now=at)
