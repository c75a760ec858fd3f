"""The gate: may this person do this in this store? Every door asks here, with one query, and nowhere else.

Roles come from two rows: Membership (owner, lead, agent of the agency) and Assignment (the stores an agent was given;
the seller of a store). The place narrows: on an agency's host only its stores, on a store's host only that store. A
token narrows again, to its own store or agency and to its scope, and is never wider than the person it acts for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q, QuerySet

from tenants.errors import Forbidden, NotFound
from tenants.hosts import Kind, Place
from tenants.models import ApiToken, Membership, Store, User
from tenants.models.people import Role


class Action(StrEnum):
    VIEW = "view"
    REPLY = "reply"
    NOTE = "note"  # to write and to read: notes are the agency's own
    ASSIGN = "assign"  # to give, and to see who has it: the agency's roster is its own
    CLOSE = "close"  # and to reopen
    RECEIVE = "receive"  # to hand in a buyer's message: connections, not people
    DELIVER = "deliver"  # to carry replies out and say what became of them
    CONFIGURE = "configure"  # the store's chat widget: owners and leads, and the seller whose store it is


_AGENT = frozenset({Action.VIEW, Action.REPLY, Action.NOTE, Action.ASSIGN, Action.CLOSE})
_ALL = frozenset(Action)
MAY: dict[str, frozenset[Action]] = {
    Role.OWNER: _ALL,
    Role.LEAD: _ALL,
    Role.AGENT: _AGENT,
    Role.SELLER: frozenset({Action.VIEW, Action.REPLY, Action.CLOSE, Action.CONFIGURE}),
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
        return action == Action.VIEW or self.token.scope == ApiToken.Scope.WRITE


# Written out, because it runs in every request: composed by the ORM it cost a third of accepting a message.
_STORES = """
SELECT store.*, agency.database_role AS reader, CASE
         WHEN member.role IN ('owner', 'lead') THEN member.role
         WHEN member.role = 'agent' AND given.role = 'agent' THEN 'agent'
         WHEN member.role IS NULL AND given.role = 'seller' THEN 'seller'
       END AS role
FROM tenants_store store
JOIN tenants_agency agency ON agency.id = store.agency_id AND agency.is_active
JOIN tenants_user person ON person.id = %(person)s AND person.is_active
LEFT JOIN tenants_membership member ON member.agency_id = store.agency_id AND member.user_id = person.id
LEFT JOIN tenants_assignment given ON given.store_id = store.id AND given.user_id = person.id
WHERE store.state = 'open'
  AND store.agency_id = %(agency)s
  AND store.id = coalesce(%(store)s, store.id)
  AND store.id = coalesce(%(token_store)s, store.id)
  AND store.agency_id = coalesce(%(token_agency)s, store.agency_id)
  AND store.slug = coalesce(%(slug)s, store.slug)
  AND store.id = coalesce(%(pk)s, store.id)
ORDER BY store.name, store.id
"""


def stores_for(
    caller: Caller, action: Action = Action.VIEW, *, slug: str | None = None, pk: int | None = None
) -> list[Store]:
    """The open stores in which the caller may do this, each with its `role`: the filter of every list. One query."""
    place, token = caller.place, caller.token
    if place.kind == Kind.OPERATOR or not caller.scope_allows(action):
        return []
    stores = Store.objects.raw(
        _STORES,
        {
            "person": caller.person.pk,
            "agency": place.agency_id,
            "store": place.store_id,
            "token_store": token and token.store_id,
            "token_agency": token and token.agency_id,
            "slug": slug,
            "pk": pk,
        },
    )
    at_agency = place.kind == Kind.AGENCY  # where a seller has no door: theirs is the store's own host
    return [store for store in stores if may(store, action) and not (at_agency and store.role == Role.SELLER)]


def store_for(caller: Caller, slug: str, action: Action) -> Store:
    """The store by its slug, with `role`. NotFound if the caller may not even see it, Forbidden if only not do this.

    One query.
    """
    return _only(caller, stores_for(caller, Action.VIEW, slug=slug), action)


def store_by_pk_for(caller: Caller, pk: int, action: Action) -> Store:
    """The same by the store's id, as sockets name it. One query."""
    return _only(caller, stores_for(caller, Action.VIEW, pk=pk), action)


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


def require_operator(caller: Caller) -> None:
    """The operator's pages exist for operators only, and on the operator's host only."""
    if caller.place.kind != Kind.OPERATOR or not (caller.person.is_active and caller.person.is_superuser):
        raise NotFound
