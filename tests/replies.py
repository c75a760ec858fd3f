"""What tests of quick replies have in common: one is written, and a store runs it."""

from __future__ import annotations

from typing import Any

from knowledge.actions.make_version import make_version
from knowledge.actions.save_reply import add_reply
from knowledge.actions.write_item import Place
from knowledge.models import Item, Publication
from tenants.models import Store, User
from tests.cast import NOON, Cast


def said(
    zh: str = "{buyer}您好，订单{order}已发出。", en: str = "", title: str = "查物流进度", **more: Any
) -> dict[str, Any]:
    return {"title": {"zh": title}, "body": {"zh": zh, "en": en}, **more}


def a_reply(cast: Cast, content: dict[str, Any] | None = None, author: User | None = None, **place: Any) -> Item:
    """An item with a first version, whatever its layer."""
    author = author or cast.ann
    item = add_reply(cast.north.pk, content or said(), Place(**place), author=author, now=NOON)
    if item.draft is not None:
        make_version(item, revision=item.revision, author=author, now=NOON)
    return item


def own_reply(cast: Cast, person: User, content: dict[str, Any] | None = None) -> Item:
    return a_reply(cast, content, person, layer="personal", person_id=person.pk)


def run_in(item: Item, *stores: Store) -> Item:
    """The stores run its latest version."""
    for store in stores:
        Publication.objects.create(store=store, item=item, version=item.latest, published_at=NOON)
    return item
