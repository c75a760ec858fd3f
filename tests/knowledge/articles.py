"""Articles for scenes: written, made a version, run by stores."""

from __future__ import annotations

from typing import Any

from knowledge.actions.make_version import make_version
from knowledge.actions.write_item import Place, create_item
from knowledge.models import Item, Publication, Version
from tenants.models import Store
from tests.cast import NOON, Cast


def content(title: str = "Delivery", body: str = "We ship within **48 hours**.", **zh: str) -> dict[str, Any]:
    return {
        "title": {"en": title, "zh": zh.get("title_zh", "发货时间")},
        "body": {"en": body, "zh": zh.get("body_zh", "付款后 **48 小时** 内发货。")},
    }


def article(cast: Cast, *, said: dict[str, Any] | None = None, **place: Any) -> Item:
    """With one version."""
    item = create_item(
        cast.north.pk,
        kind="article",
        content=said or content(),
        place=Place(**{"audience": "public", "categories": ("logistics",), **place}),
        author=cast.ann,
        now=NOON,
    )
    make_version(item, revision=1, author=cast.ann, now=NOON)
    return item


def run(item: Item, *stores: Store, override: dict[str, Any] | None = None) -> None:
    """Published to these stores, with the store's own text where one is given."""
    version = item.latest
    assert isinstance(version, Version)
    for store in stores:
        Publication.objects.create(
            store=store,
            item=item,
            version=version,
            published_at=NOON,
            override=override,
            override_of=version if override else None,
        )
