"""What a store holds of the library, for one person: what was published there, and their own and their teams' items.

Read at a place; the store comes from tenants.access and need not be entered. Inside an entered store it works as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from knowledge.content import Content, read
from knowledge.models import Audience, Item, Layer, Publication
from tenants.access import Action, Caller, may, require
from tenants.errors import NotFound
from tenants.models import Store, TeamMember


@dataclass(frozen=True)
class Held:
    """An item as one store runs it for one person. `title`: {zh, en}."""

    item_id: int
    kind: str
    layer: str
    folder: str
    topic: str
    categories: tuple[str, ...]
    audience: str
    version_id: int
    version: int
    title: Mapping[str, str]
    is_override: bool
    content: Mapping[str, Any] | None = None  # asked for

    def read(self) -> Content:
        return read(self.kind, self.content)


_ITEM = ("kind", "layer", "folder", "topic", "categories", "audience")


def held_in(
    caller: Caller,
    store: Store,
    *,
    kind: str,
    category: str = "",
    ids: Sequence[int] | None = None,
    whole: bool = False,
) -> list[Held]:
    """By folder and title; with `whole`, their contents too. Two queries.

    `category` narrows to what is attached to it, or to nothing in particular.
    """
    rows = [
        *_published(caller, store, _narrow("item__", kind, category, ids), whole),
        *_their_own(caller, store, _narrow("", kind, category, ids), whole),
    ]
    return sorted(rows, key=lambda held: (held.folder, held.title["zh"] or held.title["en"], held.item_id))


def held_item(caller: Caller, store: Store, item_id: int, *, kind: str) -> Held:
    """One of them, whole. Raises NotFound."""
    found = held_in(caller, store, kind=kind, ids=[item_id], whole=True)
    if not found:
        raise NotFound(field="item")
    return found[0]


def their_own(caller: Caller) -> Q:
    """Which items a person uses without their being published: their own, and their teams'."""
    in_team = Exists(TeamMember.objects.filter(team=OuterRef("team"), user=caller.person))
    return Q(layer=Layer.PERSONAL, person=caller.person) | Q(in_team, layer=Layer.TEAM)


def _narrow(path: str, kind: str, category: str, ids: Sequence[int] | None) -> Q:
    wanted = Q(**{f"{path}kind": kind})
    if category:
        wanted &= Q(**{f"{path}categories__contains": [category]}) | Q(**{f"{path}categories": []})
    if ids is not None:
        wanted &= Q(**{f"{path}pk__in": ids})
    return wanted


def publications_for(caller: Caller, store: Store) -> QuerySet[Publication]:
    """What was published there and may be read by the caller. Raises Forbidden."""
    require(caller, store, Action.VIEW)
    rows = Publication.objects.filter(store=store)
    if not may(store, Action.NOTE):  # the agency's own is not the seller's to read
        rows = rows.exclude(item__audience=Audience.STAFF, item__kind="article").exclude(item__kind="reply")
    return rows


def own_items_for(caller: Caller, store: Store) -> QuerySet[Item]:
    """What of their own and their teams' they use there; sellers have none."""
    if not may(store, Action.NOTE):
        return Item.objects.none()
    return Item.objects.filter(
        their_own(caller), agency=store.agency_id, archived_at__isnull=True, latest__isnull=False
    )


def _published(caller: Caller, store: Store, wanted: Q, whole: bool) -> list[Held]:
    rows = publications_for(caller, store).filter(wanted)
    rows = rows.annotate(
        title=F("version__content__title"), own_title=F("override__title"), number=F("version__number")
    )
    content = ("version__content", "override") if whole else ()
    found = rows.values("item_id", "version_id", "number", "title", "own_title", *_paths("item__"), *content)
    return [_held(row, "item__", row["own_title"], row.get("override"), row.get("version__content")) for row in found]


def _their_own(caller: Caller, store: Store, wanted: Q, whole: bool) -> list[Held]:
    own: QuerySet[Item, Any] = own_items_for(caller, store).filter(wanted)
    rows = own.annotate(
        item_id=F("pk"), version_id=F("latest_id"), title=F("latest__content__title"), number=F("latest__number")
    )
    content = ("latest__content",) if whole else ()
    found = rows.values("item_id", "version_id", "number", "title", *_paths(""), *content)
    return [_held(row, "", None, None, row.get("latest__content")) for row in found]


def _paths(path: str) -> list[str]:
    return [f"{path}{name}" for name in _ITEM]


def _held(row: Mapping[str, Any], path: str, own_title: Any, override: Any, content: Any) -> Held:
    return Held(
        item_id=row["item_id"],
        version_id=row["version_id"],
        version=row["number"],
        title=own_title or row["title"],
        is_override=own_title is not None,
        content=override or content,
        **{name: row[f"{path}{name}"] for name in _ITEM if name != "categories"},
        categories=tuple(row[f"{path}categories"]),
    )


def own_text(store: Store, item_id: int) -> Mapping[str, Any] | None:
    """What the store runs of an item, as it says it: its override, else the version; None where it runs it not."""
    row = Publication.objects.filter(store=store, item=item_id).select_related("version").first()
    if row is None:
        return None
    content: Mapping[str, Any] = row.version.content if row.override is None else row.override
    return content


@dataclass(frozen=True)
class HeldArticle:
    """An article with its item, for the verb that corrects it. `body`: {zh, en} as the store runs it."""

    item: Item
    version_id: int
    body: Mapping[str, str]


def held_article(caller: Caller, store: Store, item_id: int) -> HeldArticle:
    """Raises NotFound, Forbidden."""
    held = held_item(caller, store, item_id, kind="article")
    content = held.content or {}
    return HeldArticle(Item.objects.get(pk=item_id), held.version_id, content["body"])
