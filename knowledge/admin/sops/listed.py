"""The list of SOPs: what there is, how far each is, which stores run it; and the starter set where there is none."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knowledge.actions.add_starters import add_starters
from knowledge.categories import Category
from knowledge.models import Kind
from knowledge.queries.sops import SopFilters, sop_list
from tenants.access import Action
from tenants.admin_site.pages import AdminPage


class SopListPage(AdminPage):
    route = "sops/"
    name = "sops"
    title = gettext_lazy("SOPs")
    template = "knowledge/admin/sops/list.html"
    partial = "knowledge/admin/sops/_lines.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        asked = self.request.GET
        filters = SopFilters(
            words=asked.get("q", "")[:100],
            category=asked.get("category", ""),
            folder=asked.get("folder", ""),
            state=asked.get("state", ""),
            archived=asked.get("archived", "") == "1",
        )
        return {
            "found": sop_list(author.caller, filters),
            "filters": filters,
            "categories": Category.choices,
            "states": [
                ("draft", _("no version yet")),
                ("waiting", _("waits for a lead")),
                ("accepted", _("accepted")),
                ("refused", _("sent back")),
                ("changed", _("has a draft")),
            ],
            "may_write": author.member.may(Action.WRITE_LIBRARY),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        """Adds the starter set."""
        author = self.author(Action.WRITE_LIBRARY)
        made = add_starters(author.agency_id, Kind.SOP, author=author.person, now=author.now)
        told = ngettext("%(total)d SOP was added.", "%(total)d SOPs were added.", len(made)) % {"total": len(made)}
        messages.success(request, told)
        return redirect("admin:sops")
