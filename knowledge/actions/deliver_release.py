"""deliver: a release takes effect in its stores, all by one upsert; each store's line says what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from knowledge.actions.index_items import index_versions
from knowledge.actions.write_item import note
from knowledge.models import Delivered, Item, Kind, Layer, Publication, Release, SignOff, StoreLibrary
from tenants.access import Action, Caller, stores_for
from tenants.actions.log_change import Changed, log_changes
from tenants.hosts import Kind as Host
from tenants.hosts import Place
from tenants.models import Store, User

Outcome, Reason = Delivered.Outcome, Delivered.Reason
# What a store ran when it was chosen: {store: version, or None for nothing}.
Seen = Mapping[int, int | None]


@dataclass(frozen=True)
class _Line:
    """What is to become of one store, before anything is written. `run`: what it runs, locked."""

    store_id: int
    outcome: Delivered.Outcome
    reason: str = ""
    run: Publication | None = None
    takes_own: bool = False  # the store's own text gives way


def stores_to_publish(author: User | None, agency_id: int) -> dict[int, Store]:
    """The stores in which they may publish, by the gate, wherever and whenever it is asked. One query."""
    if author is None:
        return {}
    place = Place(Host.AGENCY, "", agency_id=agency_id)
    return {store.pk: store for store in stores_for(Caller(author, place), Action.PUBLISH)}


def deliver(
    release: Release, item: Item, store_ids: Sequence[int], *, now: datetime, seen: Seen | None = None
) -> list[Delivered]:
    """Writes publications, lines and history. `item` is locked, `release` is claimed. Some fifteen queries, however
    many stores there are.
    """
    runs = Publication.objects.select_for_update(no_key=True, of=("self",)).filter(item=item, store__in=store_ids)
    by_store = {run.store_id: run for run in runs.select_related("version").order_by("pk")}
    judge = _judge(release, item, by_store, _stores_that_ask(release, item, store_ids), seen)
    lines = [judge(store_id) for store_id in store_ids]
    before = {line.store_id: _ran(line.run) for line in lines}
    done = [line for line in lines if line.outcome == Outcome.PUBLISHED]
    _forget_questions(release, item, [line.store_id for line in lines if line.outcome in _SETTLES])
    written = _write_lines(release, lines)
    published = _withdraw(done) if release.version is None else _publish(release, item, done, now)
    _tell(release, item, published, before, now)
    index_versions([item])
    return written


_SETTLES = frozenset({Outcome.PUBLISHED, Outcome.ASKED, Outcome.UNCHANGED})


def refuse_all(release: Release, store_ids: Iterable[int], reason: str) -> list[Delivered]:
    """The release can't take effect anywhere."""
    return _write_lines(release, [_Line(store_id, Outcome.REFUSED, reason) for store_id in store_ids])


def _judge(
    release: Release, item: Item, runs: Mapping[int, Publication], asking: frozenset[int], seen: Seen | None
) -> Callable[[int], _Line]:
    allowed = stores_to_publish(release.author, release.agency_id)
    target = release.version_id

    def of(store_id: int) -> _Line:
        run, store = runs.get(store_id), allowed.get(store_id)
        line = _Line(store_id, Outcome.REFUSED, run=run)
        if store is None:
            return replace(line, reason=Reason.NO_RIGHT)
        if target is not None and item.layer == Layer.PLATFORM and store.marketplace != item.marketplace:
            return replace(line, reason=Reason.OTHER_MARKETPLACE)
        if target is not None and item.layer == Layer.STORE and store_id != item.store_id:
            return replace(line, reason=Reason.OTHER_STORE)
        if seen is not None and store_id in seen and seen[store_id] != (run.version_id if run else None):
            return replace(line, reason=Reason.MOVED_ON)
        has_own = run is not None and run.override is not None
        takes_own = has_own and (release.replaces_overrides or target is None)
        if (run.version_id if run else None) == target and not takes_own:
            return replace(line, outcome=Outcome.UNCHANGED, reason=Reason.KEEPS_OWN if has_own else "")
        if store_id in asking:
            return replace(line, outcome=Outcome.ASKED)
        reason = Reason.KEEPS_OWN if has_own and not takes_own else ""
        return replace(line, outcome=Outcome.PUBLISHED, reason=reason, takes_own=takes_own)

    return of


