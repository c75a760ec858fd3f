"""How tickets are given: the plan, the rules, and the dry run over a day that is over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.admin_site.site import site
from tenants.errors import DomainError, Invalid, NotFound
from tickets.roster.queries.week import StoreName, stores_of, usual_zone
from tickets.routing.actions.set_routing import check_rule, move_rule, remove_rule, save_rule, set_plan, switch_rule
from tickets.routing.admin.forms import NEW_RULE, PlanForm, RuleForm, initial_of
from tickets.routing.models import Plan, Rule
from tickets.routing.queries.dry_run import DryRun, dry_run
from tickets.routing.queries.lines import rule_lines
from tickets.routing.queries.people import agents_of, people_to_choose, stores_to_choose
from tickets.routing.queries.plans import Giving, giving, plan_row, rule_of_agency, rules_of_agency

OLDEST = timedelta(days=90)  # that the dry run looks back


class RoutingPage(AdminPage):
    route = "routing/"
    name = "routing"
    title = gettext_lazy("Giving tickets")
    template = "tickets/admin/routing.html"
    action = Action.SET_RULES

    def context(self, **kwargs: Any) -> dict[str, Any]:
        agency = self.author(self.action).agency_id
        seen = self.seen(Plan, plan_row(agency).pk, kwargs.get("refusal"))
        plan, rules = plan_row(agency), rules_of_agency(agency)
        stores = {store.pk: store.name for store in stores_of(agency)}
        lines = rule_lines(rules, plan, stores, agents_of(agency).names)
        form = kwargs.get("form") or PlanForm(initial=initial_of(plan))
        return {"form": form, "rules": lines, "seen": seen}

    def post(self, request: HttpRequest) -> HttpResponse:
        author, do = self.author(self.action), request.POST.get("do", "")
        if do in ("up", "down", "on", "off"):
            return self._rule(author, do)
        form = PlanForm(request.POST)
        if not form.is_valid():
            return self.draw(self.context(form=form), status=400)
        try:
            seen = self.seen_by_sender(form)
            set_plan(author.agency_id, form.cleaned_data, by=author.person, now=author.now, seen=seen)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self.draw(self.context(form=form, refusal=refusal), status=refusal.status)
        messages.success(request, _("Saved. It holds from the next second on."))
        return redirect("admin:routing")

    def _rule(self, author: Author, do: str) -> HttpResponse:
        rule = the_rule(author.agency_id, self.request.POST.get("rule", ""))
        try:
            if do in ("up", "down"):
                move_rule(rule, up=do == "up", by=author.person, now=author.now)
            else:
                switch_rule(rule, on=do == "on", by=author.person, now=author.now)
        except DomainError as refusal:
            messages.error(self.request, f"{rule.name}: {refusal}")
        return redirect("admin:routing")


class RulePage(AdminPage):
    route = "routing/rules/<int:pk>/"
    name = "routing_rule"
    title = gettext_lazy("Rule for giving tickets")
    template = "tickets/admin/routing_rule.html"
    action = Action.SET_RULES

    @classmethod
    def register_new(cls) -> None:
        site.add_page("routing/rules/new/", cls.as_view(), "routing_rule_new")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        agency = self.author(self.action).agency_id
        seen = self.seen(Rule, kwargs.get("pk"), kwargs.get("refusal"))
        rule = the_rule(agency, kwargs["pk"]) if kwargs.get("pk") else None
        form = kwargs.get("form") or self._form(agency, rule, initial=initial_of(rule) if rule else NEW_RULE)
        return {"form": form, "rule": rule, "run": kwargs.get("run"), "seen": seen}

    def _form(self, agency: int, rule: Rule | None, *args: Any, **kwargs: Any) -> RuleForm:
        stores = stores_to_choose(agency, rule.stores if rule else ())
        people = people_to_choose(agents_of(agency), rule.pool if rule else ())
        return RuleForm(*args, stores=stores, people=people, **kwargs)

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        author = self.author(self.action)
        rule, do = the_rule(author.agency_id, pk) if pk else None, request.POST.get("do", "")
        if rule is not None and do == "remove":
            remove_rule(rule, by=author.person, now=author.now)
            messages.success(request, _("The rule is gone. What it gave stays where it is."))
            return redirect("admin:routing")
        form = self._form(author.agency_id, rule, request.POST)
        if not form.is_valid():
            return self.draw(self.context(pk=pk, form=form), status=400)
        try:
            if do == "try":
                run = run_with(author, rule, form.cleaned_data)
                return self.draw(self.context(pk=pk, form=form, run=run))
            by: dict[str, Any] = {"by": author.person, "now": author.now, "seen": self.seen_by_sender(form)}
            saved = save_rule(author.agency_id, pk, form.cleaned_data, **by)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self.draw(self.context(pk=pk, form=form, refusal=refusal), status=refusal.status)
        messages.success(request, _("“%(rule)s” is saved.") % {"rule": saved.name})
        return redirect("admin:routing")


class DryRunPage(AdminPage):
    route = "routing/dry-run/"
    name = "routing_dry_run"
    title = gettext_lazy("Dry run")
    template = "tickets/admin/routing_dry_run.html"
    action = Action.SET_RULES

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        stores, problem = stores_of(author.agency_id), ""
        try:
            day = the_day(self.request.GET.get("day", ""), author, stores)
        except Invalid as refusal:
            day, problem = yesterday(author, stores), str(refusal)
        rules = [rule for rule in rules_of_agency(author.agency_id) if rule.is_on]
        how = giving(plan_row(author.agency_id), rules)
        return {"run": run_of(author, how, day, stores), "problem": problem, "latest": today(author, stores)}


def the_rule(agency: int, pk: int | str) -> Rule:
    """Raises NotFound."""
    rule = rule_of_agency(agency, int(pk)) if str(pk).isdecimal() and len(str(pk)) < 19 else None
    if rule is None:
        raise NotFound(field="rule")
    return rule


def today(author: Author, stores: list[StoreName]) -> date:
    return author.now.astimezone(ZoneInfo(usual_zone(stores))).date()


def yesterday(author: Author, stores: list[StoreName]) -> date:
    return today(author, stores) - timedelta(days=1)


def the_day(text: str, author: Author, stores: list[StoreName]) -> date:
    """Raises Invalid (`day`) for what is no day, or lies too far back or ahead."""
    if not text:
        return yesterday(author, stores)
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("A date is written as 2026-11-20."), field="day") from error
    if not today(author, stores) - OLDEST <= day <= today(author, stores):
        raise Invalid(_("A day of the last three months."), field="day")
    return day


def run_of(author: Author, how: Giving, day: date, stores: list[StoreName]) -> DryRun:
    return dry_run(author.caller, author.agency_id, how, day, usual_zone(stores))


def run_with(author: Author, rule: Rule | None, values: dict[str, Any]) -> DryRun:
    """Yesterday, as if the rule were saved so and switched on. Raises Invalid or Conflict. Nothing is saved."""
    rules, stores = rules_of_agency(author.agency_id), stores_of(author.agency_id)
    others = [one for one in rules if rule is None or one.pk != rule.pk]
    tried = Rule(pk=rule.pk if rule else None, agency_id=author.agency_id, order=rule.order if rule else 1 << 30)
    for name, value in values.items():
        setattr(tried, name, value)
    check_rule(tried, others)
    tried.is_on = True
    on = sorted((one for one in [*others, tried] if one.is_on), key=lambda one: (one.order, one.pk or 1 << 30))
    return run_of(author, giving(plan_row(author.agency_id), on), yesterday(author, stores), stores)


add_nav(NavEntry(Section.PEOPLE, RoutingPage.title, "admin:routing", Action.SET_RULES, icon="alt_route", order=58))
