"""Drift 版本差异: which store runs which version of what, who has a text of their own, who is behind, who lacks it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from knowledge.models import Item, Kind, Layer, Publication, SignOff
from tenants.models import Store

PUBLISHED_LAYERS: Final = (Layer.AGENCY, Layer.PLATFORM, Layer.STORE)


@dataclass(frozen=True)
class ItemDrift:
    """One item over the stores it is meant for. `running`: (version, stores), the newest first."""

    item_id: int
    kind: str
    title: str
    folder: str
    layer: str
    marketplace: str
    latest: int
    is_accepted: bool  # nothing stands against publishing the latest version
    running: tuple[tuple[int, int], ...]
    current: int
    behind: int
    overrides: int
    stale: int  # own texts that were written over another version than the one published there now
    lacking: int

    @property
    def runs_anywhere(self) -> bool:
        return bool(self.running)


@dataclass(frozen=True)
class StoreDrift:
    """One store over the items that run anywhere and are meant for it."""

    store_id: int
    name: str
    band: int
    marketplace: str
    current: int
    behind: int
    overrides: int
    stale: int
    lacking: int


@dataclass(frozen=True)
class Running:
    """What one store runs of one item. `number` None: nothing. `state`: current, behind, lacking."""

    store_id: int
    store: str
    band: int
    marketplace: str
    item_id: int
    title: str
    kind: str
    version_id: int | None
    number: int | None
    latest: int
    has_own: bool
    own_of: int | None
    own_at: datetime | None

    @property
    def state(self) -> str:
        if self.number is None:
            return "lacking"
        return "current" if self.number == self.latest else "behind"

    @property
    def is_stale(self) -> bool:
        return self.has_own and self.own_of != self.number


def drift_of_items(agency_id: int, *, kind: str = "", words: str = "") -> list[ItemDrift]:
    """Every item that has a version and can be published, by title. Three queries."""
    items = _items(agency_id, kind, words)
    marketplaces = Counter(_open(agency_id).values_list("marketplace", flat=True))
    open_stores = set(_open(agency_id).values_list("pk", flat=True)) if any(i.store_id for i in items) else set()
    runs = _runs_by_item(agency_id)
    return [_item_drift(item, runs.get(item.pk, []), marketplaces, open_stores) for item in items]


def _items(agency_id: int, kind: str, words: str) -> list[Any]:
    signed = SignOff.objects.filter(version=OuterRef("latest"), store__isnull=True).order_by("-pk")
    rows = Item.objects.filter(
        agency=agency_id, archived_at__isnull=True, latest__isnull=False, layer__in=PUBLISHED_LAYERS
    )
    if kind:
        rows = rows.filter(kind=kind)
    for word in words.replace("\x00", "").split()[:5]:
        rows = rows.filter(Q(title_zh__icontains=word) | Q(title_en__icontains=word) | Q(folder__icontains=word))
    return list(
        rows.annotate(number=F("latest__number"), accepted=Subquery(signed.values("accepted")[:1]))
        .defer("draft", "rough")
        .order_by("kind", "folder", "title_zh", "title_en", "pk")
    )


def _runs_by_item(agency_id: int) -> dict[int, list[Mapping[str, Any]]]:
    groups = (
        Publication.objects.filter(store__agency=agency_id, store__state=Store.State.OPEN)
        .values("item_id", "version__number")
        .annotate(
            stores=Count("pk"),
            own=Count("pk", filter=Q(override__isnull=False)),
            stale=Count("pk", filter=Q(override__isnull=False) & ~Q(override_of=F("version"))),
        )
    )
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in groups:
        found[row["item_id"]].append(row)
    return found


def _item_drift(item: Any, runs: list[Mapping[str, Any]], marketplaces: Counter[str], stores: set[int]) -> ItemDrift:
    running = sorted(((row["version__number"], row["stores"]) for row in runs), reverse=True)
    total = sum(number for _, number in running)
    current = sum(number for version, number in running if version == item.number)
    meant_for = marketplaces.total()
    if item.layer == Layer.PLATFORM:
        meant_for = marketplaces[item.marketplace]
    elif item.layer == Layer.STORE:
        meant_for = int(item.store_id in stores)
    return ItemDrift(
        item_id=item.pk,
        kind=item.kind,
        title=str(item),
        folder=item.folder,
        layer=item.layer,
        marketplace=item.marketplace,
        latest=item.number,
        is_accepted=item.kind != Kind.SOP or bool(item.accepted),
        running=tuple(running),
        current=current,
        behind=total - current,
        overrides=sum(row["own"] for row in runs),
        stale=sum(row["stale"] for row in runs),
        lacking=max(0, meant_for - total),
    )


def drift_of_stores(agency_id: int) -> list[StoreDrift]:
    """Every open store by name. Three queries."""
    live = Q(item__archived_at__isnull=True)
    rows = {
        row["store_id"]: row
        for row in Publication.objects.filter(store__agency=agency_id)
        .values("store_id")
        .annotate(
            current=Count("pk", filter=live & Q(version=F("item__latest"))),
            behind=Count("pk", filter=live & ~Q(version=F("item__latest"))),
            own=Count("pk", filter=Q(override__isnull=False)),
            stale=Count("pk", filter=Q(override__isnull=False) & ~Q(override_of=F("version"))),
        )
    }
    meant = _meant(agency_id)
    found = []
    for store in _open(agency_id):
        row = rows.get(store.pk, {"current": 0, "behind": 0, "own": 0, "stale": 0})
        should = meant["", None] + meant[store.marketplace, None] + meant["", store.pk]
        found.append(
            StoreDrift(
                store_id=store.pk,
                name=store.name,
                band=store.band,
                marketplace=store.get_marketplace_display(),
                current=row["current"],
                behind=row["behind"],
                overrides=row["own"],
                stale=row["stale"],
                lacking=max(0, should - row["current"] - row["behind"]),
            )
        )
    return found


def _meant(agency_id: int) -> Counter[tuple[str, int | None]]:
    """How many items that run anywhere are meant for all, for a marketplace's, for one store. One query."""
    run = Publication.objects.filter(item__agency=agency_id).values("item")
    rows = Item.objects.filter(agency=agency_id, archived_at__isnull=True, pk__in=run)
    counted = rows.order_by().values("marketplace", "store_id").annotate(items=Count("pk"))
    return Counter({(row["marketplace"], row["store_id"]): row["items"] for row in counted})


