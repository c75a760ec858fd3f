"""accept_for_store: the seller's word on what a release asks for their store. Yes publishes it there, no says why."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from knowledge.actions.deliver_release import Outcome, Reason, write_publications
from knowledge.actions.index_items import index_versions
from knowledge.actions.make_version import sign_off
from knowledge.actions.publish import fault_of
from knowledge.models import Delivered, Item, Publication, Version
from tenants.actions.log_change import log_change
from tenants.errors import NotFound
from tenants.models import Store, User


def accept_for_store(
    store: Store, version: Version, *, person: User, accepted: bool, now: datetime, reason: str = ""
) -> Delivered:
    """The line of the release that asked, settled. Works at the agency's host and at the store's.

    Raises NotFound where nothing is asked (any more), Invalid (`reason`) for a refusal without one.
    """
    with transaction.atomic():
        item = Item.objects.select_for_update(no_key=True).get(pk=version.item_id)
        asked = Delivered.objects.select_for_update(no_key=True, of=("self",)).select_related("release")
        line = asked.filter(store=store, release__version=version, outcome=Outcome.ASKED).order_by("-pk").first()
        if line is None:
            raise NotFound(field="version")
        sign_off(version, person=person, accepted=accepted, store=store, reason=reason, now=now)
        fault = fault_of(item, version)
        if not accepted or fault:
            line.outcome, line.reason = Outcome.REFUSED, fault or reason.strip()[:500]
        else:
            _publish(line, item, version, person, now)
        line.save(update_fields=["outcome", "reason", "before", "own_text", "own_text_of"])
    return line


def _publish(line: Delivered, item: Item, version: Version, person: User, now: datetime) -> None:
    runs = Publication.objects.select_for_update(no_key=True, of=("self",)).select_related("version")
    row = runs.filter(store=line.store_id, item=item).first()
    before = {"version": row.version.number} if row else {}
    line.outcome, line.reason, line.before = Outcome.PUBLISHED, "", row.version if row else None
    row = row or Publication(store_id=line.store_id, item=item)
    if row.override is not None:
        if line.release.replaces_overrides:
            line.own_text, line.own_text_of_id = row.override, row.override_of_id
            row.override = row.override_of = row.override_by = row.override_at = None
        else:
            line.reason = Reason.KEEPS_OWN
    row.pk, row.version, row.release = None, version, line.release
    row.published_by, row.published_at = line.release.author, now
    (written,) = write_publications([row])
    log_change(
        written,
        agency_id=item.agency_id,
        by=person,
        now=now,
        before=before,
        after={"version": version.number},
        kind="published",
        title=str(item),
        store_id=line.store_id,
    )
    index_versions([item], keep_others=True)  # at a store's host what others run is not seen
