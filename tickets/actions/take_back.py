"""take_back and give: a chat is never stranded with somebody who is gone, and never rings for ever."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import F

from tenants.context import in_store
from tenants.errors import DomainError
from tenants.models import User
from tenants.queries import StoreGone, person_by_id, store_by_id
from tickets.actions.assign import assign
from tickets.actions.record import Happened, record
from tickets.desk.models import Presence
from tickets.models import Event, Ticket
from tickets.queries.presence import Stranded, longest_ringing, next_for, stranded_chats

log = logging.getLogger(__name__)

MOST_AT_ONCE = 50  # chats that one tick gives; the next goes on


def take_back(ticket: Ticket, *, person: int, to: User | None, now: datetime) -> bool:
    """Takes a chat from somebody whose desks are gone, and gives it to `to`, or lets it ring. Whether it was theirs.

    The caller holds the lock. The buyer's widget says so by itself; whoever lost it is told at their next desk.
    """
    if ticket.is_closed or ticket.assignee_id != person:
        return False
    ticket.assignee = to
    after = {"assignee": to.pk if to else None}
    record(ticket, Happened(Event.Kind.TAKEN_BACK, by="presence", before={"assignee": person}, after=after), now=now)
    return True


def take_back_stranded(now: datetime) -> int:
    """Chats of people who are gone go to the next. From the operator's place. Returns how many."""
    return sum(_take_back(stranded, now) for stranded in stranded_chats(now))


def _take_back(stranded: Stranded, now: datetime) -> int:
    try:
        store = store_by_id(stranded.store)
    except StoreGone:
        return 0
    chosen = next_for(store, but=stranded.person, now=now)
    to = person_by_id(chosen) if chosen else None
    try:
        with in_store(store), transaction.atomic():
            taken = take_back(_locked(stranded.ticket), person=stranded.person, to=to, now=now)
    except DatabaseError:  # one store in trouble keeps nobody else's chats
        log.exception("a chat of store %s was not taken back", store.pk)
        return 0
    if taken:
        here = Presence.objects.filter(person=stranded.person, agency=store.agency_id)
        here.update(taken_back=F("taken_back") + 1)
    return int(taken)


def give_ringing(now: datetime) -> int:
    """Chats that nobody accepted are given to the least busy who is there, one by one. Returns how many."""
    given: set[tuple[int, int]] = set()
    while len(given) < MOST_AT_ONCE and (ring := longest_ringing(now, skip=given)):
        given.add((ring.store, ring.ticket))
        to = person_by_id(ring.person or 0)
        try:
            with in_store(store_by_id(ring.store)), transaction.atomic():
                assign(_locked(ring.ticket), to=to, by=None, now=now, was=None, through="presence")
        except (DomainError, StoreGone):
            continue  # somebody was quicker, or it ended
        except DatabaseError:
            log.exception("a chat of store %s was not given", ring.store)
    return len(given)


def _locked(number: int) -> Ticket:
    return Ticket.objects.select_for_update(no_key=True).get(pk=number)
