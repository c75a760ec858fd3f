"""Warnings and time rules: the list, and one rule with what it would do this moment."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Action, stores_for
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.admin_site.site import site
from tenants.errors import DomainError, NotFound
from tickets.clocks.timers import ESCALATE_AFTER, NOTICE_AT, NOTICE_FROM, WARN_AT
from tickets.timers.actions.set_rules import remove_rule, save_rule, set_plan
from tickets.timers.admin.forms import PlanForm, RuleForm, initial_of, initial_of_plan
from tickets.timers.models import Rule
from tickets.timers.queries.plans import people_for_rules, plan_row, rule_of_agency, rules_as_lines, would_be
from tickets.timers.queries.preview import preview

DEFAULTS: Final = (
    ("warn_at", ", ".join(map(str, WARN_AT))),
    ("notice_at", NOTICE_AT),
    ("notice_from_min", int(NOTICE_FROM.total_seconds() // 60)),
    ("escalate_after_min", int(ESCALATE_AFTER.total_seconds() // 60)),
)


class RulesPage(AdminPage):
    route = "time-rules/"
    name = "time_rules"
    title = gettext_lazy("Warnings and time rules")
    template = "tickets/admin/time_rules.html"
    action = Action.SET_RULES

    def context(self, **kwargs: Any) -> dict[str, Any]:
        agency = self.author(self.action).agency_id
        form = kwargs.get("form") or PlanForm(initial=initial_of_plan(plan_row(agency), DEFAULTS))
        return {"form": form, "rules": rules_as_lines(agency)}

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(self.action)
        form = PlanForm(request.POST)
        if form.is_valid():
            try:
                set_plan(author.agency_id, **form.cleaned_data, by=author.person, now=author.now)
                messages.success(request, _("Saved. It holds for every open ticket from now on."))
                return redirect("admin:time_rules")
            except DomainError as refusal:
                form.add_error(refusal.field, str(refusal))
        return self.draw(self.context(form=form), status=400)


class RulePage(AdminPage):
    route = "time-rules/<int:pk>/"
    name = "time_rule"
    title = gettext_lazy("Time rule")
    template = "tickets/admin/time_rule.html"
    action = Action.SET_RULES

    @classmethod
    def register_new(cls) -> None:
        site.add_page("time-rules/new/", cls.as_view(), "time_rule_new")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        seen = self.seen(Rule, kwargs.get("pk"), kwargs.get("refusal"))
        rule = self.rule(kwargs.get("pk"))
        form = kwargs.get("form") or RuleForm(
            initial=initial_of(rule) if rule else None, people=people_for_rules(self.author(self.action).agency_id)
        )
        return {"form": form, "rule": rule, "preview": kwargs.get("preview"), "seen": seen}

    def rule(self, pk: int | None) -> Rule | None:
        if pk is None:
            return None
        found = rule_of_agency(self.author(self.action).agency_id, pk)
        if found is None:
            raise NotFound
        return found

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        author, rule = self.author(self.action), self.rule(pk)
        if rule is not None and request.POST.get("do") == "remove":
            remove_rule(rule, by=author.person, now=author.now)
            messages.success(request, _("The rule is gone. What it did stays."))
            return redirect("admin:time_rules")
        form = RuleForm(request.POST, people=people_for_rules(author.agency_id))
        if not form.is_valid():
            return self.draw(self.context(pk=pk, form=form), status=400)
        if request.POST.get("do") == "preview":
            stores = stores_for(author.caller, Action.VIEW)
            would = preview(stores, would_be(rule, form.values()), now=author.now)
            return self.draw(self.context(pk=pk, form=form, preview=would))
        try:
            by: dict[str, Any] = {
                "by": author.person,
                "now": author.now,
                "seen": self.seen_by_sender(form, wait_s="wait"),
            }
            saved = save_rule(author.agency_id, rule, form.values(), **by)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self.draw(self.context(pk=pk, form=form, refusal=refusal), status=400)
        messages.success(request, _("“%(rule)s” is saved.") % {"rule": saved.name})
        return redirect("admin:time_rules")


add_nav(
    NavEntry(
        Section.PEOPLE, gettext_lazy("Warnings and time rules"), "admin:time_rules", Action.SET_RULES, "timer", order=60
    )
)
