"""Articles in the admin: their list, narrowed and in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import get_language

from knowledge.models import Audience, Correction, Item, Kind, Layer, Publication, Topic
from knowledge.queries.gate import items_for
from knowledge.search import search_library
from tenants.access import Caller
from tenants.models import Store

PAGE: Final = 50
_ORDERS: Final = {
    "changed": ("-changed_at", "-pk"),
    "title": ("title_zh", "title_en", "pk"),
    "review": (F("review_on").asc(nulls_last=True), "pk"),
}


@dataclass(frozen=True)
class ArticleFilters:
    """What the list is narrowed to. Whatever is no choice narrows nothing."""

    words: str = ""
    topic: str = ""
    audience: str = ""
    folder: str = ""
    keeper: str = ""
    state: str = ""  # draft, changed, published, idle, due, one_language
    order: str = "changed"
    archived: bool = False


@dataclass(frozen=True)
class ArticleLine:
    """An article in the list, by its title in the reader's language, and `second` in the other. `missing`: the language
    in which it has no title, and so no text. Tags are HTML's names of the languages.
    """

    pk: int
    title: str
    title_tag: str
    second: str
    second_tag: str
    missing: str
    folder: str
    topic_label: str
    audience: str
    audience_label: str
    layer_label: str
    belongs_to: str
    keeper: str
    review_on: date | None
    is_due: bool
    version: int
    has_draft: bool
    stores: int
    behind: int
    overrides: int
    corrections: int
    changed_at: datetime


@dataclass(frozen=True)
class ArticlePage:
    """`total` without the filters, `found` with them. `page` counts from 1."""

    lines: tuple[ArticleLine, ...]
    folders: tuple[str, ...]
    keepers: tuple[tuple[int, str], ...]
    total: int
    found: int
    page: int
    pages: int


def article_list(caller: Caller, filters: ArticleFilters, *, today: date, page: int = 1) -> ArticlePage:
    """A page of what the caller may see. Five queries, and the search's where words are looked for."""
    items = items_for(caller, kind=Kind.ARTICLE).filter(archived_at__isnull=not filters.archived)
    folders = items.exclude(folder="").order_by("folder").values_list("folder", flat=True).distinct()
    keepers = items.filter(keeper__isnull=False).order_by("keeper__name").values_list("keeper", "keeper__name")
    wanted = narrowed(caller, items, filters, today=today)
    found = wanted.count()
    pages = max(1, -(-found // PAGE))
    page = min(max(page, 1), pages)
    rows = _counted(wanted).select_related("store", "keeper").order_by(*_ORDERS.get(filters.order, _ORDERS["changed"]))
    return ArticlePage(
        lines=tuple(_line(row, today) for row in rows[(page - 1) * PAGE : page * PAGE]),
        folders=tuple(folders),
        keepers=tuple(keepers.distinct()),
        total=items.count(),
        found=found,
        page=page,
        pages=pages,
    )


def narrowed(caller: Caller, items: QuerySet[Item], filters: ArticleFilters, *, today: date) -> QuerySet[Item]:
    """Of these items those that the filters let through."""
    if filters.words.strip():
        ids = [one.item_id for one in search_library(caller, filters.words, kind=Kind.ARTICLE, limit=50)]
        named = Q(title_zh__icontains=filters.words.strip()) | Q(title_en__icontains=filters.words.strip())
        items = items.filter(named | Q(pk__in=ids))
    for name, value, known in (
        ("topic", filters.topic, Topic.values),
        ("audience", filters.audience, Audience.values),
    ):
        if value in known:
            items = items.filter(**{name: value})
    if filters.folder:
        items = items.filter(Q(folder=filters.folder) | Q(folder__startswith=f"{filters.folder}/"))
    if filters.keeper.isascii() and filters.keeper.isdecimal() and len(filters.keeper) < 19:
        items = items.filter(keeper=int(filters.keeper))
    return _in_state(items, filters.state, today)


def chosen_articles(caller: Caller, ids: Sequence[int]) -> QuerySet[Item]:
    """These, of those that the caller may see."""
    return items_for(caller, kind=Kind.ARTICLE).filter(pk__in=ids)


def due_articles(caller: Caller, *, today: date) -> int:
    """How many are to be read again. One query."""
    return items_for(caller, kind=Kind.ARTICLE).filter(archived_at__isnull=True, review_on__lte=today).count()


def _in_state(items: QuerySet[Item], state: str, today: date) -> QuerySet[Item]:
    match state:
        case "draft":
            return items.filter(latest__isnull=True)
        case "changed":
            return items.filter(latest__isnull=False).exclude(draft__isnull=True, rough__isnull=True)
        case "published":
            return items.filter(publications__isnull=False).distinct()
        case "idle":
            return items.filter(latest__isnull=False, publications__isnull=True)
        case "due":
            return items.filter(review_on__lte=today)
        case "one_language":
            return items.filter(Q(title_zh="") | Q(title_en=""))
    return items


def _counted(items: QuerySet[Item]) -> QuerySet[Item, Any]:
    # One subquery for each figure: joined together they would multiply.
    runs = Publication.objects.filter(item=OuterRef("pk")).order_by().values("item")
    waiting = Correction.objects.filter(item=OuterRef("pk"), state=Correction.State.OPEN).order_by().values("item")

    def figure(counted: Any) -> Coalesce:
        return Coalesce(Subquery(counted.values("total"), output_field=IntegerField()), 0)

    return items.annotate(
        number=F("latest__number"),
        in_stores=figure(runs.annotate(total=Count("pk"))),
        in_old=figure(runs.annotate(total=Count("pk", filter=Q(version__number__lt=OuterRef("latest__number"))))),
        in_own=figure(runs.annotate(total=Count("pk", filter=Q(override__isnull=False)))),
        corrected=figure(waiting.annotate(total=Count("pk"))),
    )


def _line(item: Any, today: date) -> ArticleLine:
    return ArticleLine(
        pk=item.pk,
        **_titles(item),
        missing="" if item.title_zh and item.title_en else "en" if item.title_zh else "zh",
        folder=item.folder,
        topic_label=str(Topic(item.topic).label) if item.topic else "",
        audience=item.audience,
        audience_label=str(Audience(item.audience).label),
        layer_label=str(Layer(item.layer).label),
        belongs_to=_belongs_to(item),
        keeper=str(item.keeper or ""),
        review_on=item.review_on,
        is_due=item.review_on is not None and item.review_on <= today,
        version=item.number or 0,
        has_draft=item.draft is not None or item.rough is not None,
        stores=item.in_stores,
        behind=item.in_old,
        overrides=item.in_own,
        corrections=item.corrected,
        changed_at=item.changed_at,
    )


def _titles(item: Item) -> dict[str, str]:
    titles = [(item.title_zh, "zh-Hans"), (item.title_en, "en")]
    if not (get_language() or "zh").startswith("zh"):
        titles.reverse()
    (title, tag), (second, second_tag) = titles if titles[0][0] else reversed(titles)
    return {"title": title, "title_tag": tag, "second": second, "second_tag": second_tag}


def _belongs_to(item: Item) -> str:
    if item.layer == Layer.PLATFORM:
        return str(Store.Marketplace(item.marketplace).label)
    return str(item.store) if item.layer == Layer.STORE else ""
