"""publish: 下发. A version to a set of stores, now or at a time; without a version, it is taken from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from knowledge.actions.deliver_release import Outcome, Reason, Seen, deliver
from knowledge.actions.write_item import ItemIsArchived
from knowledge.models import Delivered, Item, Kind, Layer, Release, SignOff, Version
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Store, User

MOST_STORES: Final = 5_000
FARTHEST: Final = timedelta(days=366)


class NotAccepted(Conflict):
    code = "not_accepted"
    message = _("No lead has accepted this version of the SOP yet, so it can't be published.")


def publish(
    item: Item,
    version: Version | None,
    stores: Sequence[int],
    *,
    author: User,
    now: datetime,
    due_at: datetime | None = None,
    time_zone: str = "",
    note: str = "",
    replace_overrides: bool = False,
    seen: Seen | None = None,
) -> Release:
    """One release with its lines (`release.stores`), in one transaction. `stores`: ids of stores of the item's agency.

    Where the author may not publish, or the item does not belong, the line is refused and the rest goes on. A store's
    own text goes on being what it runs, unless `replace_overrides`. `seen`: a store that runs something else by now is
    left alone. Raises Invalid (`item`, `version`, `stores`, `due_at`), NotAccepted, ItemIsArchived, NotFound.
    """
    wanted = list(dict.fromkeys(stores))
    _check_when(due_at, now)
    with transaction.atomic():
        item = Item.objects.select_for_update(no_key=True).get(pk=item.pk)
        _check_item(item, version)
        _check_stores(item, wanted)
        release = Release(
            agency_id=item.agency_id,
            item=item,
            version=version,
            author=author,
            note=note.strip()[:300],
            made_at=now,
            due_at=due_at or now,
            time_zone=time_zone,
            replaces_overrides=replace_overrides,
            done_at=None if due_at else now,
        )
        release.save(force_insert=True)
        if due_at is None:
            deliver(release, item, wanted, now=now, seen=seen)
        else:
            waiting = [Delivered(release=release, store_id=store, outcome=Outcome.WAITING) for store in wanted]
            Delivered.objects.bulk_create(waiting)
    return release


def fault_of(item: Item, version: Version | None) -> str:
    """Why this may not be published now, a Delivered.Reason; empty if it may. One query at most."""
    if version is None:
        return ""
    if item.archived_at is not None:
        return Reason.ARCHIVED
    return "" if item.kind != Kind.SOP or _is_accepted(version) else Reason.NOT_ACCEPTED


def _check_item(item: Item, version: Version | None) -> None:
    if item.layer in (Layer.PERSONAL, Layer.TEAM):
        raise Invalid(_("What is one's own or a team's is in use at once; it is not published."), field="item")
    if version is not None and version.item_id != item.pk:
        raise Invalid(_("This is a version of something else."), field="version")
    fault = fault_of(item, version)
    if fault == Reason.ARCHIVED:
        raise ItemIsArchived(field="item")
    if fault:
        raise NotAccepted(field="version")


def _check_when(due_at: datetime | None, now: datetime) -> None:
    if due_at is None:
        return
    if due_at <= now:
        raise Invalid(_("This time is over. Choose a later one, or publish now."), field="due_at")
    if due_at > now + FARTHEST:
        raise Invalid(_("This is more than a year ahead."), field="due_at")


def _check_stores(item: Item, wanted: Sequence[int]) -> None:
    """Whatever is not the agency's own does not exist."""
    if not wanted:
        raise Invalid(_("Choose one store at least."), field="stores")
    if len(wanted) > MOST_STORES:
        raise Invalid(_("There are more than %(most)d stores.") % {"most": MOST_STORES}, field="stores")
    if Store.objects.filter(agency=item.agency_id, pk__in=wanted).count() != len(wanted):
        raise NotFound(field="stores")


def _is_accepted(version: Version) -> bool:
    """Whether a lead's latest word on it is yes."""
    word = SignOff.objects.filter(version=version, store__isnull=True).order_by("-pk").first()
    return word is not None and word.accepted
