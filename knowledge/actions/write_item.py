"""create_item, save_draft, place_item, discard_draft, archive_item, restore_item: an item before it is a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from knowledge.actions.index_items import index_items
from knowledge.categories import Category
from knowledge.content import Content, read, write
from knowledge.content.text import LONGEST_TITLE, clean, text_of
from knowledge.models import Audience, Item, Kind, Layer, Topic
from tenants.actions.log_change import log_change
from tenants.errors import Conflict, Invalid
from tenants.models import Store, User

LONGEST_FOLDER = 200


class ItemMovedOn(Conflict):
    """Somebody changed the item after what the author had seen. `details`: `revision` now, and who was it."""

    code = "item_moved_on"
    message = _("%(who)s changed this meanwhile. Yours is kept in the form: compare, then save again.")


class ItemIsArchived(Conflict):
    code = "item_archived"
    message = _("This is archived. Bring it back to change it.")


@dataclass(frozen=True)
class Place:
    """Whose an item is and where it belongs. What the layer names must be said; the others are not kept."""

    layer: str = Layer.AGENCY
    person_id: int | None = None
    team_id: int | None = None
    marketplace: str = ""
    store_id: int | None = None
    folder: str = ""
    topic: str = ""
    categories: tuple[str, ...] = ()
    audience: str = Audience.STAFF
    keeper_id: int | None = None
    review_on: date | None = None


_OF_LAYER = {
    Layer.PERSONAL: "person_id",
    Layer.TEAM: "team_id",
    Layer.PLATFORM: "marketplace",
    Layer.STORE: "store_id",
}


def create_item(
    agency_id: int, *, kind: str, content: Mapping[str, Any] | Content, place: Place, author: User, now: datetime
) -> Item:
    """A new item with its first draft. Raises Invalid with the field."""
    draft = _checked(kind, content)
    item = Item(agency_id=agency_id, kind=Kind(kind), created_at=now)
    settle(item, check_place(place))
    set_draft(item, draft, author, now)
    item.save()
    index_items([item])
    note(item, "created", by=author, after={**place_seen(item), "content": draft}, now=now)
    return item


def begin_item(
    agency_id: int, *, kind: str, rough: Mapping[str, Any], place: Place, author: User, now: datetime
) -> Item:
    """A new item of which not enough is said to be a draft: a title, say. `rough` names that. Raises Invalid."""
    title = text_of(rough, "title", most=LONGEST_TITLE)
    item = Item(agency_id=agency_id, kind=Kind(kind), rough=dict(rough), draft_by=author, draft_at=now, created_at=now)
    settle(item, check_place(place))
    item.title_zh, item.title_en, item.changed_at = title.zh, title.en, now
    item.save()
    note(item, "created", by=author, after={**place_seen(item), "content": rough}, now=now)
    return item


def save_draft(item: Item, content: Mapping[str, Any] | Content, *, revision: int, author: User, now: datetime) -> Item:
    """The item's draft from now on. `item` is locked. Raises Invalid, ItemMovedOn, ItemIsArchived."""
    draft = _checked(item.kind, content)
    check_revision(item, revision)
    before = item.draft
    if draft == before and item.rough is None:
        return item
    set_draft(item, draft, author, now)
    item.save()
    if item.latest_id is None:
        index_items([item])
    note(item, "drafted", by=author, before={"content": before}, after={"content": draft}, now=now)
    return item


def place_item(item: Item, place: Place, *, revision: int, author: User, now: datetime) -> Item:
    """Moves it to another layer, folder, audience … `item` is locked. Raises Invalid, ItemMovedOn, ItemIsArchived."""
    place = check_place(place)
    check_revision(item, revision)
    before = place_seen(item)
    settle(item, place)
    after = place_seen(item)
    if after != before:
        item.revision += 1
        item.changed_at = now
        item.save()
        index_items([item])
        note(item, "moved", by=author, before=before, after=after, now=now)
    return item


def discard_draft(item: Item, *, revision: int, author: User, now: datetime) -> Item:
    """Back to the latest version; the draft stays in the history. `item` is locked. Raises Conflict, ItemMovedOn."""
    check_revision(item, revision)
    if item.latest is None:
        raise Conflict(_("There is no version yet to go back to."))
    if item.draft is not None or item.rough is not None:
        before = item.rough or item.draft
        item.draft = item.draft_by = item.draft_at = item.rough = None
        name_item(item, item.latest.content)
        item.revision += 1
        item.changed_at = now
        item.save()
        note(item, "draft_discarded", by=author, before={"content": before}, now=now)
    return item


