"""Drift: items against versions, stores against items; and what is behind is brought up to date from here."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.admin.publish.check import CheckPage
from knowledge.admin.publish.plan import items_in
from knowledge.models import Kind
from knowledge.queries.drift import ItemDrift, Running, drift_of_items, drift_of_stores, stores_of_item
from knowledge.queries.gate import item_for
from knowledge.queries.publishing import stores_behind
from tenants.access import Action
from tenants.admin_site.pages import AdminPage

SHOWN = ("behind", "lacking", "overrides", "stale")


class DriftPage(AdminPage):
    route = "publish/drift/"
    name = "drift"
    title = gettext_lazy("Drift")
    template = "knowledge/admin/publish/drift.html"
    partial = "knowledge/admin/publish/_drift_rows.html"
    action = Action.PUBLISH

    def context(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET
        kind, words, show = asked.get("kind", ""), asked.get("q", "")[:100], asked.get("show", "")
        lines = drift_of_items(
            self.author(Action.PUBLISH).agency_id, kind=kind if kind in Kind.values else "", words=words
        )
        return {
            "lines": [line for line in lines if _is_shown(line, show)],
            "total": len(lines),
            "kinds": Kind.choices,
            "kind": kind,
            "q": words,
            "show": show,
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        """Those that are behind, of the chosen items, to their latest versions: shown before it is done."""
        author = self.author(Action.PUBLISH)
        form = request.POST.copy()
        lacking = form.get("lacking") == "yes"
        form.setlist("item", [])
        for item in items_in(author.caller, request.POST):
            store_ids = stores_behind(item, lacking=lacking) if item.latest else []
            if item.latest and store_ids:
                form.appendlist("item", str(item.pk))
                form[f"version_{item.pk}"] = str(item.latest.number)
                form[f"stores_{item.pk}"] = ",".join(map(str, store_ids))
        if not form.getlist("item"):
            messages.info(request, _("Nothing of what you chose is behind."))
            return redirect("admin:drift")
        request.POST = form  # type: ignore[assignment]  # a copy that can be written
        page = CheckPage()
        page.setup(request)
        return page.post(request)


class StoresDriftPage(AdminPage):
    route = "publish/drift/stores/"
    name = "drift_stores"
    title = gettext_lazy("Drift by store")
    template = "knowledge/admin/publish/drift_stores.html"
    action = Action.PUBLISH

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "lines": drift_of_stores(self.author(Action.PUBLISH).agency_id),
            "crumbs": [{"title": _("Drift"), "link": reverse("admin:drift")}],
        }


class ItemDriftPage(AdminPage):
    route = "publish/drift/<int:pk>/"
    name = "drift_item"
    title = gettext_lazy("Drift")
    template = "knowledge/admin/publish/drift_item.html"
    action = Action.PUBLISH

    def context(self, **kwargs: Any) -> dict[str, Any]:
        item = item_for(self.author(Action.PUBLISH).caller, kwargs["pk"])
        show, version = self.request.GET.get("show", ""), self.request.GET.get("version", "")
        rows = stores_of_item(item)
        return {
            "title": str(item),
            "crumbs": [{"title": _("Drift"), "link": reverse("admin:drift")}],
            "item": item,
            "rows": [row for row in rows if _is_wanted(row, show, version)],
            "total": len(rows),
            "show": show,
            "version": version,
        }


def _is_shown(line: ItemDrift, show: str) -> bool:
    return show not in SHOWN or (bool(getattr(line, show)) and (show != "lacking" or line.runs_anywhere))


def _is_wanted(row: Running, show: str, version: str) -> bool:
    if version:
        return str(row.number) == version
    if show == "overrides":
        return row.has_own
    if show == "stale":
        return row.is_stale
    return show not in ("behind", "lacking", "current") or row.state == show
