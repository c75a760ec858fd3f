"""give_waiting and take_back_stranded: no chat rings for ever, none is stranded with somebody who is gone.

The clock calls both each second. What waits and who is there are read once for all stores, distributed purely, and
each ticket is given by the verb inside its store, under its lock. One process at a time distributes, so that two clocks
give nobody more than they take; that nobody is given what another has is the verb's to hold.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice, zip_longest
from typing import Any, Final

from django.db import DatabaseError, transaction
from django.db.models import F

from tenants.context import ask, in_store
from tenants.errors import DomainError
from tenants.queries import StoreGone, person_by_id, store_by_id
from tickets.actions.assign import assign
from tickets.actions.take_back import take_back
from tickets.channels import Channel
from tickets.clocks.routing import Given, Person, Routed, Waiting, route
from tickets.clocks.urgency import weight_of
from tickets.desk.models import Presence
from tickets.models import Ticket
from tickets.queries.presence import GONE
from tickets.routing.queries.plans import Giving, giving_of
from tickets.routing.queries.team import teams_of
from tickets.routing.queries.waiting import Found, nobodys, of_the_gone
from tickets.score.queries.scores import headroom_of

log = logging.getLogger(__name__)

LOCK: Final = 0x726F7574  # pg_try_advisory_lock, for as long as a round takes
MOST_AT_ONCE: Final = 50  # tickets that one tick gives; the next goes on
MOST_FAILURES: Final = 2  # of a store in a tick
BY: Final = "routing"


def give_waiting(now: datetime) -> int:
    """Tickets that nobody took are given. From the operator's place. Returns how many."""
    with _alone() as is_alone:
        if not is_alone or not (found := nobodys(now)):
            return 0
        givings = giving_of({one.agency for one in found})
        routed = [one.given for one in _distributed(found, givings, now).values()]
        rules = {rule.id: rule.name for giving in givings.values() for rule in giving.rules}
        failures = Counter[int]()
        turns = (one for one in chain.from_iterable(zip_longest(*routed)) if one)
        sound = (one for one in turns if failures[one.ticket.store] < MOST_FAILURES)  # asked anew before each
        return sum(_give(one, rules, now, failures) for one in islice(sound, MOST_AT_ONCE))


def take_back_stranded(now: datetime) -> int:
    """Tickets of people who are gone go to the next. From the operator's place. Returns how many.

    A chat that nobody may have rings again, and so does each where an agency gives none by itself; a ticket of another
    channel waits for its agent until somebody is there.
    """
    with _alone() as is_alone:
        if not is_alone or not (found := of_the_gone(now, int(GONE.total_seconds()))):
            return 0
        givings = giving_of({one.agency for one in found})
        routed = _distributed(found, givings, now)
        given = {(one.ticket.store, one.ticket.number): one for each in routed.values() for one in each.given}
        rules = {rule.id: rule.name for giving in givings.values() for rule in giving.rules}
        taken, failures = 0, Counter[int]()
        for one in found:
            to, is_chat = given.get((one.ticket.store, one.ticket.number)), one.ticket.channel == Channel.WIDGET
            if is_chat and Channel.WIDGET not in givings[one.agency].plan.channels:
                to = None
            if to or is_chat:
                taken += _take_back(one, to, rules, now, failures)
        return taken


@contextmanager
def _alone() -> Iterator[bool]:
    ((is_alone,),) = ask("SELECT pg_try_advisory_lock(%s)", [LOCK])
    try:
        yield is_alone
    finally:
        if is_alone:
            ask("SELECT pg_advisory_unlock(%s)", [LOCK])


def _distributed(found: Collection[Found], givings: dict[int, Giving], now: datetime) -> dict[int, Routed]:
    """agency → who gets what there. Somebody who works for two agencies has room once."""
    teams = teams_of(found, givings, now)
    left = headroom_of({one.ticket.store for one in found})
    more: dict[int, list[str]] = {}  # person → channels of what they were given by agencies before this one
    result: dict[int, Routed] = {}
    for agency, giving in sorted(givings.items()):
        waiting = [
            replace(one.ticket, weight=weight_of(left[one.ticket.store])) for one in found if one.agency == agency
        ]
        people = [_with(person, more.get(person.id, ())) for person in teams[agency].people]
        routed = route(waiting, people, giving.rules, teams[agency].places, usual=giving.usual, now=now)
        for one in routed.given:
            more.setdefault(one.person, []).append(one.ticket.channel)
        result[agency] = routed
    return result


def _with(person: Person, channels: Sequence[str]) -> Person:
    if not channels:
        return person
    load = dict(person.load)
    for channel in channels:
        load[channel] = load.get(channel, 0) + 1
    return replace(person, load=load)


def _give(one: Given, rules: dict[int, str], now: datetime, failures: Counter[int]) -> int:
    to = person_by_id(one.person)

    def give(ticket: Ticket) -> int:
        if to is None or ticket.waiting_since is None:
            return 0  # it was answered meanwhile, by somebody who leaves it to all
        assign(ticket, to=to, by=None, now=now, was=None, through=BY, told=_why(one, rules))
        return 1

    return _under_lock(one.ticket, give, failures)


def _take_back(one: Found, given: Given | None, rules: dict[int, str], now: datetime, failures: Counter[int]) -> int:
    to = person_by_id(given.person) if given else None
    why = _why(given, rules) if given else {}
    holder = one.holder or 0
    taken = _under_lock(one.ticket, lambda ticket: take_back(ticket, person=holder, to=to, now=now, told=why), failures)
    if taken:
        Presence.objects.filter(person=holder, agency=one.agency).update(taken_back=F("taken_back") + 1)
    return int(taken)


def _under_lock(wanted: Waiting, work: Callable[[Ticket], int], failures: Counter[int]) -> int:
    """Does the work on the ticket inside its store, if it is there and nobody is just at it. Returns what that does.

    One store in trouble keeps back nobody else's: each of its tickets might wait for the same lock for seconds. After
    MOST_FAILURES it is left out for the rest of the tick. One ticket in trouble keeps back nobody else's either.
    """
    if failures[wanted.store] >= MOST_FAILURES:
        return 0
    try:
        with in_store(store_by_id(wanted.store)), transaction.atomic():
            ticket = _locked(wanted)
            return work(ticket) if ticket else 0
    except DomainError:  # somebody was quicker, or it ended
        return 0
    except StoreGone:
        failures[wanted.store] = MOST_FAILURES
    except DatabaseError:
        failures[wanted.store] += 1
        log.exception("ticket %s of store %s was neither given nor taken back", wanted.number, wanted.store)
        if failures[wanted.store] == MOST_FAILURES:
            log.error("store %s is in trouble: none of its tickets is given before the next tick", wanted.store)
    return 0


def _why(one: Given, rules: dict[int, str]) -> dict[str, Any]:
    """What the ticket's history tells: the key of a reason, and the rule's name of that day."""
    return {"why": one.why.value, **({"rule": rules[one.rule]} if one.rule in rules else {})}


def _locked(ticket: Waiting) -> Ticket | None:
    """None for a ticket that is gone, and for one that somebody is just at: the next tick sees what they did."""
    return Ticket.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=ticket.number).first()
