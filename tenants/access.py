"""The gate: may this person do this in this store? Every door asks here, with one query, and nowhere else.

Roles come from two rows: Membership (owner, lead, agent of the agency) and Assignment (the stores an agent was given;
the seller of a store). The place narrows: on an agency's host only its stores, on a store's host only that store. A
token narrows again, to its own store or agency and to its scope, and is never wider than the person it acts for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet

from tenants.context import ask, ask_near
from tenants.errors import Forbidden, NotFound
from tenants.hosts import Kind, Place
from tenants.models import ApiToken, Membership, Store, User
from tenants.models.people import Role
from tenants.models.rows import columns, row
from tenants.postgresql.base import Scope


class Action(StrEnum):
    VIEW = "view"
    REPLY = "reply"
    NOTE = "note"  # to write and to read: notes are the agency's own
    ASSIGN = "assign"  # to give, and to see who has it: the agency's roster is its own
    CLOSE = "close"  # and to reopen
    RECEIVE = "receive"  # to hand in a buyer's message: connections, not people
    DELIVER = "deliver"  # to carry replies out and say what became of them
    RUN_SOP = "run_sop"  # to go through an SOP on a ticket, and to see how others went: evidence is the agency's own
    SIGN_FOR_STORE = "sign_for_store"  # the seller alone: nobody of the agency says yes in their place
    CONFIGURE = "configure"  # the store's chat widget: owners and leads, and the seller whose store it is
    # What is the agency's and no store's: asked of `member_of`, at the agency's host.
    ENTER_ADMIN = "enter_admin"  # to come into the web admin at all
    READ_LIBRARY = "read_library"
    WRITE_LIBRARY = "write_library"
    SIGN_OFF = "sign_off"  # a version that others wrote
    PUBLISH = "publish"  # to stores, and to take it back
    VIEW_REPORTS = "view_reports"  # also asked of a store: its seller reads its figures
    STAFF = "staff"  # people, their stores and teams, except owners and leads
    APPOINT = "appoint"  # to make somebody an owner or a lead, and to take that away
    ROSTER = "roster"  # shifts, skills and capacities; one's own are everybody's to see
    CERTIFY = "certify"  # exams, their questions with the right answers, and everybody's results
    SET_STORE = "set_store"  # a store's name, colour and time zone
    SET_POLICIES = "set_policies"  # what is measured and promised, and when stores are open
    SET_RULES = "set_rules"  # how the agency is warned, and what happens by itself when time has gone by


_AGENT = frozenset(
    {
        Action.VIEW,
        Action.REPLY,
        Action.NOTE,
        Action.ASSIGN,
        Action.CLOSE,
        Action.RUN_SOP,
        Action.ENTER_ADMIN,
        Action.READ_LIBRARY,
    }
)
_ALL = frozenset(Action) - {Action.SIGN_FOR_STORE}
MAY: dict[str, frozenset[Action]] = {
    Role.OWNER: _ALL,
    Role.LEAD: _ALL - {Action.APPOINT},
    Role.AGENT: _AGENT,
    Role.SELLER: frozenset(
        {
            Action.VIEW,
            Action.REPLY,
            Action.CLOSE,
            Action.CONFIGURE,
            Action.VIEW_REPORTS,
            Action.SIGN_FOR_STORE,
        }
    ),
}


@dataclass(frozen=True)
class Caller:
    """Who asks, and from where. `token` is set when a program asks in the person's name."""

    person: User
    place: Place
    token: ApiToken | None = None

    def scope_allows(self, action: Action) -> bool:
        if self.token is None:
            return action not in {Action.RECEIVE, Action.DELIVER}
        return action in {Action.VIEW, Action.VIEW_REPORTS} or self.token.scope == ApiToken.Scope.WRITE


# Written out, because it runs in every request: composed by the ORM it cost a third of accepting a message.
_ROLE = """
CASE
  WHEN member.role IN ('owner', 'lead') THEN member.role
  WHEN member.role = 'agent' AND given.role = 'agent' THEN 'agent'
  WHEN member.role IS NULL AND given.role = 'seller' THEN 'seller'
END"""
_OF_PERSON = """
FROM tenants_store store
JOIN tenants_agency agency ON agency.id = store.agency_id AND agency.is_active
JOIN tenants_user person ON person.id = {person} AND person.is_active
LEFT JOIN tenants_membership member ON member.agency_id = store.agency_id AND member.user_id = person.id
LEFT JOIN tenants_assignment given ON given.store_id = store.id AND given.user_id = person.id
WHERE store.state = 'open'"""
_SEEN = f"""
SELECT {columns(Store, "store")}, agency.database_role AS reader, {_ROLE} AS role
{_OF_PERSON.format(person="%(person)s")}
  AND store.agency_id = %(agency)s
"""
_NARROWED = {
    "store": "store.id = %(store)s::bigint",
    "token_store": "store.id = %(token_store)s::bigint",
    "token_agency": "store.agency_id = %(token_agency)s::bigint",
    "slug": "store.slug = %(slug)s",
    "pk": "store.id = %(pk)s::bigint",
}


