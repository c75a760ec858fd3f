"""add_starters: what every agency can begin with, written for this product, as its own items from then on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from knowledge.actions.make_version import make_version
from knowledge.actions.write_item import Place, create_item
from knowledge.models import Item, Layer
from tenants.models import User

STARTERS: Final = Path(__file__).resolve().parent.parent / "starters"
_FOLDERS: Final = {"sop": "sops", "article": "articles", "reply": "replies"}


@transaction.atomic
def add_starters(agency_id: int, kind: str, *, author: User, now: datetime) -> list[Item]:
    """Those of a kind that the agency does not have yet, by their Chinese titles, each in a first version.

    Nothing is accepted or published: that is for the agency's leads. The same again makes nothing.
    """
    items = Item.objects.filter(agency_id=agency_id, kind=kind, layer=Layer.AGENCY)
    had = set(items.values_list("title_zh", flat=True))
    made = []
    for starter in starters(kind):
        content = starter["content"]
        if content["title"]["zh"] in had:
            continue
        place = {name: starter[name] for name in ("folder", "topic", "audience") if name in starter}
        categories = tuple(starter.get("categories", ()))
        item = create_item(
            agency_id,
            kind=kind,
            content=content,
            place=Place(categories=categories, **place),
            author=author,
            now=now,
        )
        make_version(item, revision=item.revision, author=author, now=now, words=_("From the starter set"))
        made.append(item)
    return made


def starters(kind: str) -> Iterator[dict[str, Any]]:
    """Each with `content`, `folder`, `categories`; in the order of the files, which hold one or a list of them."""
    for path in sorted((STARTERS / _FOLDERS[kind]).glob("*.json")):
        read = json.loads(path.read_text(encoding="utf-8"))
        yield from read if isinstance(read, list) else [read]
