"""Stores and people as a reader may know them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from tenants.access import Action, Caller, may
from tenants.models import Assignment, Store, User
from tickets.rows import PersonRef, StoreRef


def store_ref(store: Store) -> StoreRef:
    return StoreRef(store.pk, store.slug, store.name, store.band, store.time_zone, store.marketplace)


def buyer_name(name: str) -> str:
    """What a buyer is called: by name, by the channel's id, or by a short mark for a visitor who told no name."""
    return name if is_name(name) else _("Visitor %(mark)s") % {"mark": name[2:6]}


def is_name(name: str) -> bool:
    """Whether it is more than the mark that a visitor without a name was given."""
    return not (name.startswith("v:") and len(name) == len("v:") + 32)


def aliases_for(stores: Iterable[Store]) -> dict[tuple[int, int], str]:
    """(store, person) → the name that the store's seller sees. Asked for only where a seller is reading."""
    sellers = [store.pk for store in stores if not may(store, Action.ASSIGN)]
    if not sellers:
        return {}
    given = Assignment.objects.filter(store_id__in=sellers).exclude(alias="")
    return {(row.store_id, row.user_id): row.alias for row in given}


def person_ref(
    person: User | None, store: Store, caller: Caller, aliases: dict[tuple[int, int], str]
) -> PersonRef | None:
    """The person as this reader may know them: the agency's roster is not the seller's to see."""
    if person is None:
        return None
    if person.pk == caller.person.pk or may(store, Action.ASSIGN):
        return PersonRef(person.pk, str(person))
    return PersonRef(0, aliases.get((store.pk, person.pk)) or store.name)


def names_for(store: Store, people: Iterable[int]) -> list[str]:
    """Names of colleagues, for those who may know the agency's roster; nobody's for the others. In public."""
    if not may(store, Action.ASSIGN):
        return []
    return [str(person) for person in User.people.filter(pk__in=list(people)).order_by("name", "email")]
