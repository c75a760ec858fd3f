"""How far each store is from its marketplaces' lines; one store with the rounds behind it, and these as evidence."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy

from tenants.access import Action, store_by_pk_for, stores_for
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.clock import database_now
from tickets.score.pages import Line, evidence_file, page_number, score_page
from tickets.score.queries.scores import standings_of
from tickets.score.words import STANDINGS

LINES: Final = 100  # of the fleet's page


class ScoresPage(AdminPage):
    route = "scores/"
    name = "scores"
    title = gettext_lazy("Scores")
    template = "tickets/admin/scores.html"
    action: ClassVar[Action] = Action.VIEW_REPORTS

    def context(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET
        q, standing = asked.get("q", "").strip()[:100], asked.get("standing", "")
        stores = {store.pk: store for store in stores_for(self.request.caller, Action.VIEW_REPORTS)}
        found = [Line(stores[one.store_id], one) for one in standings_of(list(stores), now=database_now())]
        counts = {name: sum(line.of.standing == name for line in found) for name in STANDINGS}
        shown = [
            line
            for line in found
            if standing in ("", line.of.standing) and q.casefold() in f"{line.store.name} {line.store.slug}".casefold()
        ]
        page = page_number(asked.get("page", ""))
        return {
            "lines": shown[(page - 1) * LINES : page * LINES],
            "total": len(shown),
            "q": q,
            "standing": standing,
            "standings": [(name, label, counts[name]) for name, label in STANDINGS.items() if counts[name]],
            "page_number": page,
            "has_more": len(shown) > page * LINES,
        }


class ScorePage(AdminPage):
    route = "scores/<int:pk>/"
    name = "score"
    title = gettext_lazy("Score")
    template = "tickets/admin/score.html"
    action: ClassVar[Action] = Action.VIEW_REPORTS

    def context(self, **kwargs: Any) -> dict[str, Any]:
        now = database_now()
        store = store_by_pk_for(self.request.caller, kwargs["pk"], Action.VIEW_REPORTS)
        crumbs = [{"title": ScoresPage.title, "link": reverse("admin:scores")}]
        return {"title": store.name, "crumbs": crumbs, **score_page(store, self.request.GET.dict(), now)}


class EvidenceFile(AdminPage):
    """For an appeal: every round of the window with its times in the market's zone."""

    route = "scores/<int:pk>/evidence/"
    name = "score_evidence"
    title = gettext_lazy("Evidence")
    template = ""
    action: ClassVar[Action] = Action.VIEW_REPORTS

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        store = store_by_pk_for(self.request.caller, kwargs["pk"], Action.VIEW_REPORTS)
        return evidence_file(store, request.GET.get("policy", ""), database_now())


add_nav(
    NavEntry(Section.NUMBERS, gettext_lazy("Scores"), "admin:scores", Action.VIEW_REPORTS, icon="speed", order=5),
)
