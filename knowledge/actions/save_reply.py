"""add_reply, save_reply: a quick reply is written. What is somebody's own or a team's is in use once it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from knowledge.actions.make_version import make_version
from knowledge.actions.write_item import Place, create_item, discard_draft, place_item, save_draft
from knowledge.content import read, write
from knowledge.content.reply import Reply
from knowledge.models import Item, Kind, Layer
from tenants.models import User

AT_ONCE: Final = frozenset({Layer.PERSONAL, Layer.TEAM})  # layers that nobody publishes


def add_reply(agency_id: int, content: Mapping[str, Any] | Reply, place: Place, *, author: User, now: datetime) -> Item:
    """A new reply; a version of it too, if its layer needs no publishing. Raises Invalid with the field."""
    item = create_item(agency_id, kind=Kind.REPLY, content=content, place=place, author=author, now=now)
    return _take_effect(item, author, now)


def save_reply(
    item: Item, content: Mapping[str, Any] | Reply, place: Place, *, revision: int, author: User, now: datetime
) -> Item:
    """What it says and where it belongs, from now on; a version of it too, if its layer needs no publishing.

    `item` is locked. Raises Invalid, ItemMovedOn, ItemIsArchived.
    """
    if item.draft is not None or item.latest is None or not _says(item, content):
        save_draft(item, content, revision=revision, author=author, now=now)
        revision = item.revision
    place_item(item, place, revision=revision, author=author, now=now)
    return _take_effect(item, author, now)


def _says(item: Item, content: Mapping[str, Any] | Reply) -> bool:
    said = write(read(Kind.REPLY, content) if isinstance(content, Mapping) else content)
    return item.latest is not None and item.latest.content == said


def _take_effect(item: Item, author: User, now: datetime) -> Item:
    if item.layer not in AT_ONCE or item.draft is None:
        return item
    if item.latest is not None and item.latest.content == item.draft:
        return discard_draft(item, revision=item.revision, author=author, now=now)
    make_version(item, revision=item.revision, author=author, now=now)
    return item
