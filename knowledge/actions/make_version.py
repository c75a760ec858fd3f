"""make_version: the draft becomes a version, for good; and people put their names to it, or say why not."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from knowledge.actions.index_items import index_items
from knowledge.actions.write_item import check_revision, note
from knowledge.content import read
from knowledge.content.pictures import pictures_in
from knowledge.models import Item, SignOff, Version
from tenants.errors import Conflict, Invalid
from tenants.models import Store, User


class NothingNew(Conflict):
    code = "nothing_new"
    message = _("The draft says what the latest version says already.")


def make_version(item: Item, *, revision: int, author: User, now: datetime, words: str = "") -> Version:
    """The draft as the next version, and then there is no draft; `words` say what is different. `item` is locked.

    Raises NothingNew, ItemMovedOn; and Invalid with its field where what was typed last is not sound.
    """
    check_revision(item, revision)
    if item.rough is not None:
        read(item.kind, item.rough)
    if item.draft is None or (item.latest is not None and item.latest.content == item.draft):
        raise NothingNew(field="draft")
    number = (item.latest.number if item.latest else 0) + 1
    version = Version.objects.create(
        agency_id=item.agency_id,
        item=item,
        number=number,
        content=item.draft,
        pictures=list(pictures_in(item.draft)),
        note=words.strip()[:300],
        author=author,
        made_at=now,
    )
    item.latest = version
    item.draft = item.draft_by = item.draft_at = None
    item.revision += 1
    item.changed_at = now
    item.save()
    index_items([item])
    note(item, "version_made", by=author, after={"version": number, "note": version.note}, now=now)
    return version


def sign_off(
    version: Version, *, person: User, accepted: bool, now: datetime, store: Store | None = None, reason: str = ""
) -> SignOff:
    """A lead's word on a version; with `store`, its seller's. A refusal says why: Invalid (`reason`)."""
    reason = reason.strip()[:500]
    if not accepted and not reason:
        raise Invalid(_("Say what is to be changed."), field="reason")
    signed = SignOff.objects.create(
        agency_id=version.agency_id,
        version=version,
        store=store,
        person=person,
        accepted=accepted,
        reason=reason,
        at=now,
    )
    note(
        version.item,
        "version_accepted" if accepted else "version_refused",
        by=person,
        after={"version": version.number, "reason": reason},
        store_id=store.pk if store else None,
        now=now,
    )
    return signed
