"""The demo agency's quick replies: the starter set, run by its three stores; one with a picture, one an agent's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Final

from django.db import transaction
from PIL import Image, ImageDraw

from knowledge.actions.add_picture import add_picture
from knowledge.actions.add_starters import add_starters
from knowledge.actions.make_version import make_version
from knowledge.actions.publish import publish
from knowledge.actions.save_reply import add_reply
from knowledge.actions.write_item import Place, save_draft
from knowledge.models import Item, Kind, Layer
from tenants.models import Store, User

MEASURED: Final = "怎么量尺寸"  # the one that a picture says better
_SIZES: Final = (("", "S", "M", "L", "XL"), ("A", "38", "40", "42", "44"), ("B", "92", "98", "104", "110"))
_OWN: Final = {
    "title": {"zh": "四件套选哪个尺寸", "en": "Which bed set size"},
    "body": {
        "zh": "{buyer}您好，您床的宽度是多少？1.5 米的床选 200×230 的被套，1.8 米的床选 220×240 的，垂下来刚好。",
        "en": "Hello {buyer}, how wide is your bed? For 150 cm take the 200×230 cover, for 180 cm the 220×240.",
    },
    "shortcut": "sjt",
}


def make_replies(agency_id: int, stores: Sequence[Store], *, lead: User, agent: User, now: datetime) -> None:
    """Once: what somebody has written or published since stays."""
    made = add_starters(agency_id, Kind.REPLY, author=lead, now=now)
    if not made:
        return
    with transaction.atomic():
        for item in made:
            if item.title_zh == MEASURED:
                _add_chart(item, lead, now)
            publish(item, item.latest, [store.pk for store in stores], author=lead, now=now)
        own = Place(layer=Layer.PERSONAL, person_id=agent.pk, folder="尺码")
        add_reply(agency_id, _OWN, own, author=agent, now=now)


def _add_chart(item: Item, lead: User, now: datetime) -> None:
    picture = add_picture(item.agency_id, name="size-chart.png", content=_chart(), author=lead, now=now)
    assert item.latest is not None  # a starter has a version
    content = {**item.latest.content, "pictures": [str(picture.pk)]}
    save_draft(item, content, revision=item.revision, author=lead, now=now)
    make_version(item, revision=item.revision, author=lead, words="With the chart", now=now)


def _chart() -> bytes:
    """A table of sizes, drawn: numbers need no language."""
    image = Image.new("RGB", (600, 240), "#f4f6f1")
    draw = ImageDraw.Draw(image)
    for down, row in enumerate(_SIZES):
        for along, words in enumerate(row):
            left, top = 20 + along * 112, 24 + down * 64
            draw.rectangle((left, top, left + 112, top + 64), outline="#2f6b4f", fill="#dfe9df" if not down else None)
            draw.text((left + 40, top + 18), words, fill="#1b1e20", font_size=26)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
