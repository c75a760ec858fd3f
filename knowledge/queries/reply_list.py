"""The quick replies of an agency for those who manage them: folders, and a page of what was looked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.models import Item, Kind, Layer, Publication, Use
from knowledge.pinyin import sounds_like, spell
from knowledge.queries.gate import items_for, writable_items_for
from knowledge.queries.replies import LATELY
from knowledge.reply_table import cells_of
from tenants.access import Caller, stores_for
from tenants.models import Store

PAGE: Final = 50


@dataclass(frozen=True)
class ReplyFilters:
    """What the list is narrowed to. Whatever is no choice narrows nothing, or finds nothing."""

    words: str = ""
    folder: str = ""
    layer: str = ""
    archived: bool = False
    page: int = 1


@dataclass(frozen=True)
class FolderLine:
    """A folder, or one above it that has none of its own. `total` counts what is below as well."""

    path: str
    name: str
    depth: int
    total: int


@dataclass(frozen=True)
class ReplyRow:
    pk: int
    title_zh: str
    title_en: str
    shortcut: str
    folder: str
    layer: str
    layer_label: str
    belongs_to: str  # the team, the marketplace or the store, where it is one's
    version: int
    has_draft: bool
    pictures: int
    stores: int  # that run it
    uses: int  # of the last 30 days
    may_write: bool
    changed_at: datetime
    is_archived: bool


@dataclass(frozen=True)
class ReplyList:
    rows: tuple[ReplyRow, ...]
    folders: tuple[FolderLine, ...]
    found: int
    total: int  # without words, folder and layer
    page: int
    pages: int


def reply_list(caller: Caller, filters: ReplyFilters, *, now: datetime) -> ReplyList:
    """What the caller may see, by folder and title. Seven queries, whatever there is.

    Words are looked for as the composer does it: in both titles, by their sound, in folder and shortcut.
    """
    every = _named(caller, filters)
    found = [row["pk"] for row in every if _wanted(row, filters)]
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(1, filters.page), pages)
    shown = found[(page - 1) * PAGE : page * PAGE]
    return ReplyList(
        rows=_rows(caller, shown, now),
        folders=folders_of(row["folder"] for row in every),
        found=len(found),
        total=len(every),
        page=page,
        pages=pages,
    )


def reply_table(caller: Caller, filters: ReplyFilters) -> list[list[Any]]:
    """All of what the list is narrowed to, as rows of knowledge.reply_table.COLUMNS. Two queries."""
    found = [row["pk"] for row in _named(caller, filters) if _wanted(row, filters)]
    items = {item.pk: item for item in Item.objects.filter(pk__in=found).select_related("latest")}
    return [cells_of(item.pk, item.folder, item.categories, _said(item)) for item in (items[pk] for pk in found)]


def folders_of(paths: Iterable[str]) -> tuple[FolderLine, ...]:
    """The tree, from the outside in, each folder after the one that it is in."""
    totals: dict[str, int] = {}
    for path in paths:
        parts = path.split("/") if path else []
        for depth in range(1, len(parts) + 1):
            above = "/".join(parts[:depth])
            totals[above] = totals.get(above, 0) + 1
    ordered = sorted(totals, key=lambda path: path.split("/"))
    return tuple(FolderLine(path, path.rpartition("/")[2], path.count("/"), totals[path]) for path in ordered)


def folder_names(caller: Caller) -> list[str]:
    """Those that the caller's replies lie in, for forms. One query."""
    folders = items_for(caller, kind=Kind.REPLY).filter(archived_at__isnull=True).exclude(folder="")
    return list(folders.order_by("folder").values_list("folder", flat=True).distinct())


def in_folder(caller: Caller, folder: str) -> list[int]:
    """The replies in a folder and below it that the caller may write. One query."""
    rows = writable_items_for(caller, kind=Kind.REPLY).values_list("pk", "folder")
    return [pk for pk, path in rows if _is_in(path, folder)]


