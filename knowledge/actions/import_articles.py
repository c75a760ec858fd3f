"""plan_import, import_articles: what a file would make of the library, and that it does so. All of it, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any, Final, Literal

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.add_picture import add_picture, check_picture
from knowledge.actions.index_items import index_items
from knowledge.actions.write_item import Place, check_place, place_seen, set_draft, settle
from knowledge.categories import Category
from knowledge.content import read, write
from knowledge.imports.entry import Entry
from knowledge.models import Audience, Item, Kind, Layer, Topic
from knowledge.queries.gate import writable_items_for
from knowledge.queries.pictures import kept_picture
from tenants.access import Caller, stores_for
from tenants.actions.log_change import Changed, log_changes
from tenants.errors import Conflict, DomainError, Invalid
from tenants.models import Store, User
from tenants.queries.people import members_of

MOST_PICTURES: Final = 300
Outcome = Literal["new", "changed", "same", "refused"]
_CHOICES: Final[Mapping[str, Sequence[tuple[str, Any]]]] = {
    "topic": Topic.choices,
    "audience": Audience.choices,
    "layer": [choice for choice in Layer.choices if choice[0] in ("agency", "platform", "store")],
    "marketplace": Store.Marketplace.choices,
    "categories": Category.choices,
}


@cache
def _called(field: str) -> Mapping[str, str]:
    """What a choice may be called in a file, in small letters → its value: the value, or its name in any language."""
    known: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            known |= {str(label).casefold(): value for value, label in _CHOICES[field]}
    return known | {value: value for value, _label in _CHOICES[field]}


class PlanMovedOn(Conflict):
    code = "plan_moved_on"
    message = gettext_lazy("The library has changed since this was shown. Look at it again.")


@dataclass(frozen=True)
class Planned:
    """What becomes of one entry. `field` names what is wrong with a refused one; `fields` what changes."""

    where: str
    outcome: Outcome
    title: str
    item_id: int | None = None
    fields: tuple[str, ...] = ()
    field: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    revision: int = 0


@dataclass(frozen=True)
class Plan:
    """The lines in the file's order. `digest` differs where another plan would be carried out."""

    lines: tuple[Planned, ...]

    @property
    def digest(self) -> str:
        told = "\n".join(f"{line.where}|{line.outcome}|{line.item_id}|{line.revision}" for line in self.lines)
        return hashlib.sha256(told.encode()).hexdigest()

    def count(self, outcome: Outcome) -> int:
        return sum(line.outcome == outcome for line in self.lines)


@dataclass
class _Work:
    """An entry with the item that it will be, checked."""

    line: Planned
    item: Item
    content: dict[str, Any]
    place: Place
    entry: Entry


def plan_import(caller: Caller, agency_id: int, entries: Sequence[Entry]) -> Plan:
    """What would be done, a line an entry, without doing it. Five queries."""
    return Plan(tuple(line for line, _work in _planned(caller, agency_id, entries, lock=False)))


@transaction.atomic
def import_articles(
    caller: Caller, agency_id: int, entries: Sequence[Entry], *, digest: str, author: User, now: datetime
) -> Plan:
    """Carries the plan out: drafts, which nobody reads before somebody makes versions of them.

    Raises PlanMovedOn where it is not the one with that digest any more, Invalid for a picture that is none; then
    nothing was done. A score of queries, and some for each picture.
    """
    planned = _planned(caller, agency_id, entries, lock=True)
    plan = Plan(tuple(line for line, _work in planned))
    if plan.digest != digest:
        raise PlanMovedOn
    works = [work for line, work in planned if work is not None and line.outcome in ("new", "changed")]
    _add_pictures(works, agency_id, author, now)
    made = _write(works, agency_id, author, now)
    return Plan(tuple(replace(line, item_id=made.get(line.where, line.item_id)) for line in plan.lines))


# ---------------------------------------------------------------- deciding


def _planned(
    caller: Caller, agency_id: int, entries: Sequence[Entry], *, lock: bool
) -> list[tuple[Planned, _Work | None]]:
    known = _Known(caller, agency_id, entries, lock=lock)
    planned: list[tuple[Planned, _Work | None]] = []
    if sum(len(entry.pictures) for entry in entries) > MOST_PICTURES:
        raise Invalid(_("It has more than %(most)d pictures.") % {"most": MOST_PICTURES}, field="file")
    for entry in entries:
        title = entry.values.get("title_zh") or entry.values.get("title_en") or ""
        try:
            work = _work(entry, agency_id, known)
        except DomainError as refused:
            told = Planned(
                entry.where, "refused", title, field=str(refused.field or ""), problem=str(refused), notes=entry.notes
            )
            planned.append((told, None))
        else:
            planned.append((work.line, work))
    return planned


