"""Plans and rules of agencies, as the pure engine wants them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tickets.channels import Channel
from tickets.clocks.routing import RuleOf, Skill
from tickets.routing.models import Plan, Rule


@dataclass(frozen=True)
class Giving:
    """How one agency gives tickets. `usual` holds for what no rule is about."""

    plan: Plan
    rules: tuple[RuleOf, ...] = ()

    @property
    def usual(self) -> RuleOf:
        return RuleOf(after=timedelta(seconds=self.plan.ring_s))

    def most(self, channel: str) -> int:
        """How many somebody takes at once of whom no capacity is said."""
        return self.plan.most_chats if channel == Channel.WIDGET else self.plan.most_others


def giving_of(agencies: Collection[int]) -> dict[int, Giving]:
    """agency → its plan and the rules that are on, in their order. Two queries, however many."""
    rows = {row.agency_id: row for row in Plan.objects.filter(agency_id__in=agencies)}
    rules: dict[int, list[Rule]] = {}
    for rule in Rule.objects.filter(agency_id__in=agencies, is_on=True).order_by("order", "pk"):
        rules.setdefault(rule.agency_id, []).append(rule)
    return {pk: giving(rows.get(pk) or Plan(agency_id=pk), rules.get(pk, ())) for pk in agencies}


def giving(plan: Plan, rules: Sequence[Rule]) -> Giving:
    return Giving(plan, tuple(pure_rule(rule, plan) for rule in rules))


def pure_rule(row: Rule, plan: Plan) -> RuleOf:
    after = plan.ring_s if row.after_s is None else row.after_s
    return RuleOf(
        # A rule that is only tried has no number yet, and none that a saved one has.
        id=row.pk or -1,
        name=row.name,
        channels=frozenset(row.channels),
        categories=frozenset(row.categories),
        languages=frozenset(row.languages),
        stores=frozenset(row.stores),
        is_urgent=row.is_urgent,
        demands=frozenset(map(Skill, row.demands)),
        pool=frozenset(row.pool),
        keep_for=timedelta(minutes=row.keep_min),
        after=timedelta(seconds=after),
    )


def plan_row(agency: int) -> Plan:
    """The agency's, or the defaults, which are not saved."""
    return Plan.objects.filter(agency_id=agency).first() or Plan(agency_id=agency)


def rules_of_agency(agency: int) -> list[Rule]:
    """All of them, also those that are off, in their order. One query."""
    return list(Rule.objects.filter(agency_id=agency).order_by("order", "pk"))


def rule_of_agency(agency: int, pk: int) -> Rule | None:
    return Rule.objects.filter(agency_id=agency, pk=pk).first()