def _seen(values: Mapping[str, Any]) -> str:
    """The gate's statement, with what narrows it: of all that may, only what is given, so that an index is of use."""
    narrowed = [condition for name, condition in _NARROWED.items() if values[name] is not None]
    return " AND ".join([_SEEN, *narrowed])


def stores_for(
    caller: Caller, action: Action = Action.VIEW, *, slug: str | None = None, pk: int | None = None
) -> list[Store]:
    """The open stores in which the caller may do this, each with its `role`: the filter of every list. One query."""
    if not _asks(caller, action):
        return []
    values = _values(caller, slug=slug, pk=pk)
    statement = f"{_seen(values)} ORDER BY store.name, store.id"
    rows, proven = ask_near(pk, statement, values) if pk else (ask(statement, values), None)
    return _let_in(caller, action, rows, proven)


def _asks(caller: Caller, action: Action) -> bool:
    return caller.place.kind != Kind.OPERATOR and caller.scope_allows(action)


def _let_in(caller: Caller, action: Action, rows: list[tuple[Any, ...]], proven: Scope | None) -> list[Store]:
    at_agency = caller.place.kind == Kind.AGENCY  # where a seller has no door: theirs is the store's own host
    stores = [_store(found, proven) for found in rows]
    return [store for store in stores if may(store, action) and not (at_agency and store.role == Role.SELLER)]


def _values(caller: Caller, *, slug: str | None = None, pk: int | None = None) -> dict[str, Any]:
    place, token = caller.place, caller.token
    return {
        "person": caller.person.pk,
        "agency": place.agency_id,
        "store": place.store_id,
        "token_store": token and token.store_id,
        "token_agency": token and token.agency_id,
        "slug": slug,
        "pk": pk,
    }


def _store(found: tuple[Any, ...], proven: Scope | None) -> Store:
    *values, reader, role = found
    store = row(Store, values)
    store.reader, store.role, store.proven = reader, role, proven
    return store


def lets_in(person: str) -> str:
    """The same gate as an SQL condition: whether `person`, an expression, may see the entered store, %(store)s, at its
    agency's host. For statements that tell somebody at once what is written: asked for them, they need not ask.
    """
    roles = ", ".join(f"'{role}'" for role, allowed in MAY.items() if Action.VIEW in allowed and role != Role.SELLER)
    return f"EXISTS (SELECT {_OF_PERSON.format(person=person)} AND store.id = %(store)s AND {_ROLE} IN ({roles}))"


def gate_for(caller: Caller, action: Action) -> tuple[str, dict[str, Any]]:
    """The same filter as a subquery and its values, for statements that read of very many stores what they need alone.

    Its rows are stores with their `role`. One statement in the end: whatever joins it is filtered by it.
    """
    place = caller.place
    roles = [role for role, allowed in MAY.items() if action in allowed]
    if place.kind == Kind.AGENCY:
        roles = [role for role in roles if role != Role.SELLER]  # they have no door there
    if place.kind == Kind.OPERATOR or not caller.scope_allows(action):
        roles = []
    values = {**_values(caller), "roles": roles}
    return f"SELECT * FROM ({_seen(values)}) gate WHERE role = ANY(%(roles)s)", values


def store_for(caller: Caller, slug: str, action: Action) -> Store:
    """The store by its slug, with `role`. NotFound if the caller may not even see it, Forbidden if only not do this.

    One query.
    """
    return _only(caller, stores_for(caller, Action.VIEW, slug=slug), action)


def store_by_pk_for(caller: Caller, pk: int, action: Action) -> Store:
    """The same by the store's id, as sockets name it. One query."""
    return _only(caller, stores_for(caller, Action.VIEW, pk=pk), action)