def _stores_that_ask(release: Release, item: Item, store_ids: Sequence[int]) -> frozenset[int]:
    """Where the seller signs SOPs and has not accepted this one yet. Two queries."""
    if item.kind != Kind.SOP or release.version is None:
        return frozenset()
    asking = set(StoreLibrary.objects.filter(store__in=store_ids, seller_signs=True).values_list("store_id", flat=True))
    words = SignOff.objects.filter(version=release.version, store__in=asking).order_by("pk")
    latest = dict(words.values_list("store_id", "accepted"))
    return frozenset(store_id for store_id in asking if not latest.get(store_id))


def _forget_questions(release: Release, item: Item, store_ids: Sequence[int]) -> None:
    """What an earlier release still asks a seller about this item is overtaken."""
    waiting = Delivered.objects.filter(release__item=item, store__in=store_ids, outcome=Outcome.ASKED)
    waiting.exclude(release=release).update(outcome=Outcome.REFUSED, reason=Reason.REPLACED)


def _write_lines(release: Release, lines: Sequence[_Line]) -> list[Delivered]:
    rows = [
        Delivered(
            release=release,
            store_id=line.store_id,
            outcome=line.outcome,
            reason=line.reason,
            before_id=line.run.version_id if line.run else None,
            own_text=line.run.override if line.run and line.takes_own else None,
            own_text_of_id=line.run.override_of_id if line.run and line.takes_own else None,
        )
        for line in lines
    ]
    return Delivered.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["release", "store"],
        update_fields=["outcome", "reason", "before", "own_text", "own_text_of"],
    )


def _publish(release: Release, item: Item, lines: Sequence[_Line], now: datetime) -> list[Publication]:
    rows = []
    for line in lines:
        row = line.run or Publication(store_id=line.store_id, item=item)
        row.version_id = release.version_id or 0
        row.published_by, row.published_at, row.release = release.author, now, release
        if line.takes_own:
            row.override = row.override_of = row.override_by = row.override_at = None
        row.pk = None  # the key decides: which of them are there is known, and locked
        rows.append(row)
    return write_publications(rows)


def write_publications(rows: Sequence[Publication]) -> list[Publication]:
    """One statement, for new ones and for those that are there."""
    changing = ["version", "published_by", "published_at", "release"]
    own = ["override", "override_of", "override_by", "override_at"]
    return Publication.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["store", "item"], update_fields=[*changing, *own]
    )


def _withdraw(lines: Sequence[_Line]) -> list[Publication]:
    gone = [line.run for line in lines if line.run is not None]
    Publication.objects.filter(pk__in=[run.pk for run in gone]).delete()
    return gone


def _ran(run: Publication | None) -> dict[str, Any]:
    """What a store ran, for its history. Read before it changes."""
    if run is None:
        return {}
    own = {"own_text": run.override} if run.override is not None else {}
    return {"version": run.version.number, **own}


def _tell(
    release: Release, item: Item, rows: Sequence[Publication], before: Mapping[int, dict[str, Any]], now: datetime
) -> None:
    if release.author is None or not rows:
        return
    number = release.version.number if release.version else None
    kind = "published" if release.version else "withdrawn"
    changes = [
        Changed(
            row,
            before=before.get(row.store_id, {}),
            after={"version": number} | ({"own_text": row.override} if row.override and number else {}),
            kind=kind,
            title=str(item),
            store_id=row.store_id,
        )
        for row in rows
    ]
    log_changes(changes, agency_id=release.agency_id, by=release.author, now=now)
    note(item, kind, by=release.author, after={"version": number, "stores": len(rows)}, now=now)
