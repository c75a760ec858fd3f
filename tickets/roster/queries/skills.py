"""What people can do: for routing, and for the page where a lead says it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tenants.errors import NotFound
from tenants.models import Membership
from tenants.queries.people import memberships_of
from tickets.roster.models import Capacity, Skill


@dataclass(frozen=True)
class PersonSkills:
    """What was said of a person. An empty set of a kind: nothing was said, and nothing follows."""

    languages: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    marketplaces: frozenset[str] = frozenset()
    capacity: Mapping[str, int] = field(default_factory=dict)  # by channel


@dataclass(frozen=True)
class SkillLine:
    member: int
    person: int
    name: str
    role: str
    said: PersonSkills


def skills_of(people: Collection[int], *, agency_id: int | None = None) -> dict[int, PersonSkills]:
    """person → what was said, of each that is asked for. Two queries. `agency_id` where the place is no agency's."""
    skills, capacities = Skill.objects.filter(person_id__in=people), Capacity.objects.filter(person_id__in=people)
    if agency_id is not None:
        skills, capacities = skills.filter(agency_id=agency_id), capacities.filter(agency_id=agency_id)
    found: dict[int, dict[str, set[str]]] = {person: {kind: set() for kind in Skill.Kind.values} for person in people}
    for person, kind, value in skills.values_list("person_id", "kind", "value"):
        found[person][kind].add(value)
    most: dict[int, dict[str, int]] = {person: {} for person in people}
    for person, channel, count in capacities.values_list("person_id", "channel", "most"):
        most[person][channel] = count
    return {
        person: PersonSkills(
            frozenset(kinds[Skill.Kind.LANGUAGE]),
            frozenset(kinds[Skill.Kind.CATEGORY]),
            frozenset(kinds[Skill.Kind.MARKETPLACE]),
            most[person],
        )
        for person, kinds in found.items()
    }


def skill_lines(agency_id: int) -> list[SkillLine]:
    """Everybody who works for the agency, by name. Three queries."""
    members = list(memberships_of(agency_id).filter(user__is_active=True))
    return _lines(members, agency_id)


def member_line(agency_id: int, pk: int) -> tuple[Membership, SkillLine]:
    """One of them. Raises NotFound."""
    members = list(memberships_of(agency_id).filter(pk=pk, user__is_active=True))
    if not members:
        raise NotFound(field="person")
    return members[0], _lines(members, agency_id)[0]


def _lines(members: Sequence[Membership], agency_id: int) -> list[SkillLine]:
    said = skills_of([member.user_id for member in members], agency_id=agency_id)
    return [
        SkillLine(member.pk, member.user_id, str(member.user), member.role, said[member.user_id]) for member in members
    ]
