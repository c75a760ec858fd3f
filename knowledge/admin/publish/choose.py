"""Publish, first half: what, and to which stores."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from knowledge.admin.publish.plan import ids_in, items_in
from knowledge.models import Item, Kind
from knowledge.queries.drift import drift_of_items
from knowledge.queries.publishing import choices_of, running
from knowledge.when import zones
from tenants.access import Action, stores_for
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.models import Store


class ChoosePage(AdminPage):
    route = "publish/new/"
    name = "publish"
    title = gettext_lazy("Publish")
    template = "knowledge/admin/publish/choose.html"
    partial = "knowledge/admin/publish/_items.html"
    action = Action.PUBLISH

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author, asked = self.author(Action.PUBLISH), self.request.GET
        items = items_in(author.caller, asked)
        if not items:
            kind, words = asked.get("kind", ""), asked.get("q", "")[:100]
            return {
                "lines": drift_of_items(author.agency_id, kind=kind if kind in Kind.values else "", words=words),
                "kinds": Kind.choices,
                "kind": kind,
                "q": words,
            }
        return stores_to_choose(author, items, set(ids_in(asked.get("stores", ""))), dict(asked.items()))


def stores_to_choose(author: Author, items: list[Item], chosen: set[int], typed: dict[str, Any]) -> dict[str, Any]:
    """The form of stores, versions and time, with what was typed. Four queries."""
    stores = stores_for(author.caller, Action.PUBLISH)
    run, choices = running(items, stores), choices_of(items)
    return {
        "items": [
            {"item": item, "choices": choices.get(item.pk, []), "chosen": typed.get(f"version_{item.pk}", "")}
            for item in items
        ],
        "rows": [_row(store, items, run.get(store.pk, {}), store.pk in chosen) for store in stores],
        "marketplaces": sorted({(store.marketplace, store.get_marketplace_display()) for store in stores}),
        "zones": zones([store.time_zone for store in stores]),
        "typed": typed,
        "numbers": sorted({number for held in run.values() for number, _own in held.values()}, reverse=True)
        if len(items) == 1
        else [],
    }


def _row(store: Store, items: list[Item], held: dict[int, tuple[int, bool]], is_chosen: bool) -> dict[str, Any]:
    """One store: of one item what it runs, of several how many of them are up to date."""
    latest = {item.pk: item.latest.number if item.latest else 0 for item in items}
    number, own = held.get(items[0].pk, (None, False))
    return {
        "store": store,
        "is_chosen": is_chosen,
        "number": number,
        "has_own": any(has_own for _number, has_own in held.values()) if len(items) > 1 else own,
        "current": sum(held_number == latest[pk] for pk, (held_number, _own) in held.items()),
        "behind": sum(held_number != latest[pk] for pk, (held_number, _own) in held.items()),
        "lacking": len(items) - len(held),
        "state": "" if len(items) > 1 else _state(number, latest[items[0].pk]),
    }


def _state(number: int | None, latest: int) -> str:
    return "lacking" if number is None else "current" if number == latest else "behind"
