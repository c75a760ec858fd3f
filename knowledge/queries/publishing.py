"""Before something is published: what there is to choose, and what would become of it in each store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.diff import Section, difference
from knowledge.models import Item, Kind, Layer, Publication, SignOff, StoreLibrary, Version
from tenants.errors import Conflict, Invalid
from tenants.models import Store


@dataclass(frozen=True)
class Choice:
    """A version that can be chosen. `is_accepted`: of an SOP, by a lead; of anything else always."""

    pk: int
    number: int
    note: str
    is_accepted: bool


@dataclass(frozen=True)
class Group:
    """Stores that run the same of an item now: a version (None: nothing), or texts of their own."""

    number: int | None
    has_own: bool
    stores: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def name(self) -> str:
        return f"v{self.number}" if self.number else ""


@dataclass(frozen=True)
class Preview:
    """What publishing one item would do. `seen`: {store: version it runs now, 0 for none}."""

    item: Item
    version: Version | None
    store_ids: tuple[int, ...]
    groups: tuple[Group, ...]
    unchanged: tuple[str, ...]
    asked: tuple[str, ...]
    refused: tuple[str, ...]
    seen: Mapping[int, int]

    @property
    def changing(self) -> int:
        return sum(len(group.stores) for group in self.groups)


def choices_of(items: Sequence[Item]) -> dict[int, list[Choice]]:
    """The versions of each item, the newest first. Two queries."""
    words = SignOff.objects.filter(version__item__in=items, store__isnull=True).order_by("pk")
    accepted = dict(words.values_list("version_id", "accepted"))
    kinds = {item.pk: item.kind for item in items}
    found: dict[int, list[Choice]] = defaultdict(list)
    for row in Version.objects.filter(item__in=items).defer("content").order_by("item_id", "-number"):
        is_accepted = kinds[row.item_id] != Kind.SOP or bool(accepted.get(row.pk))
        found[row.item_id].append(Choice(row.pk, row.number, row.note, is_accepted))
    return found


def running(items: Sequence[Item], stores: Sequence[Store]) -> dict[int, dict[int, tuple[int, bool]]]:
    """{store: {item: (version's number, whether it has its own text)}}. One query."""
    rows = Publication.objects.filter(item__in=items, store__in=[store.pk for store in stores])
    found: dict[int, dict[int, tuple[int, bool]]] = defaultdict(dict)
    for store, item, number, own in rows.values_list("store_id", "item_id", "version__number", "override_of"):
        found[store][item] = (number, own is not None)
    return found


def stores_behind(item: Item, *, lacking: bool = False) -> list[int]:
    """The open stores that run an older version than the latest; with `lacking`, those that it is meant for too."""
    open_stores = Store.objects.filter(agency=item.agency_id, state=Store.State.OPEN)
    run = Publication.objects.filter(item=item)
    found = open_stores.filter(pk__in=run.exclude(version=item.latest).values("store"))
    if lacking:
        if item.layer == Layer.PLATFORM:
            open_stores = open_stores.filter(marketplace=item.marketplace)
        elif item.layer == Layer.STORE:
            open_stores = open_stores.filter(pk=item.store_id)
        found = open_stores.exclude(pk__in=run.filter(version=item.latest).values("store"))
    return list(found.order_by("pk").values_list("pk", flat=True))


def preview(
    item: Item, version: Version | None, store_ids: Sequence[int], allowed: Mapping[int, Store], *, replaces: bool
) -> Preview:
    """What would become of it, grouped by what stores run now. Five queries at most."""
    rows = {
        run.store_id: run
        for run in Publication.objects.filter(item=item, store__in=store_ids).select_related("version")
    }
    asking = _asking(item, version, store_ids)
    groups: dict[tuple[int | None, bool], list[str]] = defaultdict(list)
    contents: dict[int | None, Mapping[str, Any] | None] = {None: None}
    unchanged, asked, refused = list[str](), list[str](), list[str]()
    for store_id in store_ids:
        store, run = allowed.get(store_id), rows.get(store_id)
        if store is None or not _belongs(item, store, version):
            refused.append(store.name if store else f"#{store_id}")
            continue
        has_own = run is not None and run.override is not None
        number = run.version.number if run else None
        if number == (version.number if version else None) and not (has_own and (replaces or version is None)):
            unchanged.append(store.name)
            continue
        if store_id in asking:
            asked.append(store.name)
        groups[number, has_own].append(store.name)
        if run is not None:
            contents[number] = run.version.content
    return Preview(
        item=item,
        version=version,
        store_ids=tuple(store_ids),
        groups=tuple(
            Group(number, has_own, tuple(sorted(names)), _sections(item, contents[number], version))
            for (number, has_own), names in sorted(groups.items(), key=lambda pair: -len(pair[1]))
        ),
        unchanged=tuple(unchanged),
        asked=tuple(asked),
        refused=tuple(refused),
        seen={store_id: rows[store_id].version_id if store_id in rows else 0 for store_id in store_ids},
    )


def version_to_publish(item: Item, number: str) -> Version | None:
    """The version of that number; `none`: to be withdrawn. Raises Invalid (`version`)."""
    if number == "none":
        return None
    found = None
    if number.isascii() and number.isdecimal() and len(number) < 10:
        found = Version.objects.filter(item=item, number=int(number)).first()
    if found is None:
        raise Invalid(field="version")
    return found


def publication_of(store: Store, item: Item) -> Publication:
    """What the store runs of it, with both versions. Raises Conflict where it runs nothing."""
    rows = Publication.objects.select_related("version", "override_of", "override_by", "published_by")
    found = rows.filter(store=store, item=item).first()
    if found is None:
        raise Conflict
    return found


def seller_signs(store: Store) -> bool:
    return StoreLibrary.objects.filter(store=store, seller_signs=True).exists()


def _belongs(item: Item, store: Store, version: Version | None) -> bool:
    if version is None:
        return True
    if item.layer == Layer.PLATFORM:
        return store.marketplace == item.marketplace
    return item.layer != Layer.STORE or store.pk == item.store_id


def _asking(item: Item, version: Version | None, store_ids: Sequence[int]) -> set[int]:
    if item.kind != Kind.SOP or version is None:
        return set()
    asking = StoreLibrary.objects.filter(store__in=store_ids, seller_signs=True).values_list("store_id", flat=True)
    words = SignOff.objects.filter(version=version, store__in=store_ids).order_by("pk")
    latest = dict(words.values_list("store_id", "accepted"))
    return {store_id for store_id in asking if not latest.get(store_id)}


def _sections(item: Item, before: Mapping[str, Any] | None, version: Version | None) -> tuple[Section, ...]:
    if before is None or version is None:
        return ()
    return difference(item.kind, before, version.content)
