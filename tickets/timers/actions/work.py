"""work: does in a store what came due there. Each row of `Fired` goes in the transaction that did it: exactly once.

Warnings and breaches are written many at once; what changes a ticket locks it, looks whether it is still so, and is a
transaction of its own. Lock order: the row of `Fired`, then the ticket; verbs that hold a ticket touch only rows about
breaches, and whoever has those waits for no ticket.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from django.db import DatabaseError, transaction
from django.db.models import F, Q

from tenants import live
from tenants.context import current_store, in_store
from tenants.errors import DomainError
from tenants.models import Store
from tenants.queries import StoreGone, store_by_id
from tickets.actions.breach import Breach, write_breaches
from tickets.clocks.timers import BREACH, ESCALATE, FOLLOW, NOTICE, RULE, WAKE, WARN
from tickets.models import Event, Ticket
from tickets.models.event import ByTime
from tickets.timers.actions.on_time import act_by_rule, escalate, follow_up, tell_of_delay
from tickets.timers.models import DONE_BY_TICKING, Fired
from tickets.timers.queries.leads import Leads, leads_for

log = logging.getLogger(__name__)

AT_ONCE: Final = 500


def work_for(stores: Iterable[int], *, now: Callable[[], datetime], seconds: float) -> list[int]:
    """Works in these stores, one after the other, for so long. Those that were not come to."""
    left = list(stores)
    ends = time.monotonic() + seconds
    while left and time.monotonic() < ends:
        pk = left.pop(0)
        try:
            work(store_by_id(pk), now=now())
        except StoreGone:
            continue  # its rows wait, or go with it
        except DatabaseError:  # one store in trouble stops nobody else's clock
            log.exception("what came due in store %s is not done", pk)
    return left


def work(store: Store, *, now: datetime, until: float | None = None) -> int:
    """Does what came due in the store, until that time of the monotonic clock. How many things."""
    leads = leads_for(store.pk, now=now)
    with in_store(store):
        done = 0
        while told := _tell():
            done += told
        tried: list[int] = []
        while until is None or time.monotonic() < until:
            row = _next(tried, knows_leads=leads is not None)
            if row is None:
                break
            tried.append(row)
            done += _do(row, leads, now)
        return done


# What changes a ticket; of the rest, another clock may just be telling.
_ACTS: Final = Q(what__startswith=RULE) | Q(what__startswith=FOLLOW) | Q(what__in=(NOTICE, ESCALATE))


@transaction.atomic
def _tell() -> int:
    """Writes down what needs no ticket to be changed. How many rows."""
    store = current_store()
    simple = Fired.objects.filter(store=store).exclude(_ACTS)
    rows = list(simple.select_for_update(skip_locked=True, no_key=True).order_by("pk")[:AT_ONCE])
    if not rows:
        return 0
    Fired.objects.filter(pk__in=[row.pk for row in rows]).delete()
    breaches = [Breach(r.ticket_number, r.clock, r.due_at, r.fired_at) for r in rows if r.what == BREACH and r.due_at]
    write_breaches(breaches, now=max(row.fired_at for row in rows))
    Event.objects.bulk_create(_event(row) for row in rows if row.what != BREACH)
    for row in rows:
        live.announce(store, ticket=row.ticket_number, seq=row.last_seq)
    return len(rows)


def _event(row: Fired) -> Event:
    after = {"clock": row.clock, "due_at": row.due_at and row.due_at.isoformat()}
    if row.what.startswith(WARN):
        after["share"] = row.what.removeprefix(WARN)
    kind = ByTime.WOKEN if row.what == WAKE else ByTime.WARNED
    return Event(ticket=Ticket(number=row.ticket_number), kind=kind, by="clock", after=after, at=row.fired_at)


def _next(tried: list[int], *, knows_leads: bool) -> int | None:
    """An escalation that came due since the leads were asked for waits for the next, who asks for them."""
    rows = Fired.objects.filter(_ACTS, store=current_store(), tries__lt=DONE_BY_TICKING).exclude(pk__in=tried)
    if not knows_leads:
        rows = rows.exclude(what=ESCALATE)
    return rows.order_by("pk").values_list("pk", flat=True).first()


def _do(pk: int, leads: Leads | None, now: datetime) -> int:
    """One thing, in a transaction of its own. What fails is tried again at another tick, five times in all.

    What a verb refuses stays undone: somebody whom a rule names has left the store, say.
    """
    try:
        with transaction.atomic():
            row = Fired.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=pk).first()
            if row is None:
                return 0
            Fired.objects.filter(pk=pk).delete()
            ticket = Ticket.objects.select_for_update(no_key=True).filter(pk=row.ticket_number).first()
            if ticket is not None and _is_still_so(ticket, row):
                _try(ticket, row, leads, now)
            return 1
    except DatabaseError:
        log.exception("%s of store %s was not done", pk, current_store().pk)
        Fired.objects.filter(pk=pk).update(tries=F("tries") + 1)
        return 0


def _is_still_so(ticket: Ticket, row: Fired) -> bool:
    """Whether the silence goes on that it came due in."""
    if row.what.startswith(FOLLOW):
        return ticket.is_closed and row.since == ticket.closed_at
    return not ticket.is_closed and row.since == (ticket.waiting_since or ticket.last_message_at)


def _try(ticket: Ticket, row: Fired, leads: Leads | None, now: datetime) -> None:
    try:
        with transaction.atomic():
            _act(ticket, row, leads, now)
    except DomainError as refusal:
        log.warning("%s of ticket %s of store %s: %s", row.what, row.ticket_number, row.store_id, refusal)


def _act(ticket: Ticket, row: Fired, leads: Leads | None, now: datetime) -> None:
    if row.what == NOTICE:
        tell_of_delay(ticket, now=now)
    elif row.what == ESCALATE:
        escalate(ticket, to=leads.take(but=ticket.assignee_id) if leads else None, now=now)
    elif row.what.startswith(FOLLOW):
        follow_up(ticket, int(row.what.removeprefix(FOLLOW)), closed_at=row.since, now=now)
    else:
        act_by_rule(ticket, int(row.what.removeprefix(RULE)), now=now)
