"""One policy or goal: what holds, what held, what will; and the form of its next version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.history import history_of
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid, NotFound
from tickets.policies.actions.set_rule import GOAL, POLICY, first_day, new_goal_key, set_rule, withdraw_rule
from tickets.policies.admin.forms import GoalForm, PolicyForm, VersionForm
from tickets.policies.history import changes_of_rule
from tickets.policies.listing import RuleLine, rule_line, rule_version
from tickets.policies.terms import SHIPPED_GOALS, SHIPPED_POLICIES, terms_of_goal

FIELDS = {"limit_s": "minutes"}  # what a verb calls a field, and what the form does


class RulePage(AdminPage):
    route = "policies/rule/<str:kind>/<slug:key>/"
    name = "policy_rule"
    title = gettext_lazy("Policy")
    template = "tickets/policies/rule.html"
    action = Action.SET_POLICIES

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        line = rule_line(author.agency_id, kwargs["kind"], kwargs["key"], author.now)
        return _context(author, line, _form(author, line, None))

    def post(self, request: HttpRequest, kind: str, key: str) -> HttpResponse:
        author = self.author(self.action)
        line = rule_line(author.agency_id, kind, key, author.now)
        by: dict[str, Any] = {"by": author.person, "now": author.now}
        if request.POST.get("do") == "withdraw":
            row = rule_version(author.agency_id, kind, key, request.POST.get("version", ""))
            withdraw_rule(row, **by)
            messages.success(request, _("It will not come."))
            left = len(line.versions) > 1
            return redirect("admin:policy_rule", kind, key) if left else redirect("admin:policies")
        form = _form(author, line, request.POST)
        if save(form, author, kind, key):
            messages.success(request, _("Saved. It holds from its day on; what was measured before stays."))
            return redirect("admin:policy_rule", kind, key)
        return self.draw(_context(author, line, form), status=400)


class NewGoalPage(AdminPage):
    route = "policies/new-goal/"
    name = "policy_goal_new"
    title = gettext_lazy("A new goal")
    template = "tickets/policies/new_goal.html"
    action = Action.SET_POLICIES

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return _about(self._form(self.author(self.action), None))

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(self.action)
        form, key = self._form(author, request.POST), new_goal_key()
        if save(form, author, GOAL, key):
            messages.success(request, _("Saved. It holds from its day on; what was measured before stays."))
            return redirect("admin:policy_rule", GOAL, key)
        return self.draw(_about(form), status=400)

    def _form(self, author: Author, data: Any) -> GoalForm:
        terms = {**terms_of_goal(SHIPPED_GOALS["first_reply"]), "name": "", "channels": [], "clock": ""}
        return GoalForm(data, of=terms, today=first_day(author.agency_id, GOAL, "", author.now))


def save(form: VersionForm, author: Author, kind: str, key: str) -> bool:
    """False: the form says what is wrong."""
    if not form.is_valid():
        return False
    try:
        set_rule(author.agency_id, kind, key, form.wanted(), by=author.person, now=author.now)
    except NotFound:
        raise
    except Invalid as refused:
        refuse(form, refused)
        return False
    return True


def refuse(form: Any, refused: DomainError) -> None:
    field = FIELDS.get(refused.field or "", refused.field)
    form.add_error(field if field in form.fields else None, str(refused))


def _form(author: Author, line: RuleLine, data: Any) -> VersionForm:
    today = first_day(author.agency_id, line.kind, line.key, author.now)
    if line.kind == POLICY:
        return PolicyForm(data, of=line.terms, today=today, policy=SHIPPED_POLICIES[line.key])
    form = GoalForm(data, of=line.terms, today=today)
    if not line.is_own:  # what is shipped keeps its name, in both languages
        form.fields["name"].required = False
        form.fields["name"].disabled = True
    return form


def _about(form: VersionForm) -> dict[str, Any]:
    return {"form": form, "crumbs": [{"title": _("Policies and goals"), "link": reverse("admin:policies")}]}


def _context(author: Author, line: RuleLine, form: VersionForm) -> dict[str, Any]:
    lines = changes_of_rule(author.agency_id, line.kind, line.key)
    return {**_about(form), "title": line.name, "line": line, "history": history_of(lines)}


RulePage.register()
NewGoalPage.register()
