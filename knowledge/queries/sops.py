"""SOPs in the admin: their list, and one with its versions, the names put to them, its stores and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from knowledge.categories import Category
from knowledge.models import Item, Kind, Layer, Publication, SignOff, Version
from knowledge.queries.gate import items_for
from tenants.access import Caller
from tenants.models import Change, Store, User


@dataclass(frozen=True)
class SopFilters:
    """What the list is narrowed to. Whatever is no choice narrows nothing."""

    words: str = ""
    category: str = ""
    folder: str = ""
    state: str = ""  # draft, waiting, accepted, refused, changed
    archived: bool = False


@dataclass(frozen=True)
class SopLine:
    """An SOP in the list. `state` is of its latest version: draft, waiting, accepted, refused."""

    pk: int
    title: str
    folder: str
    layer: str
    layer_label: str
    belongs_to: str  # the marketplace or the store, where it is one's
    categories: tuple[str, ...]
    version: int
    state: str
    has_draft: bool
    is_rough: bool
    stores: int
    behind: int  # stores that run an older version
    overrides: int
    changed_at: datetime


@dataclass(frozen=True)
class SopList:
    lines: tuple[SopLine, ...]
    folders: tuple[str, ...]
    total: int  # without the filters


@dataclass(frozen=True)
class Signed:
    """Somebody's word on a version; of a seller `store` is named."""

    version: int
    person: str
    store: str
    accepted: bool
    reason: str
    at: datetime


@dataclass(frozen=True)
class VersionLine:
    number: int
    note: str
    author: str
    made_at: datetime
    state: str  # waiting, accepted, refused
    signed: tuple[Signed, ...]
    stores: int


def sop_list(caller: Caller, filters: SopFilters) -> SopList:
    """What the caller may see, latest changed first. Three queries."""
    items = items_for(caller, kind=Kind.SOP).filter(archived_at__isnull=not filters.archived)
    folders = tuple(items.exclude(folder="").order_by("folder").values_list("folder", flat=True).distinct())
    rows = _counted(items).select_related("store")
    lines = tuple(line for line in map(_line, rows.order_by("-changed_at", "-pk")) if _wanted(line, filters))
    return SopList(lines, folders, len(rows))


def _counted(items: QuerySet[Item]) -> QuerySet[Item, Any]:
    # One subquery for each figure: joined together they would multiply.
    runs = Publication.objects.filter(item=OuterRef("pk")).order_by().values("item")
    signed = SignOff.objects.filter(version=OuterRef("latest"), store__isnull=True).order_by("-pk")

    def figure(counted: Any) -> Coalesce:
        return Coalesce(Subquery(counted.values("total"), output_field=IntegerField()), 0)

    return items.annotate(
        number=F("latest__number"),
        accepted=Subquery(signed.values("accepted")[:1], output_field=BooleanField()),
        in_stores=figure(runs.annotate(total=Count("pk"))),
        in_old=figure(runs.annotate(total=Count("pk", filter=Q(version__number__lt=OuterRef("latest__number"))))),
        in_own=figure(runs.annotate(total=Count("pk", filter=Q(override__isnull=False)))),
    )


def _line(item: Any) -> SopLine:
    return SopLine(
        pk=item.pk,
        title=str(item),
        folder=item.folder,
        layer=item.layer,
        layer_label=str(Layer(item.layer).label),
        belongs_to=_belongs_to(item),
        categories=tuple(str(Category(name).label) for name in item.categories),
        version=item.number or 0,
        state=_state(item.number, item.accepted),
        has_draft=item.draft is not None or item.rough is not None,
        is_rough=item.rough is not None,
        stores=item.in_stores,
        behind=item.in_old,
        overrides=item.in_own,
        changed_at=item.changed_at,
    )


def _wanted(line: SopLine, filters: SopFilters) -> bool:
    """By what was read anyway: an agency has some hundreds of SOPs at most."""
    words = filters.words.casefold().strip()
    if words and words not in f"{line.title} {line.folder} {' '.join(line.categories)}".casefold():
        return False
    if filters.category and str(dict(Category.choices).get(filters.category, "")) not in line.categories:
        return False
    if filters.folder and line.folder != filters.folder and not line.folder.startswith(f"{filters.folder}/"):
        return False
    if filters.state == "changed":
        return line.has_draft
    return not filters.state or line.state == filters.state


def _state(number: int | None, accepted: bool | None) -> str:
    if not number:
        return "draft"
    return "waiting" if accepted is None else "accepted" if accepted else "refused"


def _belongs_to(item: Item) -> str:
    if item.layer == Layer.PLATFORM:
        return str(Store.Marketplace(item.marketplace).label)
    return str(item.store) if item.layer == Layer.STORE else ""


# ---------------------------------------------------------------- one of them


def versions_of(item: Item) -> list[VersionLine]:
    """All of them, the latest first, with every word on them. Three queries. `item` came past the gate."""
    signed: dict[int, list[Signed]] = {}
    of_lead: dict[int, bool] = {}
    words = SignOff.objects.filter(version__item=item).select_related("store").order_by("pk")
    people = _names(word.person_id for word in words)
    for word in words:
        line = Signed(0, people.get(word.person_id, ""), str(word.store or ""), word.accepted, word.reason, word.at)
        signed.setdefault(word.version_id, []).append(line)
        if word.store_id is None:
            of_lead[word.version_id] = word.accepted
    rows = Version.objects.filter(item=item).order_by("-number").annotate(in_stores=Count("publications"))
    authors = _names(row.author_id for row in rows)
    return [
        VersionLine(
            number=row.number,
            note=row.note,
            author=authors.get(row.author_id, ""),
            made_at=row.made_at,
            state=_state(row.number, of_lead.get(row.pk)),
            signed=tuple(signed.get(row.pk, ())),
            stores=row.in_stores,
        )
        for row in rows
    ]


def is_accepted(version: Version) -> bool:
    """Whether a lead's latest word on it is yes: without that nothing is published. One query."""
    word = SignOff.objects.filter(version=version, store__isnull=True).order_by("-pk").first()
    return word is not None and word.accepted


def published_in(item: Item) -> list[tuple[Store, int, bool]]:
    """(store, version, whether it has its own text), by store. One query. `item` came past the gate."""
    rows = Publication.objects.filter(item=item).select_related("store", "version").order_by("store__name", "pk")
    return [(row.store, row.version.number, row.override is not None) for row in rows]


@dataclass(frozen=True)
class DraftLine:
    """One line of the history that holds a content: what it was before and after."""

    kind: str
    actor: str
    at: datetime
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    facts: Mapping[str, Any]  # what is said beside it: version, note, reason


def history_of_item(item: Item, *, most: int = 100) -> list[DraftLine]:
    """What was done to it, the latest first. One query. `item` came past the gate."""
    rows = Change.objects.filter(agency_id=item.agency_id, what=item._meta.label_lower, object_id=item.pk)
    lines = []
    for row in rows.order_by("-pk")[:most]:
        facts = {name: value for name, value in row.after.items() if name != "content"}
        old, new = row.before.get("content"), row.after.get("content")
        lines.append(DraftLine(row.kind, row.actor_name, row.at, old, new, facts))
    return lines


def _names(people: Any) -> dict[int | None, str]:
    found: Sequence[User] = list(User.people.filter(pk__in={pk for pk in people if pk is not None}))
    return {person.pk: str(person) for person in found}


def version_numbers(item: Item) -> list[int]:
    """The latest first. One query. `item` came past the gate."""
    return list(Version.objects.filter(item=item).order_by("-number").values_list("number", flat=True))
