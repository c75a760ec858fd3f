"""Who is there, with what they can, have and take; and whom the roster names. Two queries, however many stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tenants.context import ask
from tickets.certification.queries import certified_in
from tickets.channels import Channel
from tickets.clocks.routing import Person, Place
from tickets.queries.presence import FRESH
from tickets.routing.queries.plans import Giving
from tickets.routing.queries.waiting import Found

# Leads and owners are not given tickets: they take them. So who counts is an agent, and was given the store; who was
# promoted keeps what they were given, for nothing. What somebody
# has of a chat is all that is open; of other channels what waits for us, for the rest may lie for days.
_TEAM: Final = """
SELECT present.agency_id, present.person_id,
  ARRAY(SELECT given.store_id FROM tenants_assignment given
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
  AND member.role = 'agent'
JOIN tenants_user person ON person.id = present.person_id AND person.is_active
WHERE present.agency_id = ANY(%(agencies)s::bigint[]) AND present.status = 'online'
  AND present.seen_at > %(fresh)s::timestamptz
ORDER BY present.agency_id, present.person_id
"""
# Shifts of agents: a lead who is on duty does not send the agents home.
_ON_DUTY: Final = """
WITH shift AS MATERIALIZED (
  SELECT agency_id, person_id, store_id FROM roster_shift
  WHERE agency_id = ANY(%(agencies)s::bigint[]) AND begins_at <= %(now)s::timestamptz
    AND ends_at > %(now)s::timestamptz
)
SELECT shift.agency_id, shift.person_id, shift.store_id,
  ARRAY(SELECT given.store_id FROM tenants_assignment given
    WHERE given.user_id = shift.person_id AND given.role = 'agent')
FROM shift
JOIN tenants_membership member ON member.user_id = shift.person_id AND member.agency_id = shift.agency_id
  AND member.role = 'agent'
JOIN tenants_user person ON person.id = shift.person_id AND person.is_active
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
    duty = on_duty_in({store: one.agency for store, one in stores.items()}, now)
    certified = certified_in(stores)
    people: dict[int, list[Person]] = {agency: [] for agency in agencies}
    held: Counter[int] = Counter()
    for row in rows:
        people[row[0]].append(_person(row, givings[row[0]], {s for s in row[2] if s in stores}, held))
    places: dict[int, dict[int, Place]] = {agency: {} for agency in agencies}
    for store, one in stores.items():
        place = Place(store, one.marketplace, duty.get(store), certified.get(store), held[store])
        places[one.agency][store] = place
    return {agency: Team(tuple(people[agency]), places[agency]) for agency in agencies}


def on_duty_in(stores: Mapping[int, int], now: datetime) -> dict[int, frozenset[int]]:
    """store → the agents whose shift is under way there; one without any is not in it. `stores`: of which agency.

    One query.
    """
    agencies = sorted(set(stores.values()))
    found: dict[int, set[int]] = {}
    for agency, person, of_store, given in ask(_ON_DUTY, {"agencies": agencies, "now": now}):
        for store in given:
            if stores.get(store) == agency and of_store in (None, store):
                found.setdefault(store, set()).add(person)
    return {store: frozenset(people) for store, people in found.items()}


def _person(row: tuple[Any, ...], giving: Giving, stores: Collection[int], held: Counter[int]) -> Person:
    """`stores`: of theirs, in which something waits. Adds what they have to `held`, by store."""
    _agency, pk, _all, skills, says, has, busy_at = row
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
    usual = {channel: giving.most(channel) for channel in Channel.values}  # what is taken back may be of any
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
