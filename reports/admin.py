"""Reports in the agency's admin: the fleet on its front page, the report, the tickets behind every number."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from reports.pages import download, fleet_panel, report_file, report_page, tickets_page
from reports.queries.reach import reach_of
from reports.queries.report import readable
from tenants.access import Action, Caller
from tenants.admin_site.entries import FrontPanel, NavEntry, Section, add_front_panel, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.clock import database_now


def fleet_of(caller: Caller, query: dict[str, str] | None = None) -> dict[str, Any]:
    """The front page's panel."""
    return {
        **fleet_panel(reach_of(caller), query or {}, database_now(), tickets_url=reverse("admin:report_tickets")),
        "fleet_url": reverse("admin:fleet"),
        "report_url": reverse("admin:report"),
    }


class ReportsPage(AdminPage):
    action: ClassVar[Action] = Action.VIEW_REPORTS

    @property
    def query(self) -> dict[str, str]:
        return self.request.GET.dict()


class FleetPage(ReportsPage):
    route = "fleet/"
    name = "fleet"
    title = _("Stores at a glance")
    template = "reports/admin/fleet.html"
    partial = "reports/_fleet.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"panel": fleet_of(self.request.caller, self.query)}


class ReportPage(ReportsPage):
    route = "report/"
    name = "report"
    title = _("Report")
    template = "reports/admin/report.html"
    partial = "reports/_report.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tickets_url = reverse("admin:report_tickets")
        return {
            **report_page(reach_of(self.request.caller), self.query, database_now(), tickets_url=tickets_url),
            "report_url": reverse("admin:report"),
            "file_url": reverse("admin:report_file"),
        }


class TicketsPage(ReportsPage):
    route = "report/tickets/"
    name = "report_tickets"
    title = _("Tickets behind a number")
    template = "reports/admin/tickets.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [{"title": ReportPage.title, "link": reverse("admin:report")}]
        return {**tickets_page(readable(self.request.caller), self.query, database_now()), "crumbs": crumbs}


class ReportFile(ReportsPage):
    route = "report/file/"
    name = "report_file"
    title = _("Report")
    template = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return download(report_file(reach_of(self.request.caller), self.query, database_now()))


for page in (FleetPage, ReportPage, TicketsPage, ReportFile):
    page.register()
add_nav(
    NavEntry(Section.TODAY, _("Stores at a glance"), "admin:fleet", Action.VIEW_REPORTS, icon="storefront", order=20),
    NavEntry(Section.NUMBERS, _("Report"), "admin:report", Action.VIEW_REPORTS, icon="bar_chart", order=10),
)
add_front_panel(FrontPanel("reports/_front.html", Action.VIEW_REPORTS, context=fleet_of, order=10))
