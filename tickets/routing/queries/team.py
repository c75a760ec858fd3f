"""Who is there, with what they can, have and take; and whom the roster names. Two queries, however many stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tenants.context import ask
from tickets.clocks.routing import Person, Place
from tickets.queries.presence import FRESH
from tickets.routing.queries.plans import Giving
from tickets.routing.queries.waiting import Found

# Leads and owners are not given tickets: they take them. So who counts was given the store as an agent. What somebody
# has of a chat is all that is open; of other channels what waits for us, for the rest may lie for days.
_TEAM: Final = """
SELECT present.agency_id, present.person_id,
  ARRAY(SELECT given.store_id FROM tenants_assignment given
    JOIN tenants_store store ON store.id = given.store_id AND store.agency_id = present.agency_id
    WHERE given.user_id = present.person_id AND given.role = 'agent'),
  ARRAY(SELECT skill.kind || ':' || skill.value FROM roster_skill skill
    WHERE skill.agency_id = present.agency_id AND skill.person_id = present.person_id),
  ARRAY(SELECT says.channel || ':' || says.most FROM roster_capacity says
    WHERE says.agency_id = present.agency_id AND says.person_id = present.person_id),
  ARRAY(SELECT held.channel || ':' || held.store_id || ':' || count(*) FROM desk_queueentry held
    WHERE held.assignee_id = present.person_id AND (held.channel = 'widget' OR held.waiting_since IS NOT NULL)
    GROUP BY held.channel, held.store_id),
  (SELECT extract(epoch FROM max(held.last_message_at))::float FROM desk_queueentry held
    WHERE held.channel = 'widget' AND held.assignee_id = present.person_id)
FROM desk_presence present
JOIN tenants_membership member ON member.user_id = present.person_id AND member.agency_id = present.agency_id
JOIN tenants_user person ON person.id = present.person_id AND person.is_active
WHERE present.agency_id = ANY(%(agencies)s::bigint[]) AND present.status = 'online'
  AND present.seen_at > %(fresh)s::timestamptz
ORDER BY present.agency_id, present.person_id
"""
# Shifts of agents: a lead who is on duty does not send the agents home.
_ON_DUTY: Final = """
SELECT given.store_id, array_agg(DISTINCT shift.person_id)
FROM roster_shift shift
JOIN tenants_assignment given ON given.user_id = shift.person_id AND given.role = 'agent'
  AND (shift.store_id IS NULL OR shift.store_id = given.store_id)
JOIN tenants_store store ON store.id = given.store_id AND store.agency_id = shift.agency_id
JOIN tenants_membership member ON member.user_id = shift.person_id AND member.agency_id = shift.agency_id
JOIN tenants_user person ON person.id = shift.person_id AND person.is_active
WHERE shift.agency_id = ANY(%(agencies)s::bigint[]) AND shift.begins_at <= %(now)s::timestamptz
  AND shift.ends_at > %(now)s::timestamptz AND given.store_id = ANY(%(stores)s::bigint[])
GROUP BY given.store_id
"""


@dataclass(frozen=True)
class Team:
    """The people of one agency who take tickets now, and its stores in which something waits."""

    people: tuple[Person, ...]
    places: Mapping[int, Place]


def teams_of(found: Collection[Found], givings: Mapping[int, Giving], now: datetime) -> dict[int, Team]:
    """agency → its team, for the stores of what was found."""
    agencies, stores = sorted(givings), {one.ticket.store: one for one in found}
    rows = ask(_TEAM, {"agencies": agencies, "fresh": now - FRESH})
    duty = dict(ask(_ON_DUTY, {"agencies": agencies, "stores": list(stores), "now": now}))
    certified: dict[int, frozenset[int] | None] = {}  # MERGE: certified_in(stores) of tickets.certification.queries
    people: dict[int, list[Person]] = {agency: [] for agency in agencies}
    held: Counter[int] = Counter()
    for row in rows:
        people[row[0]].append(_person(row, givings[row[0]], held))
    places: dict[int, dict[int, Place]] = {agency: {} for agency in agencies}
    for store, one in stores.items():
        names = frozenset(duty[store]) if store in duty else None
        places[one.agency][store] = Place(store, one.marketplace, names, certified.get(store), held[store])
    return {agency: Team(tuple(people[agency]), places[agency]) for agency in agencies}


def _person(row: tuple[Any, ...], giving: Giving, held: Counter[int]) -> Person:
    """Adds what they have to `held`, by store."""
    _agency, pk, stores, skills, says, has, busy_at = row
    load: Counter[str] = Counter()
    for channel, store, count in (text.split(":") for text in has):
        load[channel] += int(count)
        if channel in giving.plan.channels:
            held[int(store)] += int(count)
    return person_of(pk, stores, skills, dict(text.split(":") for text in says), giving, load, busy_at or 0.0)


def person_of(
    pk: int,
    stores: Iterable[int],
    skills: Iterable[str],
    capacity: Mapping[str, Any],
    giving: Giving,
    load: Mapping[str, int],
    busy_at: float = 0.0,
) -> Person:
    """`skills` as kind:value. Where no capacity is said, the plan's holds."""
    said: dict[str, set[str]] = {}
    for kind, _colon, value in (text.partition(":") for text in skills):
        said.setdefault(kind, set()).add(value)
    usual = {channel: giving.most(channel) for channel in giving.plan.channels}
    return Person(
        pk,
        frozenset(stores),
        languages=frozenset(said.get("language", ())),
        categories=frozenset(said.get("category", ())),
        marketplaces=frozenset(said.get("marketplace", ())),
        capacity=usual | {channel: int(most) for channel, most in capacity.items()},
        load=load,
        busy_at=busy_at,
    )
