"""The gate to the library: which items a person may see and which they may write. Every list begins here.

At an agency's host a member sees what is the agency's, a platform's, their stores', their teams' and their own; what
is another's own nobody else sees. Owners and leads write all but that; agents write their own and their teams'. At a
store's host there is what was published there: see `knowledge.queries.held`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from knowledge.models import Item, Layer, Version
from tenants.access import Caller
from tenants.errors import Forbidden, NotFound
from tenants.hosts import Kind as Host
from tenants.models import Assignment, Membership, TeamMember
from tenants.models.people import Role

_SHARED = (Layer.AGENCY, Layer.PLATFORM)


def items_for(caller: Caller, *, kind: str = "") -> QuerySet[Item]:
    """What the caller may see at the agency's host; elsewhere, and by a token, nothing."""
    own = Q(layer=Layer.PERSONAL, person=caller.person)
    shared = Q(layer__in=_SHARED)
    return _items(caller, own | _of_their_teams(caller) | shared | _of_their_stores(caller), kind)


def writable_items_for(caller: Caller, *, kind: str = "") -> QuerySet[Item]:
    """What the caller may change."""
    own = Q(layer=Layer.PERSONAL, person=caller.person)
    return _items(caller, own | _of_their_teams(caller), kind)


def item_for(caller: Caller, pk: int, *, kind: str = "") -> Item:
    """An item to read, with `latest`. Raises NotFound."""
    item = items_for(caller, kind=kind).select_related("latest", "draft_by", "keeper").filter(pk=pk).first()
    if item is None:
        raise NotFound(field="item")
    return item


def locked_item(caller: Caller, pk: int, *, kind: str = "") -> Item:
    """An item to change, locked until the transaction ends. Raises NotFound, and Forbidden to who may only read it."""
    found = writable_items_for(caller, kind=kind).select_for_update(no_key=True, of=("self",))
    item = found.select_related("latest", "draft_by").filter(pk=pk).first()
    if item is None:
        item_for(caller, pk, kind=kind)
        raise Forbidden
    return item


def locked_items(caller: Caller, ids: Collection[int], *, kind: str = "") -> list[Item]:
    """Those of these that the caller may change, locked until the transaction ends; the others are left out."""
    found = writable_items_for(caller, kind=kind).filter(pk__in=ids)
    return list(found.select_for_update(no_key=True, of=("self",)).order_by("pk"))


def may_write(caller: Caller, item: Item) -> bool:
    """One query."""
    return writable_items_for(caller).filter(pk=item.pk).exists()


def version_for(caller: Caller, item: Item, number: int) -> Version:
    """A version of an item that came from here. Raises NotFound."""
    version = Version.objects.select_related("author", "item").filter(item=item, number=number).first()
    if version is None:
        raise NotFound(field="version")
    return version


def _items(caller: Caller, theirs: Q, kind: str) -> QuerySet[Item]:
    if caller.place.kind != Host.AGENCY or caller.token is not None:
        return Item.objects.none()
    leads = Q(Exists(_memberships(caller).filter(role__in=(Role.OWNER, Role.LEAD)))) & ~Q(layer=Layer.PERSONAL)
    members = Q(Exists(_memberships(caller)))
    items = Item.objects.filter(members & (theirs | leads), agency=caller.place.agency_id)
    return items.filter(kind=kind) if kind else items


def _memberships(caller: Caller) -> QuerySet[Membership, Any]:
    return Membership.objects.filter(user=caller.person, user__is_active=True, agency=caller.place.agency_id)


def _of_their_teams(caller: Caller) -> Q:
    member = TeamMember.objects.filter(team=OuterRef("team"), user=caller.person)
    return Q(Exists(member), layer=Layer.TEAM)


def _of_their_stores(caller: Caller) -> Q:
    given = Assignment.objects.filter(store=OuterRef("store"), user=caller.person, role=Role.AGENT)
    return Q(Exists(given), layer=Layer.STORE)
