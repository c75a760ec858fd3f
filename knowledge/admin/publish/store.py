"""What one store runs of the library, and what it asks: whether its seller signs SOPs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.set_seller_signs import set_seller_signs
from knowledge.queries.drift import items_of_store
from knowledge.queries.publishing import seller_signs
from tenants.access import Action, store_by_pk_for
from tenants.admin_site.pages import AdminPage


class StoreLibraryPage(AdminPage):
    route = "publish/stores/<int:pk>/"
    name = "store_library"
    title = gettext_lazy("The store's library")
    template = "knowledge/admin/publish/store.html"
    action = Action.PUBLISH

    def context(self, **kwargs: Any) -> dict[str, Any]:
        store = store_by_pk_for(self.author(Action.PUBLISH).caller, kwargs["pk"], Action.PUBLISH)
        return {
            "title": store.name,
            "crumbs": [
                {"title": _("Drift"), "link": reverse("admin:drift")},
                {"title": _("Drift by store"), "link": reverse("admin:drift_stores")},
            ],
            "store": store,
            "rows": items_of_store(store),
            "seller_signs": seller_signs(store),
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(Action.PUBLISH)
        store = store_by_pk_for(author.caller, pk, Action.PUBLISH)
        set_seller_signs(store, request.POST.get("seller_signs") == "yes", author=author.person, now=author.now)
        messages.success(request, _("Saved."))
        return redirect("admin:store_library", pk)
