"""What the demo agency knows: the starter articles, run by its three stores, one of them in a store's own words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.utils.timezone import localdate

from knowledge.actions.add_starters import add_starters
from knowledge.actions.override import override
from knowledge.actions.publish import publish
from knowledge.actions.write_item import Place, place_item
from knowledge.models import Item
from tenants.models import Store, User

# What the store in Berlin says instead: (words of the Chinese title, its own English text).
OWN_WORDS: Final = (
    "多久发货",
    "Orders leave our warehouse in Berlin **within one working day**.\n\n| Where to | Working days |\n|---|--:|\n"
    "| Germany | 1–2 |\n| EU | 2–5 |\n| Switzerland, Norway, UK | 4–7 |\n\n"
    "You get a tracking link by e-mail as soon as the carrier has your parcel.",
)


def make_articles(agency_id: int, stores: Sequence[Store], *, author: User, now: datetime) -> None:
    """Once: what somebody has written or published since stays."""
    made = add_starters(agency_id, "article", author=author, now=now)
    for number, item in enumerate(made):
        _keep(item, number, author, now)
        publish(item, item.latest, [store.pk for store in stores], author=author, now=now)
        for store in stores:
            if store.slug == "northwind" and item.title_zh.startswith(OWN_WORDS[0]) and item.latest is not None:
                own = {**item.latest.content, "body": {"zh": "", "en": OWN_WORDS[1]}}
                override(store, item, own, author=author, now=now)


def _keep(item: Item, number: int, author: User, now: datetime) -> None:
    """Somebody keeps each, and reads it again one day; of some the day has come."""
    review_on = localdate(now) + timedelta(days=30 * (number % 7) - 14)
    place = Place(
        folder=item.folder,
        topic=item.topic,
        categories=tuple(item.categories),
        audience=item.audience,
        keeper_id=author.pk,
        review_on=review_on,
    )
    place_item(item, place, revision=item.revision, author=author, now=now)
