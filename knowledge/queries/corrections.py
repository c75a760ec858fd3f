"""Corrections, for those who decide them and for those who proposed them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from knowledge.models import Correction, Item
from knowledge.queries.gate import items_for, writable_items_for
from tenants.access import Caller
from tenants.errors import NotFound
from tenants.hosts import Kind as Host
from tenants.models import Store

LATEST = 200


@dataclass(frozen=True)
class CorrectionRow:
    """One line of a list. `author` is empty for who reads at a store's host and is not it: the roster is private."""

    id: int
    item_id: int
    title: str
    store: str
    language_label: str
    reason: str
    author: str
    proposed_at: datetime
    state: str
    state_label: str
    into_label: str
    answer: str
    decided_at: datetime | None


def corrections_for(caller: Caller, *, state: str = "") -> QuerySet[Correction]:
    """At the agency's host: those about what the caller may write, and their own about what they may read."""
    if caller.place.kind != Host.AGENCY:
        return Correction.objects.none()
    theirs = Correction.objects.filter(item__in=writable_items_for(caller)) | Correction.objects.filter(
        author=caller.person, item__in=items_for(caller)
    )
    found = theirs.filter(agency=caller.place.agency_id)
    return found.filter(state=state) if state else found


def correction_list(caller: Caller, *, state: str = "") -> list[CorrectionRow]:
    """What waits comes first to wait; what is decided, latest first. One query."""
    order = "proposed_at" if state == Correction.State.OPEN else "-decided_at"
    found = corrections_for(caller, state=state).select_related("item", "store", "author").order_by(order, "pk")
    return [_row(one, str(one.author or "")) for one in found[:LATEST]]


def corrections_of(caller: Caller, item: Item) -> list[CorrectionRow]:
    """What waits about one article that came past the gate. One query."""
    found = corrections_for(caller, state=Correction.State.OPEN).filter(item=item)
    return [_row(one, str(one.author or "")) for one in found.select_related("item", "store", "author")[:LATEST]]


def open_corrections(caller: Caller) -> int:
    """How many wait for this caller's decision. One query."""
    open_ones = Correction.objects.filter(state=Correction.State.OPEN, agency=caller.place.agency_id)
    return open_ones.filter(item__in=writable_items_for(caller)).count()


def correction_for(caller: Caller, pk: int, *, lock: bool = False) -> Correction:
    """One of them, with its item. Raises NotFound."""
    found = Correction.objects.filter(pk__in=corrections_for(caller).values("pk"), pk=pk)
    if lock:
        found = found.select_for_update(no_key=True, of=("self",))
    correction = found.select_related("item__latest", "item__draft_by", "store", "author", "decided_by").first()
    if correction is None:
        raise NotFound(field="correction")
    return correction


def own_corrections(caller: Caller, store: Store) -> list[CorrectionRow]:
    """What this person has proposed in this store, latest first. `store` comes from tenants.access. One query."""
    found = Correction.objects.filter(author=caller.person, store=store).select_related("item", "store")
    return [_row(one, "") for one in found.order_by("-proposed_at")[:LATEST]]


def _row(one: Correction, author: str) -> CorrectionRow:
    return CorrectionRow(
        id=one.pk,
        item_id=one.item_id,
        title=str(one.item),
        store=one.store.name if one.store else "",
        language_label=str(Correction.Language(one.language).label),
        reason=one.reason,
        author=author,
        proposed_at=one.proposed_at,
        state=one.state,
        state_label=str(Correction.State(one.state).label),
        into_label=str(Correction.Into(one.went_to).label) if one.went_to else "",
        answer=one.answer,
        decided_at=one.decided_at,
    )
