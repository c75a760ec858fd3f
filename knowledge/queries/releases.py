"""Releases and what became of them, store by store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from knowledge.models import Delivered, Release
from tenants.errors import NotFound

PAGE: Final = 50


@dataclass(frozen=True)
class ReleaseLine:
    """A release in the list. `state`: waiting, done, cancelled, undone. `counts`: {outcome: stores}."""

    pk: int
    item_id: int
    kind: str
    title: str
    version: int | None
    author: str
    note: str
    made_at: datetime
    due_at: datetime
    time_zone: str
    state: str
    counts: Mapping[str, int]

    @property
    def stores(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class ResultLine:
    """One store of a release. `before`: the version that it ran; None: it did not run the item."""

    store_id: int
    store: str
    band: int
    marketplace: str
    outcome: str
    outcome_label: str
    why: str
    before: int | None


def releases_of(agency_id: int, *, item_id: int | None = None, before: int | None = None) -> list[ReleaseLine]:
    """The latest PAGE, or those before one. One query."""
    rows = _counted(Release.objects.filter(agency=agency_id))
    if item_id is not None:
        rows = rows.filter(item=item_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [_line(row) for row in rows.order_by("-pk")[:PAGE]]


def release_for(agency_id: int, pk: int) -> Release:
    """For its verbs. Raises NotFound. One query."""
    found = Release.objects.select_related("item", "version").filter(agency=agency_id, pk=pk).first()
    if found is None:
        raise NotFound(field="release")
    return found


def release_line(agency_id: int, pk: int) -> ReleaseLine:
    """The same as the list shows it. Raises NotFound. One query."""
    found = _counted(Release.objects.filter(agency=agency_id, pk=pk)).first()
    if found is None:
        raise NotFound(field="release")
    return _line(found)


def results_of(release_id: int, *, outcome: str = "") -> list[ResultLine]:
    """Its stores by name. One query. The release came from here."""
    rows = Delivered.objects.filter(release=release_id).select_related("store", "before").defer("own_text")
    if outcome:
        rows = rows.filter(outcome=outcome)
    return [
        ResultLine(
            store_id=row.store_id,
            store=row.store.name,
            band=row.store.band,
            marketplace=row.store.get_marketplace_display(),
            outcome=row.outcome,
            outcome_label=str(Delivered.Outcome(row.outcome).label),
            why=row.why,
            before=row.before.number if row.before else None,
        )
        for row in rows.order_by("store__name", "store_id")
    ]


def _counted(rows: QuerySet[Release]) -> QuerySet[Release, Any]:
    counts = {
        f"n_{outcome}": Count("stores", filter=Q(stores__outcome=outcome)) for outcome in Delivered.Outcome.values
    }
    return rows.select_related("item", "version", "author").defer("item__draft", "version__content").annotate(**counts)


def _line(row: Any) -> ReleaseLine:
    return ReleaseLine(
        pk=row.pk,
        item_id=row.item_id,
        kind=row.item.kind,
        title=str(row.item),
        version=row.version.number if row.version else None,
        author=str(row.author or ""),
        note=row.note,
        made_at=row.made_at,
        due_at=row.due_at,
        time_zone=row.time_zone,
        state=_state(row),
        counts={outcome: getattr(row, f"n_{outcome}") for outcome in Delivered.Outcome.values},
    )


def _state(row: Release) -> str:
    if row.cancelled_at:
        return "cancelled"
    if row.undone_at:
        return "undone"
    return "done" if row.done_at else "waiting"
