"""place_items, archive_items: the same done to many items at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from knowledge.actions.index_items import index_items
from knowledge.actions.write_item import Place, check_place
from knowledge.models import Item
from tenants.actions.log_change import Changed, log_changes
from tenants.models import User

FIELDS = ("folder", "topic", "audience", "keeper_id", "review_on")


def place_items(items: Sequence[tuple[Item, dict[str, Any]]], *, author: User, now: datetime) -> None:
    """Each with what is new of FIELDS. All locked, of one agency, none archived. A dozen queries, however many.

    Raises Invalid with the field, and then nothing was done.
    """
    changes = []
    for item, asked in items:
        checked = check_place(_place_of(item, asked))
        new = {name: getattr(checked, name) for name in asked}
        before = {name: getattr(item, name) for name in new}
        for name, value in new.items():
            setattr(item, name, value)
        _touch(item, now)
        changes.append(Changed(item, before, new, kind="moved", store_id=item.store_id))
    _write([item for item, _new in items], [*FIELDS, "revision", "changed_at"], changes, author, now)
    index_items([item for item, new in items if "folder" in new])


def archive_items(items: Sequence[Item], *, archived: bool, author: User, now: datetime) -> None:
    """Off the lists, or back on them. All locked, of one agency. Where they are published they go on."""
    for item in items:
        item.archived_at = now if archived else None
        _touch(item, now)
    kind = "archived" if archived else "restored"
    changes = [Changed(item, kind=kind, store_id=item.store_id) for item in items]
    _write(items, ["archived_at", "revision", "changed_at"], changes, author, now)


def _touch(item: Item, now: datetime) -> None:
    item.revision += 1
    item.changed_at = now


def _write(items: Sequence[Item], fields: list[str], changes: list[Changed], author: User, now: datetime) -> None:
    if items:
        Item.objects.bulk_update(items, fields, batch_size=500)
        log_changes(changes, agency_id=items[0].agency_id, by=author, now=now)


def _place_of(item: Item, new: dict[str, Any]) -> Place:
    unknown = new.keys() - set(FIELDS)
    if unknown:
        raise ValueError(f"no such field of an item's place: {unknown}")
    here = {name: getattr(item, name) for name in Place.__dataclass_fields__}
    return Place(**{**here, "categories": tuple(here["categories"]), **new})
