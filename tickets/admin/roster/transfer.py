"""Shifts out to a spreadsheet or a calendar and in from one. What a file would do is shown before it does it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid
from tenants.tables.writing import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of
from tickets.admin.roster.asked import Asked, asked_week
from tickets.clocks.shifts import instant
from tickets.roster.actions.import_shifts import Plan, import_shifts, plan_import
from tickets.roster.actions.shifts import MOST_WEEKS
from tickets.roster.files import COLUMNS, ICAL_TYPE, MOST_BYTES, Line, Told, calendar_of, lines_in, table_of
from tickets.roster.queries.named import planned_lines, told_shifts

SHOWN = 200  # shifts of the preview


class RosterImportPage(AdminPage):
    route = "roster/import/"
    name = "roster_import"
    title = gettext_lazy("Import shifts")
    template = "tickets/roster/import.html"
    partial = "tickets/roster/_planned.html"
    action = Action.ROSTER

    def context(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [{"title": _("Roster"), "link": reverse("admin:roster")}]
        return {"columns": COLUMNS, "crumbs": crumbs, "most_mb": MOST_BYTES >> 20}

    def post(self, request: HttpRequest) -> HttpResponse:
        """`sure`: do it; otherwise say what it would do."""
        author = self.author(self.action)
        replace = request.POST.get("replace") == "1"
        context = {**self.context(), "replace": replace}
        try:
            lines = self._lines()
            if request.POST.get("sure") == "1":
                edit = import_shifts(author.agency_id, lines, replace=replace, by=author.person, now=author.now)
                return self._told(author, len(edit.added) if edit else 0, len(edit.removed) if edit else 0, lines)
            plan = plan_import(author.agency_id, lines, replace=replace, now=author.now)
        except DomainError as refused:
            return self.draw({**context, "refusal": refused}, status=refused.status)
        return self.draw({**context, **_counted(author, plan)})

    def _lines(self) -> list[Line]:
        file = self.request.FILES.get("file")
        if file is None:
            raise Invalid(_("Choose a file."), field="file")
        if (file.size or 0) > MOST_BYTES:
            raise Invalid(_("A file of at most %(most)d MB can be read.") % {"most": MOST_BYTES >> 20}, field="file")
        return lines_in(file.read())

    def _told(self, author: Author, added: int, removed: int, lines: list[Line]) -> HttpResponse:
        told = ngettext("%(total)d shift was imported.", "%(total)d shifts were imported.", added) % {"total": added}
        if removed:
            gone = ngettext("%(total)d went away.", "%(total)d went away.", removed) % {"total": removed}
            told = f"{told} {gone}"
        messages.success(self.request, told)
        first = min(getattr(line.when, "day", None) or line.when.begins.date() for line in lines)  # type: ignore[union-attr]
        url = f"{reverse('admin:roster')}?{asked_week(author.agency_id, {'week': first.isoformat()}, author.now).here}"
        if self.request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return redirect(url)


def _counted(author: Author, plan: Plan) -> dict[str, Any]:
    return {
        "planned": planned_lines(author.agency_id, plan.new[:SHOWN], plan.gone[:SHOWN]),
        "more": max(0, len(plan.new) - SHOWN) + max(0, len(plan.gone) - SHOWN),
        "new": len(plan.new),
        "gone": len(plan.gone),
        "same": plan.same,
        "has_plan": True,
    }


class RosterExportPage(AdminPage):
    """The week that is shown and, with `weeks`, those after it; what is imported again changes what was changed."""

    route = "roster/export/"
    name = "roster_export"
    title = gettext_lazy("Export shifts")
    action = Action.ROSTER

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        author = self.author(self.action)
        asked = asked_week(author.agency_id, request.GET.dict(), author.now)
        typed = request.GET.get("weeks", "1")
        weeks = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 3 else 1
        shifts = _shifts(author, asked, max(1, min(weeks, MOST_WEEKS)), store=asked.store.pk if asked.store else None)
        return _file(request, shifts, request.GET.get("format", "xlsx"), author.now)


class MyShiftsFile(AdminPage):
    """One's own of the next four weeks, for one's own calendar."""

    route = "roster/mine/file/"
    name = "roster_mine_file"
    title = gettext_lazy("My shifts")
    action = Action.ENTER_ADMIN

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        author = self.author(self.action)
        asked = asked_week(author.agency_id, {}, author.now)
        return _file(request, _shifts(author, asked, 4, person=author.person.pk), "ics", author.now)


def _shifts(author: Author, asked: Asked, weeks: int, **of: int | None) -> list[Told]:
    begins = instant(asked.monday, 0, asked.zone)
    ends = instant(asked.monday + timedelta(weeks=weeks), 0, asked.zone)
    return told_shifts(author.agency_id, begins, ends, list(asked.stores), **of)


def _file(request: HttpRequest, shifts: list[Told], kind: str, now: datetime) -> HttpResponse:
    if kind == "ics":
        ending, mime, content = "ics", ICAL_TYPE, calendar_of(shifts, host=request.get_host().split(":")[0], now=now)
    elif kind == "csv":
        ending, mime, content = "csv", CSV_TYPE, csv_of(*table_of(shifts))
    else:
        ending, mime, content = "xlsx", XLSX_TYPE, xlsx_of(*table_of(shifts), title="Roster")
    response = HttpResponse(content, content_type=mime)
    response["Content-Disposition"] = f'attachment; filename="roster.{ending}"'
    return response


for page in (RosterImportPage, RosterExportPage, MyShiftsFile):
    page.register()