def reply_rows(caller: Caller, ids: Sequence[int], *, now: datetime) -> tuple[ReplyRow, ...]:
    """These, of those that the caller may see. Six queries."""
    return _rows(caller, list(items_for(caller, kind=Kind.REPLY).filter(pk__in=ids).values_list("pk", flat=True)), now)


# For whom, where it says nothing more.
_FOR: Final = {
    Layer.AGENCY: gettext_lazy("all stores"),
    Layer.PLATFORM: gettext_lazy("the stores of a marketplace"),
    Layer.STORE: gettext_lazy("one store"),
    Layer.TEAM: gettext_lazy("a team"),
    Layer.PERSONAL: gettext_lazy("me"),
}
_NAMED = ("pk", "title_zh", "title_en", "folder", "layer", "shortcut")


def _named(caller: Caller, filters: ReplyFilters) -> list[dict[str, Any]]:
    items = items_for(caller, kind=Kind.REPLY).filter(archived_at__isnull=not filters.archived)
    named = items.annotate(shortcut=Coalesce(F("draft__shortcut"), F("latest__content__shortcut")))
    return list(named.order_by("folder", "title_zh", "title_en", "pk").values(*_NAMED))


def _wanted(row: dict[str, Any], filters: ReplyFilters) -> bool:
    if filters.folder and not _is_in(row["folder"], filters.folder):
        return False
    if filters.layer and row["layer"] != filters.layer:
        return False
    return all(_has(row, part) for part in filters.words.casefold().split())


def _has(row: dict[str, Any], part: str) -> bool:
    words = f"{row['title_zh']}\n{row['title_en']}\n{row['folder']}\n{row['shortcut'] or ''}".casefold()
    return part in words or (part.isascii() and sounds_like(spell(row["title_zh"]), part))


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _rows(caller: Caller, ids: Sequence[int], now: datetime) -> tuple[ReplyRow, ...]:
    if not ids:
        return ()
    items: QuerySet[Item] = Item.objects.filter(pk__in=ids).select_related("latest", "team", "store")
    mine = set(writable_items_for(caller, kind=Kind.REPLY).filter(pk__in=ids).values_list("pk", flat=True))
    seen = [store.pk for store in stores_for(caller)]  # a number and the list behind it agree
    stores = _counts(Publication.objects.filter(item__in=ids, store__in=seen))
    uses = _counts(Use.objects.filter(item__in=ids, store__in=seen, at__gte=now - LATELY))
    rows = {item.pk: _row(item, stores, uses, may_write=item.pk in mine) for item in items}
    return tuple(rows[pk] for pk in ids if pk in rows)


def _counts(rows: QuerySet[Any]) -> dict[int, int]:
    return {row["item_id"]: row["total"] for row in rows.order_by().values("item_id").annotate(total=Count("pk"))}


def _row(item: Item, stores: dict[int, int], uses: dict[int, int], *, may_write: bool) -> ReplyRow:
    content = _said(item)
    return ReplyRow(
        pk=item.pk,
        title_zh=item.title_zh,
        title_en=item.title_en,
        shortcut=content.get("shortcut", ""),
        folder=item.folder,
        layer=item.layer,
        layer_label=str(_FOR[Layer(item.layer)]),
        belongs_to=belongs_to(item),
        version=item.latest.number if item.latest else 0,
        has_draft=item.draft is not None,
        pictures=len(content.get("pictures", ())),
        stores=stores.get(item.pk, 0),
        uses=uses.get(item.pk, 0),
        may_write=may_write,
        changed_at=item.changed_at,
        is_archived=item.archived_at is not None,
    )


def _said(item: Item) -> dict[str, Any]:
    return item.draft or (item.latest.content if item.latest else {})


def belongs_to(item: Item) -> str:
    """The team, the marketplace or the store whose it is; nothing where it is everybody's or one's own."""
    match item.layer:
        case Layer.TEAM:
            return str(item.team or _("a team"))
        case Layer.PLATFORM:
            return str(Store.Marketplace(item.marketplace).label)
        case Layer.STORE:
            return str(item.store or _("a store"))
    return ""