def stores_of_item(item: Item) -> list[Running]:
    """Every open store that it is meant for or that runs it, with what it runs, by name. One query."""
    runs = Publication.objects.filter(item=item, store=OuterRef("pk"))
    stores = _with_run(_open(item.agency_id), runs)
    if item.layer == Layer.PLATFORM:
        stores = stores.filter(Q(marketplace=item.marketplace) | Q(run_version__isnull=False))
    elif item.layer == Layer.STORE:
        stores = stores.filter(Q(pk=item.store_id) | Q(run_version__isnull=False))
    latest = item.latest.number if item.latest else 0
    return [_running(store, store, item.pk, str(item), item.kind, latest) for store in stores]


def items_of_store(store: Store) -> list[Running]:
    """Every item that runs anywhere and is meant for the store, with what it runs of it. One query."""
    runs = Publication.objects.filter(store=store, item=OuterRef("pk"))
    anywhere = Publication.objects.filter(item__agency=store.agency_id).values("item")
    meant = Q(layer=Layer.AGENCY) | Q(layer=Layer.PLATFORM, marketplace=store.marketplace) | Q(store=store)
    items = Item.objects.filter(agency=store.agency_id, latest__isnull=False, pk__in=anywhere)
    rows = _with_run(items, runs).annotate(number=F("latest__number")).defer("draft", "rough")
    rows = rows.filter(Q(run_version__isnull=False) | meant & Q(archived_at__isnull=True))
    return [
        _running(store, row, row.pk, str(row), row.kind, row.number)
        for row in rows.order_by("kind", "folder", "title_zh", "title_en", "pk")
    ]


def _with_run(rows: QuerySet[Any], runs: QuerySet[Publication]) -> QuerySet[Any, Any]:
    own = runs.filter(override__isnull=False)
    return rows.annotate(
        run_version=Subquery(runs.values("version")[:1]),
        run_number=Subquery(runs.values("version__number")[:1]),
        run_own_of=Subquery(own.values("override_of__number")[:1]),
        run_own_at=Subquery(own.values("override_at")[:1]),
    )


def _running(store: Store, row: Any, item_id: int, title: str, kind: str, latest: int) -> Running:
    return Running(
        store_id=store.pk,
        store=store.name,
        band=store.band,
        marketplace=store.get_marketplace_display(),
        item_id=item_id,
        title=title,
        kind=kind,
        version_id=row.run_version,
        number=row.run_number,
        latest=latest,
        has_own=row.run_own_of is not None,
        own_of=row.run_own_of,
        own_at=row.run_own_at,
    )


def _open(agency_id: int) -> QuerySet[Store]:
    return Store.objects.filter(agency=agency_id, state=Store.State.OPEN).order_by("name", "pk")
