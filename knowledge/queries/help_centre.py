"""What a store shows to everybody: published articles for the public, in the store's own words where it has some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from knowledge.content.text import Text
from knowledge.models import Audience, Kind, Publication, Topic
from tenants.errors import NotFound
from tenants.models import Store

# As buyers call what the agency calls after-sales terms and the like; in the order in which they are asked for.
LABELS: Final = {
    Topic.LOGISTICS: _("Orders and delivery"),
    Topic.AFTER_SALES: _("Returns, refunds and repairs"),
    Topic.PRODUCT: _("Products, sizes and use"),
    Topic.POLICY: _("Payment, prices and promises"),
    "": _("More questions"),
}


@dataclass(frozen=True)
class HelpLine:
    """An article in a list, by its title in the reader's language."""

    item_id: int
    topic: str
    title: str


@dataclass(frozen=True)
class HelpArticle:
    """One article, whole. `changed_at`: since when it says so."""

    item_id: int
    topic: str
    title: Text
    body: Text
    changed_at: datetime


@dataclass(frozen=True)
class HelpTopic:
    """A part of the help centre. `key` is a Topic, or empty for what has none; `label` is for buyers."""

    key: str
    label: str
    lines: tuple[HelpLine, ...]


def help_topics(store: Store, language: str) -> list[HelpTopic]:
    """What there is, by topic, each by title in that language. One query."""
    rows = _public(store).annotate(title=F("version__content__title"), own_title=F("override__title"))
    lines = [
        HelpLine(row["item_id"], row["item__topic"], _text(row["own_title"] or row["title"]).in_language(language))
        for row in rows.values("item_id", "item__topic", "title", "own_title")
    ]
    lines.sort(key=lambda line: (line.title.casefold(), line.item_id))
    labels = [(str(value), str(label)) for value, label in LABELS.items()]
    found = [HelpTopic(key, label, tuple(line for line in lines if line.topic == key)) for key, label in labels]
    return [topic for topic in found if topic.lines]


def help_article(store: Store, item_id: int) -> HelpArticle:
    """One query. Raises NotFound."""
    row = _public(store).filter(item=item_id).select_related("item", "version").first()
    if row is None:
        raise NotFound(field="article")
    content: Mapping[str, Any] = row.override if row.override is not None else row.version.content
    changed_at = row.override_at if row.override is not None and row.override_at else row.published_at
    return HelpArticle(row.item_id, row.item.topic, _text(content["title"]), _text(content["body"]), changed_at)


def _public(store: Store):  # type: ignore[no-untyped-def]  # a queryset with whatever is annotated on it
    return Publication.objects.filter(store=store, item__kind=Kind.ARTICLE, item__audience=Audience.PUBLIC)


def _text(value: Mapping[str, str]) -> Text:
    return Text(zh=value.get("zh", ""), en=value.get("en", ""))
