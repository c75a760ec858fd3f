"""Who could be given tickets, there or not: for pages, checks and the dry run. At an agency's place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from tenants.context import ask
from tenants.models import Store, User
from tickets.clocks.routing import Person
from tickets.roster.queries.skills import PersonSkills, skills_of
from tickets.roster.queries.week import stores_of
from tickets.routing.queries.plans import Giving
from tickets.routing.queries.team import person_of

_AGENTS: Final = """
SELECT given.user_id, array_agg(given.store_id)
FROM tenants_assignment given
JOIN tenants_store store ON store.id = given.store_id AND store.state = 'open'
JOIN tenants_membership member ON member.user_id = given.user_id AND member.agency_id = store.agency_id
  AND member.role = 'agent'
JOIN tenants_user person ON person.id = given.user_id AND person.is_active
WHERE given.role = 'agent' AND store.agency_id = %s::bigint
GROUP BY given.user_id
"""


@dataclass(frozen=True)
class Agents:
    """person → their stores, their name, what was said that they can do."""

    stores: Mapping[int, frozenset[int]]
    names: Mapping[int, str]
    skills: Mapping[int, PersonSkills]


def agents_of(agency_id: int) -> Agents:
    """Everybody who was given a store as an agent. Four queries."""
    stores = {person: frozenset(given) for person, given in ask(_AGENTS, [agency_id])}
    return Agents(stores, names_of(stores), skills_of(stores, agency_id=agency_id))


def names_of(people: Collection[int]) -> dict[int, str]:
    """person → name, by name. One query."""
    found = {user.pk: str(user) for user in User.people.filter(pk__in=list(people))}
    return dict(sorted(found.items(), key=lambda one: (one[1].casefold(), one[0])))


def people_to_choose(agents: Agents, chosen: Collection[int]) -> list[tuple[int, str]]:
    """Of a rule that names `chosen`: agents, and whoever of those is none any more, or saving would let go of them, and
    a rule that names nobody is about everybody. At most one query.
    """
    gone = [person for person in chosen if person not in agents.names]
    names = names_of(gone) if gone else {}
    told = [(person, _("%(name)s (no agent any more)") % {"name": names.get(person, "–")}) for person in gone]
    return [*agents.names.items(), *told]


def stores_to_choose(agency_id: int, chosen: Collection[int]) -> list[tuple[int, str]]:
    """Of a rule about `chosen`: stores that are open, and those of it that are not, likewise. At most two queries."""
    names = {store.pk: store.name for store in stores_of(agency_id)}
    gone = [pk for pk in chosen if pk not in names]
    rows = Store.objects.filter(agency_id=agency_id, pk__in=gone).values_list("pk", "name") if gone else ()
    closed = dict(rows)
    told = [(pk, _("%(name)s (not open any more)") % {"name": closed.get(pk, "–")}) for pk in gone]
    return [*names.items(), *told]


def as_people(agents: Agents, giving: Giving) -> list[Person]:
    """As the engine wants them, with empty hands."""
    return [
        person_of(pk, stores, _told(agents.skills[pk]), agents.skills[pk].capacity, giving, {})
        for pk, stores in sorted(agents.stores.items())
    ]


def _told(said: PersonSkills) -> list[str]:
    kinds = (("language", said.languages), ("category", said.categories), ("marketplace", said.marketplaces))
    return [f"{kind}:{value}" for kind, values in kinds for value in values]
