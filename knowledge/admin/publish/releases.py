"""Releases: what was published, what waits for its time, what became of it in each store; cancelled and undone here."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.cancel_release import cancel_release
from knowledge.actions.undo_release import undo_release
from knowledge.admin.publish.plan import ids_in
from knowledge.models import Delivered
from knowledge.queries.releases import PAGE, release_for, release_line, releases_of, results_of
from tenants.access import Action
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid, NotFound


class ReleasesPage(AdminPage):
    route = "publish/releases/"
    name = "releases"
    title = gettext_lazy("Releases")
    template = "knowledge/admin/publish/releases.html"
    action = Action.PUBLISH

    def context(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET
        item, before = (next(iter(ids_in(asked.get(name, ""))), None) for name in ("item", "before"))
        lines = releases_of(self.author(Action.PUBLISH).agency_id, item_id=item, before=before)
        return {"lines": lines, "item": item, "further": lines[-1].pk if len(lines) == PAGE else None}


class ReleasePage(AdminPage):
    route = "publish/releases/<int:pk>/"
    name = "release"
    title = gettext_lazy("Release")
    template = "knowledge/admin/publish/release.html"
    partial = "knowledge/admin/publish/_results.html"
    action = Action.PUBLISH

    def context(self, **kwargs: Any) -> dict[str, Any]:
        line = release_line(self.author(Action.PUBLISH).agency_id, kwargs["pk"])
        outcome = self.request.GET.get("outcome", "")
        outcome = outcome if outcome in Delivered.Outcome.values else ""
        return {
            "title": line.title,
            "crumbs": [{"title": _("Releases"), "link": reverse("admin:releases")}],
            "line": line,
            "outcome": outcome,
            "tabs": [(value, label, line.counts[value]) for value, label in Delivered.Outcome.choices],
            "results": results_of(line.pk, outcome=outcome),
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(Action.PUBLISH)
        release = release_for(author.agency_id, pk)
        try:
            match request.POST.get("do"):
                case "cancel":
                    cancel_release(release, author=author.person, now=author.now)
                    messages.success(request, _("It is called off."))
                case "undo":
                    lines = undo_release(release, author=author.person, now=author.now)
                    back = sum(line.outcome == Delivered.Outcome.UNDONE for line in lines)
                    messages.success(request, _("%(count)d stores went back to what they ran.") % {"count": back})
                case _:
                    raise Invalid(field="do")
        except NotFound:
            raise
        except DomainError as refused:
            messages.error(request, str(refused))
        return redirect("admin:release", pk)
