"""Triage in the agency's admin: what was learned, how well it judges, on or off, learn now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Action
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.errors import Invalid
from tickets.triage.actions.set_learner import ask_to_learn, set_threshold, subject_of, switch_learner
from tickets.triage.queries.versions import learnings_of


class TriagePage(AdminPage):
    route = "triage/"
    name = "triage"
    title = gettext_lazy("Triage")
    template = "tickets/admin/triage.html"
    action = Action.WRITE_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"learnings": learnings_of(self.author(self.action).agency_id)}

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(self.action)
        subject = subject_of(request.POST.get("subject", ""))
        match request.POST.get("do"):
            case "learn":
                ask_to_learn(author.agency_id, subject, now=author.now)
                messages.success(request, _("It begins to learn within seconds. Load this page again in a minute."))
            case "on" | "off" as wanted:
                switch_learner(author.agency_id, subject, is_on=wanted == "on")
                messages.success(request, _("It is on.") if wanted == "on" else _("It is off: the rules alone judge."))
            case "threshold":
                set_threshold(author.agency_id, subject, _percent(request.POST.get("threshold", "")))
                messages.success(request, _("Noted, for versions from now on."))
            case _unknown:
                raise Invalid(field="do")
        return redirect("admin:triage")


def _percent(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        raise Invalid(_("This is not a number."), field="threshold")
    return int(text)


TriagePage.register()
add_nav(
    NavEntry(Section.LISTEN, TriagePage.title, "admin:triage", Action.WRITE_LIBRARY, icon="category_search", order=30)
)
