"""The dry run: a day's tickets, who would have got them, and which would have been left. Nothing is saved.

What came is read from the public feed, its category and language inside the stores; at a desk is whom the roster names.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tenants.access import Action, Caller, stores_for
from tenants.context import ask, read_across
from tenants.models import Store
from tickets.certification.queries import certified_in
from tickets.clocks.happenings import Happening, Kind
from tickets.clocks.policy import Clock
from tickets.clocks.rehearsal import Arrival, OnShift, rehearse
from tickets.clocks.routing import Given, Place, Waiting
from tickets.clocks.shifts import instant
from tickets.policies.book import Book
from tickets.policies.queries import books_known
from tickets.queries.names import store_ref
from tickets.routing.names import why_given
from tickets.routing.queries.people import agents_of, as_people, names_of
from tickets.routing.queries.plans import Giving
from tickets.rows import StoreRef
from tickets.score.queries.feed import Story, stories_of

MOST: Final = 1000  # tickets of a day that are given out anew, the first of it

Key = tuple[int, int]  # (store, ticket)
Facts = tuple[str, int, str, int | None]  # category, priority, language, who answered the buyer before this ticket

_CAME: Final = """
SELECT DISTINCT store_id, ticket_number FROM score_happening
WHERE kind = 'buyer' AND store_id = ANY(%s::bigint[]) AND at >= %s::timestamptz AND at < %s::timestamptz
"""
_FACTS: Final = """
SELECT {store}, t.number, t.category, t.priority, c.language, (
    SELECT said.author_id FROM {schema}.tickets_ticket past JOIN {schema}.tickets_message said
      ON said.ticket_id = past.number AND said.kind = 'agent' AND said.author_id IS NOT NULL
    WHERE past.customer_id = t.customer_id AND past.number < t.number ORDER BY past.number DESC, said.seq DESC LIMIT 1)
FROM {schema}.tickets_ticket t JOIN {schema}.tickets_customer c ON c.id = t.customer_id
WHERE t.number IN (SELECT jsonb_array_elements_text(%s::jsonb -> ({store})::text)::bigint)
"""
_SHIFTS: Final = """
SELECT person_id, store_id, begins_at, ends_at FROM roster_shift
WHERE agency_id = %s::bigint AND begins_at < %s::timestamptz AND ends_at > %s::timestamptz
"""


@dataclass(frozen=True)
class Line:
    """One ticket. `person` empty: it would have been left. `really`: who answered it first; empty: nobody."""

    store: StoreRef
    number: int
    at: datetime
    person: str
    after_s: int | None
    why: str
    rule: str
    really: str


@dataclass(frozen=True)
class Sum:
    """`left` of a person is always 0."""

    name: str
    given: int
    left: int
    store: StoreRef | None = None


@dataclass(frozen=True)
class DryRun:
    """`others`: tickets of channels that are not given by themselves. `beyond`: tickets that were too many."""

    day: date
    time_zone: str
    lines: tuple[Line, ...]
    people: tuple[Sum, ...]
    stores: tuple[Sum, ...]
    given: int
    left: int
    others: int
    beyond: int
    has_roster: bool


def dry_run(caller: Caller, agency_id: int, giving: Giving, day: date, time_zone: str) -> DryRun:
    """`day` in that time zone. At the agency's place; some thirteen queries, however many stores."""
    stores = {store.pk: store for store in stores_for(caller, Action.VIEW)}
    begins, ends = (instant(day + timedelta(days=n), 0, ZoneInfo(time_zone)) for n in (0, 1))
    keys = set(ask(_CAME, [list(stores), begins, ends]))
    stories = {key: story for key, story in stories_of(sorted(keys)).items() if _opening(story, begins, ends)}
    mine = {key: story for key, story in stories.items() if story.channel in giving.plan.channels}
    first = sorted(mine, key=lambda key: (_opening(mine[key], begins, ends), key))[:MOST]
    facts = _facts(stores, first)
    books = books_known({store for store, _number in first})
    arrivals = [_arrival(key, mine[key], facts.get(key), books[key[0]], begins, ends) for key in first]
    agents = agents_of(agency_id)
    shifts = [OnShift(*row) for row in ask(_SHIFTS, [agency_id, ends, begins])]
    certified = certified_in(stores)
    places = {pk: Place(pk, store.marketplace, certified=certified.get(pk)) for pk, store in stores.items()}
    told = rehearse(arrivals, as_people(agents, giving), shifts, giving.rules, places, usual=giving.usual)
    really = {key: _first_answer(mine[key], begins) for key in first}
    names = {**names_of({one for one in really.values() if one} - set(agents.names)), **agents.names}
    rules = {rule.id: rule.name for rule in giving.rules}
    lines = []
    for one, at in told:
        key = (one.ticket.store, one.ticket.number)
        since = one.ticket.waiting_since
        lines.append(
            Line(
                store_ref(stores[key[0]]),
                key[1],
                since,
                names.get(one.person, "–") if isinstance(one, Given) else "",
                int((at - since).total_seconds()) if at else None,
                why_given(one.why),
                rules.get(one.rule, ""),
                names.get(really[key] or 0, ""),
            )
        )
    got = Counter(one.person for one, _at in told if isinstance(one, Given))
    people = tuple(Sum(name, got[pk], 0) for pk, name in agents.names.items())
    others, beyond = len(stories) - len(mine), len(mine) - len(first)
    return _summed(DryRun(day, time_zone, tuple(lines), people, (), 0, 0, others, beyond, bool(shifts)))