class _Known:
    """What entries are looked up in, read once: articles by id and title, people, stores."""

    def __init__(self, caller: Caller, agency_id: int, entries: Sequence[Entry], *, lock: bool) -> None:
        items = writable_items_for(caller, kind=Kind.ARTICLE).select_related("latest").filter(_named_in(entries))
        if lock:
            items = items.order_by("pk").select_for_update(no_key=True, of=("self",))
        self.by_id: dict[int, Item] = {}
        self.by_title: dict[str, list[Item]] = {}
        for item in items.filter(archived_at__isnull=True):
            self.by_id[item.pk] = item
            for title in {item.title_zh, item.title_en} - {""}:
                self.by_title.setdefault(title, []).append(item)
        self.people: dict[str, int] = {}
        for person in members_of(agency_id):
            self.people[person.email.casefold()] = self.people[str(person).casefold()] = person.pk
        self.stores: dict[str, int] = {}
        for store in stores_for(caller):
            self.stores[store.slug] = self.stores[store.name] = store.pk
        self.taken: dict[object, str] = {}

    def item_of(self, entry: Entry) -> Item | None:
        """By its number, else by its title. Raises Invalid."""
        number = entry.values.get("id", "").strip().lstrip("#")
        if number:
            found = self.by_id.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
            if found is None:
                raise Invalid(_("There is no article of this number that you may change."), field="id")
            return found
        titles = [entry.values.get(f"title_{language}", "") for language in ("zh", "en")]
        named = {item.pk: item for title in titles if title for item in self.by_title.get(title, [])}
        if len(named) > 1:
            raise Invalid(_("Several articles have this title. Name its number in “id”."), field="title_zh")
        return next(iter(named.values()), None)

    def take(self, key: object, where: str) -> None:
        """Raises Invalid where the file has the same article twice."""
        if key in self.taken:
            raise Invalid(_("This article is in the file already: %(where)s.") % {"where": self.taken[key]}, field="id")
        self.taken[key] = where


def _named_in(entries: Sequence[Entry]) -> Q:
    numbers = [entry.values.get("id", "").strip().lstrip("#") for entry in entries]
    ids = [int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 19]
    titles = {entry.values.get(f"title_{language}", "") for entry in entries for language in ("zh", "en")} - {""}
    return Q(pk__in=ids) | Q(title_zh__in=titles) | Q(title_en__in=titles)


def _work(entry: Entry, agency_id: int, known: _Known) -> _Work:
    item = known.item_of(entry)
    titles = tuple(entry.values.get(f"title_{language}", "") for language in ("zh", "en"))
    known.take(item.pk if item else titles, entry.where)
    for name, picture in entry.pictures.items():
        check_picture(f"{picture.name or name}", picture.content)
    there = (item.draft or (item.latest.content if item.latest else None)) if item else None
    content = write(read(Kind.ARTICLE, _content(there or {}, entry.values)))
    place = check_place(_place(item, entry.values, known))
    title = content["title"]["zh"] or content["title"]["en"]
    if item is None:
        item = Item(agency_id=agency_id, kind=Kind.ARTICLE)
        return _Work(Planned(entry.where, "new", title, notes=entry.notes), item, content, place, entry)
    fields = _differing(item, there, content, place)
    line = Planned(
        entry.where,
        "changed" if fields else "same",
        title,
        item_id=item.pk,
        fields=fields,
        notes=entry.notes,
        revision=item.revision,
    )
    return _Work(line, item, content, place, entry)


