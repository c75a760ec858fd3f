"""Plans and rules of agencies, as the pure clocks want them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import ngettext

from tenants.models import User
from tickets.clocks import rules as pure
from tickets.clocks.timers import Plan as PurePlan
from tickets.timers.models import Plan, Rule


def plans_of(agencies: Collection[int]) -> dict[int, PurePlan]:
    """agency → its plan with the rules that are on, the defaults where it has none. Two queries, however many."""
    rules: dict[int, list[pure.Rule]] = {}
    for row in Rule.objects.filter(agency_id__in=agencies, is_on=True).order_by("order", "pk"):
        rules.setdefault(row.agency_id, []).append(pure_rule(row))
    rows = {row.agency_id: row for row in Plan.objects.filter(agency_id__in=agencies)}
    return {pk: pure_plan(rows.get(pk), rules.get(pk, ())) for pk in agencies}


def plan_of(agency: int) -> PurePlan:
    return plans_of([agency])[agency]


def plan_row(agency: int) -> Plan | None:
    return Plan.objects.filter(agency_id=agency).first()


def rules_of_agency(agency: int) -> QuerySet[Rule]:
    """All of them, also those that are off, in their order."""
    return Rule.objects.filter(agency_id=agency).order_by("order", "pk")


def rule_by_id(pk: int) -> Rule | None:
    """For what it has fired; None where it is gone or off."""
    return Rule.objects.filter(pk=pk, is_on=True).first()


def pure_plan(row: Plan | None, rules: Collection[pure.Rule]) -> PurePlan:
    if row is None:
        return PurePlan(rules=tuple(rules))
    after = row.escalate_after_min
    return PurePlan(
        warn_at=tuple(row.warn_at),
        notice_at=row.notice_at,
        notice_from=timedelta(minutes=row.notice_from_min),
        escalate_after=None if after is None else timedelta(minutes=after),
        rules=tuple(rules),
    )


def pure_rule(row: Rule) -> pure.Rule:
    return pure.Rule(
        id=row.pk or 0,
        name=row.name,
        state=row.state,
        wait=timedelta(seconds=row.wait_s),
        does=pure.Does(row.does),
        in_hours=row.in_hours,
        channels=frozenset(row.channels),
        categories=frozenset(row.categories),
        priorities=frozenset(row.priorities),
        has=pure.Has(row.has),
        to=row.to_id,
        priority=row.priority,
    )


def rule_of_agency(agency: int, pk: int) -> Rule | None:
    return Rule.objects.filter(agency_id=agency, pk=pk).first()


def people_for_rules(agency: int) -> QuerySet[User]:
    """To whom a rule may give tickets: who works for the agency."""
    return User.people.filter(memberships__agency=agency, is_active=True).order_by("name", "email")


def would_be(rule: Rule | None, values: Mapping[str, Any]) -> pure.Rule:
    """The rule as these values of a form would make it; nothing is saved."""
    return pure_rule(Rule(pk=rule.pk if rule else None, **{**values, "does": values["does"] or pure.Does.NUDGE}))


@dataclass(frozen=True)
class RuleLine:
    """A rule in the list, in the reader's language."""

    pk: int
    name: str
    is_on: bool
    state: str
    wait: str
    in_hours: bool
    does: str


def rules_as_lines(agency: int) -> list[RuleLine]:
    return [
        RuleLine(
            row.pk,
            row.name,
            row.is_on,
            str(Rule.State(row.state).label),
            _length(row.wait_s),
            row.in_hours,
            str(Rule.Action(row.does).label),
        )
        for row in rules_of_agency(agency)
    ]


def _length(seconds: int) -> str:
    if seconds % 86400 == 0:
        days = seconds // 86400
        return ngettext("%(total)d day", "%(total)d days", days) % {"total": days}
    if seconds % 3600 == 0:
        hours = seconds // 3600
        return ngettext("%(total)d hour", "%(total)d hours", hours) % {"total": hours}
    minutes = seconds // 60
    return ngettext("%(total)d minute", "%(total)d minutes", minutes) % {"total": minutes}
