"""A store's own text of an item: written beside what the version says, compared with it, dropped again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.override import drop_override, override
from knowledge.diff import difference
from knowledge.models import Item, Publication
from knowledge.own_text import fields_of, with_texts
from knowledge.queries.gate import item_for
from knowledge.queries.publishing import publication_of
from tenants.access import Action, store_by_pk_for
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.errors import Conflict, DomainError, NotFound
from tenants.models import Store


class OverridePage(AdminPage):
    route = "publish/stores/<int:store>/items/<int:pk>/"
    name = "override"
    title = gettext_lazy("The store's own text")
    template = "knowledge/admin/publish/override.html"
    action = Action.PUBLISH

    def context(self, **kwargs: Any) -> dict[str, Any]:
        _author, store, item, run = self._there(kwargs["store"], kwargs["pk"])
        return _shown(store, item, run, run.override or run.version.content)

    def post(self, request: HttpRequest, store: int, pk: int) -> HttpResponse:
        author, at, item, run = self._there(store, pk)
        by: dict[str, Any] = {"author": author.person, "now": author.now, "seen": request.POST.get("seen")}
        said = {name: str(value) for name, value in request.POST.items()}
        typed = with_texts(run.override or run.version.content, said)
        try:
            if request.POST.get("do") == "drop":
                drop_override(at, item, **by)
                messages.success(request, _("The store runs the version again."))
            else:
                override(at, item, typed, **by)
                messages.success(request, _("Saved: the store runs its own text."))
        except NotFound:
            raise
        except DomainError as refused:
            now_runs = publication_of(at, item)
            return self.draw({**_shown(at, item, now_runs, typed), "refused": refused}, status=refused.status)
        return redirect("admin:override", store, pk)

    def _there(self, store: int, pk: int) -> tuple[Author, Store, Item, Publication]:
        author = self.author(Action.PUBLISH)
        at = store_by_pk_for(author.caller, store, Action.PUBLISH)
        item = item_for(author.caller, pk)
        try:
            return author, at, item, publication_of(at, item)
        except Conflict:
            raise NotFound(field="item") from None


def _shown(store: Store, item: Item, run: Publication, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": str(item),
        "crumbs": [
            {"title": _("Drift by store"), "link": reverse("admin:drift_stores")},
            {"title": store.name, "link": reverse("admin:store_library", args=[store.pk])},
        ],
        "store": store,
        "item": item,
        "run": run,
        "fields": fields_of(content),
        "said": {field.path: field for field in fields_of(run.version.content)},
        "sections": difference(item.kind, run.version.content, run.override) if run.override else (),
        "before_name": str(run.version),
        "after_name": _("Own text"),
        "is_stale": run.override is not None and run.override_of_id != run.version_id,
    }