def _summed(run: DryRun) -> DryRun:
    """With its stores, and how many in all."""
    lines = run.lines
    of_store = Counter((line.store, bool(line.person)) for line in lines)
    stores = sorted({line.store for line in lines}, key=lambda store: store.name)
    sums = tuple(Sum(store.name, of_store[store, True], of_store[store, False], store) for store in stores)
    given = sum(1 for line in lines if line.person)
    return replace(run, stores=sums, given=given, left=len(lines) - given)


def _opening(story: Story, begins: datetime, ends: datetime) -> datetime | None:
    """When the buyer opened it on that day, or came back."""
    kinds = (Kind.OPENED, Kind.REOPENED)
    by_buyer = [one.at for one in story.happenings if one.kind in kinds and one.person is None]
    return min((at for at in by_buyer if begins <= at < ends), default=None)


def _first_answer(story: Story, since: datetime) -> int | None:
    return next((one.person for one in _in_time(story) if one.kind == Kind.HUMAN and one.at >= since), None)


def _in_time(story: Story) -> list[Happening]:
    return sorted(story.happenings, key=lambda one: (one.at, one.place))


def _arrival(key: Key, story: Story, facts: Facts | None, book: Book, begins: datetime, ends: datetime) -> Arrival:
    """As it stood on the desk, by the rules of that time: what is due first comes first."""
    came = _opening(story, begins, ends) or begins
    before = [one.person for one in _in_time(story) if one.kind == Kind.HUMAN and one.at < came]
    after = [one for one in _in_time(story) if came < one.at < ends]
    closed = [one.at for one in after if one.kind == Kind.CLOSED]
    answered = [one.at for one in after if one.kind == Kind.HUMAN]
    over = closed[0] if closed else answered[-1] if answered else ends
    category, priority, language, known_by = facts or ("", 3, "", None)
    due = book.at(came).due(Clock.FIRST, story.channel, category, priority, came)
    ticket = Waiting(
        *key,
        story.channel,
        came,
        due.at if due else None,
        category=category,
        language=language,
        priority=priority,
        last_agent=before[-1] if before else known_by,
    )
    return Arrival(ticket, over)


def _facts(stores: Mapping[int, Store], keys: Collection[Key]) -> dict[Key, Facts]:
    """One query over the stores in which something came."""
    numbers: dict[int, list[int]] = {}
    for store, number in keys:
        numbers.setdefault(store, []).append(number)
    rows = read_across([stores[pk] for pk in sorted(numbers)], _FACTS, [json.dumps(numbers)])
    return {(store, number): tuple(facts) for store, number, *facts in rows}
