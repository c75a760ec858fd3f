"""give_stores, take_stores, set_alias: which agents answer for which stores, and under what name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actions.log_change import Changed, log_change, log_changes
from tenants.actions.staff import require_power
from tenants.errors import Invalid, NotFound
from tenants.models import Assignment, Membership, Store, User
from tenants.models.people import Role

MOST_LETTERS = 40
Pair = tuple[int, int]  # (person, store)


@transaction.atomic
def give_stores(
    agency_id: int, *, people: Collection[int], stores: Collection[int], alias: str = "", by: User, now: datetime
) -> list[Pair]:
    """Each of these agents has each of these stores; what was given anew. Who had one keeps it, with its alias.

    Raises Invalid where somebody is no agent here or a store is not the agency's, and then nothing was given.
    """
    require_power(by, agency_id, Role.AGENT)
    alias = checked_alias(alias)
    members = _agents(agency_id, people)
    known = {store.pk: store for store in Store.objects.filter(agency_id=agency_id, pk__in=set(stores))}
    if len(known) != len(set(stores)):
        raise Invalid(_("One of these stores is not the agency's."), field="stores")
    has = _pairs(agency_id, members)
    new = [(person, store) for person in members for store in known if (person, store) not in has]
    Assignment.objects.bulk_create(
        Assignment(user_id=person, store_id=store, role=Role.AGENT, alias=alias) for person, store in new
    )
    _log(agency_id, members, has, has | set(new), by=by, now=now)
    return new


@transaction.atomic
def take_stores(agency_id: int, *, pairs: Iterable[Pair], by: User, now: datetime) -> list[Pair]:
    """Takes these stores from these agents; what was taken. A pair that is not there is passed over."""
    require_power(by, agency_id, Role.AGENT)
    wanted = set(pairs)
    members = {
        member.user_id: member
        for member in Membership.objects.filter(agency_id=agency_id, user_id__in={person for person, _s in wanted})
    }
    has = _pairs(agency_id, members)
    gone = wanted & has
    rows = Assignment.objects.filter(user_id__in=members, store__agency_id=agency_id, role=Role.AGENT)
    ids = [pk for pk, person, store in rows.values_list("pk", "user_id", "store_id") if (person, store) in gone]
    Assignment.objects.filter(pk__in=ids).delete()
    _log(agency_id, members, has, has - gone, by=by, now=now)
    return sorted(gone)


@transaction.atomic
def set_alias(given: Assignment, *, alias: str, by: User, now: datetime) -> Assignment:
    """The name under which this agent answers in this store. Raises Invalid; NotFound for what is no agent's."""
    if given.role != Role.AGENT:
        raise NotFound
    agency_id = given.store.agency_id
    require_power(by, agency_id, Role.AGENT)
    before = {"alias": given.alias}
    given.alias = checked_alias(alias)
    given.save(update_fields=["alias"])
    log_change(given, agency_id=agency_id, by=by, now=now, before=before, after={"alias": given.alias})
    return given


def checked_alias(alias: str) -> str:
    """One short line, or nothing. Raises Invalid."""
    alias = " ".join(alias.split())
    if len(alias) > MOST_LETTERS or not alias.isprintable():
        raise Invalid(_("One line of at most %(most)d letters is needed here.") % {"most": MOST_LETTERS}, field="alias")
    return alias


def _agents(agency_id: int, people: Collection[int]) -> dict[int, Membership]:
    found = {
        member.user_id: member
        for member in Membership.objects.filter(agency_id=agency_id, user_id__in=set(people)).select_related("user")
    }
    if len(found) != len(set(people)):
        raise Invalid(_("Somebody of these does not work here."), field="people")
    if any(member.role != Role.AGENT for member in found.values()):
        raise Invalid(_("Owners and leads have every store already."), field="people")
    return found


def _pairs(agency_id: int, people: Collection[int]) -> set[Pair]:
    rows = Assignment.objects.filter(user_id__in=people, store__agency_id=agency_id, role=Role.AGENT)
    return set(rows.values_list("user_id", "store_id"))


def _log(
    agency_id: int, members: dict[int, Membership], before: set[Pair], after: set[Pair], *, by: User, now: datetime
) -> None:
    """In the history of each person whose stores are others now: the names of those that came and went."""
    changed = before ^ after
    if not changed:
        return
    names = dict(Store.objects.filter(pk__in={store for _p, store in changed}).values_list("pk", "name"))
    rows = []
    for person, member in members.items():
        gone = sorted(names[store] for who, store in before - after if who == person)
        new = sorted(names[store] for who, store in after - before if who == person)
        if gone or new:
            rows.append(Changed(member, {"stores": gone}, {"stores": new}, kind="stores", title=str(member.user)))
    log_changes(rows, agency_id=agency_id, by=by, now=now)