def archive_item(item: Item, *, author: User, now: datetime) -> Item:
    """Takes it off the lists. Where it was published it goes on until it is withdrawn. `item` is locked."""
    return _archive(item, now, "archived", author, now)


def restore_item(item: Item, *, author: User, now: datetime) -> Item:
    return _archive(item, None, "restored", author, now)


def _archive(item: Item, at: datetime | None, kind: str, author: User, now: datetime) -> Item:
    if (item.archived_at is None) != (at is None):
        item.archived_at = at
        item.revision += 1
        item.changed_at = now
        item.save()
        note(item, kind, by=author, now=now)
    return item


def note(
    item: Item,
    kind: str,
    *,
    by: User,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    store_id: int | None = None,
) -> None:
    """One line of the item's history; with `store_id`, of what was done to it in that store alone."""
    log_change(
        item,
        agency_id=item.agency_id,
        by=by,
        now=now,
        before=before,
        after=after,
        kind=kind,
        store_id=store_id or item.store_id,
    )


def check_revision(item: Item, revision: int) -> None:
    """Raises ItemIsArchived, and ItemMovedOn unless `revision` is the one that stands."""
    if item.archived_at is not None:
        raise ItemIsArchived
    if item.revision != revision:
        who = str(item.draft_by) if item.draft_by_id and item.draft_by else str(_("Somebody"))
        raise ItemMovedOn(
            ItemMovedOn.message % {"who": who}, field="revision", details={"revision": item.revision, "seen": revision}
        )


def check_place(place: Place) -> Place:
    """The place with only what its layer names. Raises Invalid with the field."""
    if place.layer not in Layer.values:
        raise Invalid(_("There is no such layer."), field="layer")
    wanted = _OF_LAYER.get(Layer(place.layer))
    if wanted and not getattr(place, wanted):
        raise Invalid(_("Say whose it is."), field=wanted.removesuffix("_id"))
    if place.marketplace and place.marketplace not in Store.Marketplace.values:
        raise Invalid(_("There is no such marketplace."), field="marketplace")
    _check_choice(place.topic, Topic.values, "topic", empty=True)
    _check_choice(place.audience, Audience.values, "audience")
    for category in place.categories:
        _check_choice(category, Category.values, "categories")
    nothing = {name: "" if name == "marketplace" else None for name in _OF_LAYER.values() if name != wanted}
    return replace(
        place,
        **nothing,  # type: ignore[arg-type]
        folder=check_folder(place.folder),
        categories=tuple(dict.fromkeys(place.categories)),
    )


def check_folder(folder: str) -> str:
    """`售后 / 退款` → `售后/退款`. Raises Invalid (`folder`)."""
    parts = [part.strip() for part in clean(folder, "folder", most=LONGEST_FOLDER).split("/")]
    return "/".join(part for part in parts if part)


def name_item(item: Item, content: Mapping[str, Any]) -> None:
    """What lists show of it."""
    title = content["title"]
    item.title_zh, item.title_en = title["zh"], title["en"]


def _check_choice(value: str, values: Sequence[str], field: str, *, empty: bool = False) -> None:
    if value not in values and not (empty and not value):
        raise Invalid(_("There is no such choice."), field=field)


def _checked(kind: str, content: Mapping[str, Any] | Content) -> dict[str, Any]:
    if kind not in Kind.values:
        raise Invalid(_("There is no such kind of item."), field="kind")
    return write(read(kind, content) if isinstance(content, Mapping) else content)


def set_draft(item: Item, draft: dict[str, Any], author: User, now: datetime) -> None:
    item.draft, item.draft_by, item.draft_at, item.rough = draft, author, now, None
    item.changed_at = now
    item.revision = (item.revision + 1) if item.pk else 1
    name_item(item, draft)


def settle(item: Item, place: Place) -> None:
    for part in fields(place):
        value = getattr(place, part.name)
        setattr(item, part.name, list(value) if part.name == "categories" else value)


def place_seen(item: Item) -> dict[str, Any]:
    seen = {part.name: getattr(item, part.name) for part in fields(Place)}
    return {**seen, "review_on": str(seen["review_on"] or "")}
