"""What somebody is about to publish, read off a form: items with versions and stores, when, and how."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from knowledge.models import Item, Version
from knowledge.queries.gate import item_for
from knowledge.queries.publishing import version_to_publish
from knowledge.when import read_when
from tenants.access import Caller
from tenants.errors import Invalid

MOST_ITEMS = 20
DIGITS = 18  # of an id


@dataclass(frozen=True)
class Wish:
    """One item to its stores. `seen`: what they ran when it was looked at, {store: version, or None}; or not looked."""

    item: Item
    version: Version | None
    store_ids: tuple[int, ...]
    seen: Mapping[int, int | None] | None = None


@dataclass(frozen=True)
class Plan:
    wishes: tuple[Wish, ...]
    due_at: datetime | None
    time_zone: str
    note: str
    replaces: bool


def items_in(caller: Caller, form: QueryDict) -> list[Item]:
    """The items that a form names. Raises NotFound, Invalid (`item`)."""
    pks = list(dict.fromkeys(ids_in(" ".join(form.getlist("item")))))
    if len(pks) > MOST_ITEMS:
        raise Invalid(_("Publish %(most)d items at most at once.") % {"most": MOST_ITEMS}, field="item")
    return [item_for(caller, pk) for pk in pks]


def read_plan(caller: Caller, form: QueryDict) -> Plan:
    """Raises NotFound, Invalid with the field."""
    items = items_in(caller, form)
    if not items:
        raise Invalid(_("Choose what is to be published."), field="item")
    shared = ids_in(" ".join([*form.getlist("store"), form.get("stores", "")]))
    wishes = []
    for item in items:
        own = form.get(f"stores_{item.pk}")
        store_ids = tuple(dict.fromkeys(shared if own is None else ids_in(own)))
        if not store_ids:
            raise Invalid(_("Choose one store at least."), field="stores")
        version = version_to_publish(item, form.get(f"version_{item.pk}", ""))
        wishes.append(Wish(item, version, store_ids, _seen(form.get(f"seen_{item.pk}", ""))))
    later = form.get("when") == "later"
    zone = form.get("time_zone", "")
    return Plan(
        wishes=tuple(wishes),
        due_at=read_when(form.get("at", ""), zone) if later else None,
        time_zone=zone if later else "",
        note=form.get("note", "").strip(),
        replaces=form.get("replace") == "yes",
    )


def ids_in(text: str) -> list[int]:
    """Numbers with spaces or commas between them; what is none is not taken."""
    parts = text.replace(",", " ").split()
    return [int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) <= DIGITS]


def _seen(text: str) -> dict[int, int | None] | None:
    if not text:
        return None
    try:
        read = json.loads(text)
        return {int(store): int(version) or None for store, version in read.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Invalid(field="seen") from None
