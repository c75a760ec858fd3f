"""Who works for an agency: what its admin lists, chooses from and finds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, NullIf

from tenants.models import Assignment, Membership, Store, Team, TeamMember, User
from tenants.models.people import Role

FOUND = 10


@dataclass(frozen=True)
class PersonLine:
    """A member and the stores they were given, by name."""

    member: Membership
    user_id: int
    name: str
    role: str
    has_signed_in: bool
    stores: tuple[tuple[int, str], ...]


def members_of(agency_id: int) -> QuerySet[User]:
    """Who works for the agency, by name; without what nobody may know of them."""
    return User.people.filter(memberships__agency_id=agency_id, is_active=True).order_by("name", "email")


def memberships_of(agency_id: int) -> QuerySet[Membership]:
    """The agency's people, each with `store_count` (stores given to an agent) and `team_names`."""
    given = Assignment.objects.filter(user=OuterRef("user"), store__agency_id=agency_id, role=Role.AGENT)
    counted = given.order_by().values("user").annotate(count=Count("pk")).values("count")
    teams = TeamMember.objects.filter(user=OuterRef("user"), agency_id=agency_id).order_by().values("user")
    named = teams.annotate(names=StringAgg("team__name", delimiter=", ", order_by="team__name")).values("names")
    return (
        Membership.objects.filter(agency_id=agency_id)
        .select_related("user")
        .defer("user__password")
        .annotate(
            store_count=Coalesce(Subquery(counted), 0),
            team_names=Coalesce(Subquery(named), Value(""), output_field=TextField()),
            called=Coalesce(NullIf(F("user__name"), Value("")), F("user__email"), output_field=TextField()),
        )
        .order_by("called", "pk")
    )


def person_lines(agency_id: int, member_ids: Collection[int]) -> list[PersonLine]:
    """These members with their stores, by name. Two queries."""
    members = list(memberships_of(agency_id).filter(pk__in=member_ids))
    stores = _stores_by_person(agency_id, [member.user_id for member in members])
    return [
        PersonLine(
            member,
            member.user_id,
            str(member.user),
            member.role,
            member.user.last_login is not None,
            tuple(stores.get(member.user_id, ())),
        )
        for member in members
    ]


def line_by_email(agency_id: int, email: str) -> PersonLine | None:
    """The member of this e-mail with their stores. Three queries."""
    found = Membership.objects.filter(agency_id=agency_id, user__email=email.strip().lower())
    ids = list(found.values_list("pk", flat=True))
    return next(iter(person_lines(agency_id, ids)), None) if ids else None


def slugs_by_person(people: Collection[int], agency_id: int) -> dict[int, list[str]]:
    """person → the short names of the stores they were given, in order. One query."""
    rows = Assignment.objects.filter(user_id__in=people, store__agency_id=agency_id, role=Role.AGENT)
    found: dict[int, list[str]] = {}
    for person, slug in rows.order_by("store__slug").values_list("user_id", "store__slug"):
        found.setdefault(person, []).append(slug)
    return found


def store_ids(agency_id: int, slugs: Collection[str]) -> dict[str, int]:
    """short name → id, of the agency's own. One query, or none."""
    if not slugs:
        return {}
    return dict(Store.objects.filter(agency_id=agency_id, slug__in=slugs).values_list("slug", "pk"))


def _stores_by_person(agency_id: int, people: Collection[int]) -> dict[int, list[tuple[int, str]]]:
    rows = Assignment.objects.filter(user_id__in=people, store__agency_id=agency_id, role=Role.AGENT)
    found: dict[int, list[tuple[int, str]]] = {}
    for person, store, name in rows.order_by("store__name").values_list("user_id", "store_id", "store__name"):
        found.setdefault(person, []).append((store, name))
    return found


def given_stores(agency_id: int) -> QuerySet[Assignment]:
    """Who has which store of the agency, agents and sellers."""
    rows = Assignment.objects.filter(store__agency_id=agency_id).select_related("user", "store")
    return rows.defer("user__password").order_by("store__name", "user__name", "pk")


def agency_stores(agency_id: int) -> QuerySet[Store]:
    """The agency's stores in whatever state, each with `people_count` (agents) and `host`."""
    agents = Count("assignments", filter=Q(assignments__role=Role.AGENT), distinct=True)
    return Store.objects.filter(agency_id=agency_id).annotate(people_count=agents).order_by("name", "pk")


def agents_of(agency_id: int) -> QuerySet[User]:
    """Those to whom stores are given by name."""
    return members_of(agency_id).filter(memberships__role=Role.AGENT, memberships__agency_id=agency_id)


def search_people(rows: QuerySet[User], words: str) -> QuerySet[User]:
    """Those of them whose name or e-mail has the words in it."""
    return rows.filter(Q(name__icontains=words) | Q(email__icontains=words))


def name_and_email(person: User) -> str:
    return f"{person.name} · {person.email}" if person.name else person.email


def search_stores(rows: QuerySet[Store], words: str) -> QuerySet[Store]:
    """Those of them that are called so, or are of a marketplace that is."""
    markets = [value for value, label in Store.Marketplace.choices if words.casefold() in str(label).casefold()]
    return rows.filter(Q(name__icontains=words) | Q(slug__icontains=words) | Q(marketplace__in=markets))


def teams_of(agency_id: int) -> QuerySet[Team]:
    """The agency's teams, each with `size`, how many are in it."""
    return Team.objects.filter(agency_id=agency_id).annotate(size=Count("members")).order_by("name", "pk")


def team_member_ids(team: Team) -> list[int]:
    return list(team.members.order_by("pk").values_list("user_id", flat=True))


def account_of(user_id: int) -> User:
    """The person with what signs links to their account: not for inside a store."""
    return User.objects.get(pk=user_id)


def find_people(words: str, agency_id: int) -> list[tuple[int, str, str]]:
    """(membership, name, e-mail) of at most FOUND people whose name or e-mail has the words in it."""
    rows = memberships_of(agency_id).filter(Q(user__name__icontains=words) | Q(user__email__icontains=words))
    return [(member.pk, str(member.user), member.user.email) for member in rows[:FOUND]]


def find_stores(words: str, agency_id: int) -> list[tuple[int, str]]:
    """(store, name) of at most FOUND stores that are called so."""
    rows: Any = Store.objects.filter(agency_id=agency_id).filter(Q(name__icontains=words) | Q(slug__icontains=words))
    return list(rows.order_by("name").values_list("pk", "name")[:FOUND])
