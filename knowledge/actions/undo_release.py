"""undo_release: the stores of a release go back to what they ran before it, but for those that changed since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from knowledge.actions.deliver_release import Outcome, Reason, stores_to_publish, write_publications
from knowledge.actions.index_items import index_versions
from knowledge.actions.write_item import note
from knowledge.models import Delivered, Item, Publication, Release
from tenants.actions.log_change import Changed, log_changes
from tenants.errors import Conflict
from tenants.models import User


class NotToUndo(Conflict):
    code = "not_to_undo"
    message = _("This was undone already, or has not taken effect yet.")


def undo_release(release: Release, *, author: User, now: datetime) -> list[Delivered]:
    """Its lines afterwards: `undone` is what went back; what was left alone stays `published`, with why.

    A store's own text that gave way is there again. A dozen queries, however many stores. Raises NotToUndo.
    """
    with transaction.atomic():
        item = Item.objects.select_for_update(no_key=True).get(pk=release.item_id)
        claimed = Release.objects.filter(pk=release.pk, done_at__isnull=False, undone_at__isnull=True)
        if not claimed.update(undone_at=now):
            raise NotToUndo
        lines = list(release.stores.select_related("before").order_by("store_id"))
        runs = Publication.objects.select_for_update(no_key=True, of=("self",)).filter(item=item)
        by_store = {run.store_id: run for run in runs.select_related("version").order_by("pk")}
        allowed = stores_to_publish(author, release.agency_id)
        back = []
        for line in lines:
            if line.outcome == Outcome.ASKED:
                line.outcome = Outcome.UNDONE
            elif line.outcome == Outcome.PUBLISHED:
                line.reason = _why_not(release, line, by_store.get(line.store_id), line.store_id in allowed)
                if not line.reason:
                    line.outcome = Outcome.UNDONE
                    back.append(line)
        _tell(release, item, back, by_store, author, now)
        _go_back(item, back, by_store, author, now)
        Delivered.objects.bulk_update(lines, ["outcome", "reason"])
        index_versions([item])
    return lines


def _why_not(release: Release, line: Delivered, run: Publication | None, is_allowed: bool) -> str:
    if not is_allowed:
        return Reason.NO_RIGHT
    if release.version_id is None:
        return Reason.CHANGED_SINCE if run is not None else ""
    if run is None or run.release_id != release.pk:
        return Reason.CHANGED_SINCE
    wrote_since = run.override_at is not None and release.done_at is not None and run.override_at > release.done_at
    return Reason.CHANGED_SINCE if wrote_since else ""


def _go_back(item: Item, lines: Sequence[Delivered], runs: dict[int, Publication], author: User, now: datetime) -> None:
    gone = [runs[line.store_id].pk for line in lines if line.before_id is None and line.store_id in runs]
    if gone:
        Publication.objects.filter(pk__in=gone).delete()
    rows = []
    for line in lines:
        if line.before is None:
            continue
        row = runs.get(line.store_id) or Publication(store_id=line.store_id, item=item)
        row.pk, row.version, row.release = None, line.before, None
        row.published_by, row.published_at = author, now
        if line.own_text is not None:
            row.override, row.override_of_id = line.own_text, line.own_text_of_id
            row.override_by, row.override_at = author, now
        rows.append(row)
    if rows:
        write_publications(rows)


def _tell(
    release: Release, item: Item, lines: Sequence[Delivered], runs: dict[int, Publication], author: User, now: datetime
) -> None:
    number = release.version.number if release.version else None
    changes = [
        Changed(
            runs.get(line.store_id) or item,
            before={"version": number},
            after={"version": line.before.number if line.before else None},
            kind="rolled_back",
            title=str(item),
            store_id=line.store_id,
        )
        for line in lines
    ]
    if changes:
        log_changes(changes, agency_id=release.agency_id, by=author, now=now)
    note(item, "release_undone", by=author, after={"version": number, "stores": len(lines)}, now=now)