def store_with(caller: Caller, pk: int, action: Action, more: str, values: Mapping[str, Any]) -> tuple[Store, Any]:
    """As `store_by_pk_for`, and in the same query what `more` finds in the store: a subquery of one value.

    Only where the connection stands in that store already, and only for whom the gate lets in; None where it stands
    elsewhere: then the store is entered, and asked. `more` is a constant of ours, and may name `seen.role`.
    """
    if not _asks(caller, Action.VIEW):
        raise NotFound(field="store")
    asked = {**_values(caller, slug=None, pk=pk), **values}
    seen = _seen(asked)
    rows, proven = ask_near(pk, seen, asked, inside=f"SELECT seen.*, ({more}) FROM ({seen}) seen")
    found = rows[0][-1] if proven and rows else None
    store = _only(caller, _let_in(caller, Action.VIEW, [row[:-1] for row in rows] if proven else rows, proven), action)
    return store, found


def _only(caller: Caller, found: list[Store], action: Action) -> Store:
    if not found:
        raise NotFound(field="store")
    require(caller, found[0], action)
    return found[0]


def store_of(place: Place) -> Store | None:
    """The open store whose host this is: for those who come without signing in, and see only what is theirs there."""
    if place.kind != Kind.STORE:
        return None
    return Store.objects.filter(pk=place.store_id, state=Store.State.OPEN).first()


def require(caller: Caller, store: Store, action: Action) -> None:
    """Forbidden unless the role that the gate put on this store, and the token's scope, allow the action."""
    if not caller.scope_allows(action) or not may(store, action):
        raise Forbidden


def may(store: Store, action: Action) -> bool:
    """Whether the role that the gate put on this store allows the action. A store that came past the gate has none."""
    return action in MAY.get(store.role or "", frozenset())


@dataclass(frozen=True)
class Member:
    """What the caller is to the agency at whose host they are. Made by `member_of` alone."""

    agency_id: int
    role: str

    def may(self, action: Action) -> bool:
        return action in MAY[self.role]

    def require(self, action: Action) -> None:
        """Forbidden unless the role allows it."""
        if not self.may(action):
            raise Forbidden


_MEMBER = """
SELECT member.id, member.agency_id, member.role
FROM tenants_membership member
JOIN tenants_user person ON person.id = member.user_id AND person.is_active
JOIN tenants_agency agency ON agency.id = member.agency_id AND agency.is_active
WHERE member.user_id = %s AND member.agency_id = %s
"""


def member_of(caller: Caller) -> Member | None:
    """The gate of what is the agency's own: the caller as a member of the agency whose host this is, else None.

    At an agency's host only, and for people, not for tokens. One query.
    """
    if caller.place.kind != Kind.AGENCY or caller.token is not None:
        return None
    found = list(Membership.objects.raw(_MEMBER, [caller.person.pk, caller.place.agency_id]))
    return Member(found[0].agency_id, found[0].role) if found else None


def require_in_agency(caller: Caller, action: Action) -> Member:
    """NotFound for who is no member of this agency, Forbidden unless the role allows the action. One query."""
    member = member_of(caller)
    if member is None:
        raise NotFound
    member.require(action)
    return member


def is_at_home(person: User, place: Place) -> bool:
    """Whether this host's sign-in form is for this person at all."""
    if place.kind == Kind.OPERATOR:
        return person.is_active and person.is_superuser
    if place.kind == Kind.STORE:
        return bool(stores_for(Caller(person, place)))
    return Membership.objects.filter(user=person, user__is_active=True, agency=place.agency_id).exists()


def colleagues(store: Store) -> QuerySet[User]:
    """Who can be given a ticket of this store: the agency's owners and leads, and the agents assigned to it."""
    leads = Q(memberships__agency=store.agency_id, memberships__role__in=[Role.OWNER, Role.LEAD])
    agents = Q(
        memberships__agency=store.agency_id,
        memberships__role=Role.AGENT,
        assignments__store=store,
        assignments__role=Role.AGENT,
    )
    return User.people.filter(leads | agents, is_active=True).distinct().order_by("name", "email")


_COLLEAGUE = """
SELECT 1 FROM tenants_membership member JOIN tenants_user person ON person.id = member.user_id AND person.is_active
WHERE member.user_id = %(person)s AND member.agency_id = %(agency)s
  AND (member.role IN ('owner', 'lead') OR member.role = 'agent' AND EXISTS (
    SELECT FROM tenants_assignment given
    WHERE given.user_id = member.user_id AND given.store_id = %(store)s AND given.role = 'agent'))
"""


def is_colleague(store: Store, person: int) -> bool:
    """Whether this person is one of them. For verbs that run all day."""
    return bool(ask(_COLLEAGUE, {"person": person, "agency": store.agency_id, "store": store.pk}))


def require_operator(caller: Caller) -> None:
    """The operator's pages exist for operators only, and on the operator's host only."""
    if caller.place.kind != Kind.OPERATOR or not (caller.person.is_active and caller.person.is_superuser):
        raise NotFound