def _content(there: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    return {
        part: {
            language: values.get(f"{part}_{language}", (there.get(part) or {}).get(language, ""))
            for language in ("zh", "en")
        }
        for part in ("title", "body")
    }


def _place(item: Item | None, values: Mapping[str, str], known: _Known) -> Place:
    """Where it is, with what the entry names. Raises Invalid."""
    here: dict[str, Any] = {}
    if item is not None:
        here = {name: getattr(item, name) for name in Place.__dataclass_fields__}
        here["categories"] = tuple(here["categories"])
    readers: dict[str, tuple[str, Callable[[str], Any]]] = {
        **{name: (name, lambda text, name=name: _choice(name, text)) for name in ("topic", "marketplace")},  # type: ignore[misc]
        "audience": ("audience", lambda text: _choice("audience", text) or Audience.STAFF),
        "layer": ("layer", lambda text: _choice("layer", text) or Layer.AGENCY),
        "folder": ("folder", str),
        "categories": ("categories", _categories),
        "keeper": ("keeper_id", lambda text: _looked_up(known.people, text.casefold(), "keeper")),
        "store": ("store_id", lambda text: _looked_up(known.stores, text, "store")),
        "review_on": ("review_on", _day),
    }
    for name, (attribute, reader) in readers.items():
        if name in values:
            here[attribute] = reader(values[name].strip())
    return Place(**here)


def _choice(name: str, text: str) -> str:
    if not text:
        return ""
    known = _called(name)
    if text.casefold() not in known:
        told = ", ".join(value for value, _label in _CHOICES[name])
        raise Invalid(_("“%(text)s” is none of: %(known)s.") % {"text": text[:60], "known": told}, field=name)
    return known[text.casefold()]


def _categories(text: str) -> tuple[str, ...]:
    known = _called("categories")
    found = []
    for part in text.replace("，", ",").replace("、", ",").replace(";", ",").replace("；", ",").split(","):
        name = part.strip().casefold()
        if name and name not in known:
            told = {"text": part.strip()[:60], "known": ", ".join(Category.values)}
            raise Invalid(_("“%(text)s” is none of: %(known)s.") % told, field="categories")
        found += [known[name]] if name else []
    return tuple(dict.fromkeys(found))


def _looked_up(known: Mapping[str, int], text: str, field: str) -> int | None:
    if not text:
        return None
    if text not in known:
        told = _("There is nobody of this name.") if field == "keeper" else _("There is no store of this name.")
        raise Invalid(told, field=field)
    return known[text]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text.replace("/", "-").replace(".", "-")[:10])
    except ValueError:
        raise Invalid(_("This is no day. Write it as 2027-03-31."), field="review_on") from None


def _differing(
    item: Item, there: Mapping[str, Any] | None, content: Mapping[str, Any], place: Place
) -> tuple[str, ...]:
    old = there or {}
    said = [
        f"{part}_{language}"
        for part in ("title", "body")
        for language in ("zh", "en")
        if (old.get(part) or {}).get(language, "") != content[part][language]
    ]
    for name in Place.__dataclass_fields__:
        was, is_ = getattr(item, name), getattr(place, name)
        if (tuple(was) if name == "categories" else was) != is_:
            said.append(name.removesuffix("_id"))
    return tuple(said)


# ---------------------------------------------------------------- doing


def _add_pictures(works: Sequence[_Work], agency_id: int, author: User, now: datetime) -> None:
    """Draws what came with the texts, and writes its ids where its names stood."""
    for work in works:
        for token, picture in work.entry.pictures.items():
            if token.startswith("picture:") and kept_picture(agency_id, token):
                continue
            added = add_picture(agency_id, name=picture.name, content=picture.content, author=author, now=now)
            for language, body in work.content["body"].items():
                work.content["body"][language] = body.replace(f"]({token}", f"](picture:{added.pk}")


def _write(works: Sequence[_Work], agency_id: int, author: User, now: datetime) -> dict[str, int]:
    """where → the item's number."""
    changes = []
    for work in works:
        item, is_new = work.item, work.line.outcome == "new"
        before = {} if is_new else {**place_seen(item), "content": item.rough or item.draft}
        settle(item, work.place)
        if is_new:
            item.created_at = now
        if is_new or any(name.startswith(("title", "body")) for name in work.line.fields):
            set_draft(item, work.content, author, now)
        else:
            item.revision, item.changed_at = item.revision + 1, now
        after = {**place_seen(item), "content": item.draft}
        changes.append((item, before, after))
    new = [work.item for work in works if work.line.outcome == "new"]
    Item.objects.bulk_create(new, batch_size=500)
    old = [work.item for work in works if work.line.outcome == "changed"]
    names = [field.attname for field in Item._meta.concrete_fields if field.attname not in ("id", "agency_id", "kind")]
    Item.objects.bulk_update(old, [name.removesuffix("_id") for name in names], batch_size=200)
    log_changes(
        [Changed(item, before, after, kind="imported", store_id=item.store_id) for item, before, after in changes],
        agency_id=agency_id,
        by=author,
        now=now,
    )
    index_items([work.item for work in works])
    return {work.line.where: work.item.pk for work in works}
