"""set_plan, save_rule, move_rule, switch_rule, remove_rule: how tickets are to be given. At the agency's place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from knowledge.categories import Category
from tenants.actions.log_change import Seen, log_change, require_unchanged
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Store, User
from tickets.channels import Channel
from tickets.clocks.routing import Skill
from tickets.roster.languages import Language
from tickets.routing.models import Plan, Rule
from tickets.routing.queries.people import Agents, agents_of
from tickets.routing.queries.plans import plan_row, rules_of_agency

MOST_RULES: Final = 100
# field → (least, most); empty is allowed where the column is.
BOUNDS: Final = {
    "ring_s": (0, 3600),
    "most_chats": (1, 200),
    "most_others": (1, 1000),
    "take_back_s": (30, 3600),  # a desk that was heard of within 30 seconds is there
    "take_back_others_min": (5, 10_080),
    "longest_queue": (1, 10_000),
    "keep_min": (0, 1440),
    "after_s": (0, 86_400),
}
CHOICES: Final[dict[str, frozenset[str]]] = {
    "channels": frozenset(Channel.values),
    "categories": frozenset(Category.values),
    "languages": frozenset(Language.values),
    "demands": frozenset(Skill),
}


@transaction.atomic
def set_plan(agency_id: int, values: Mapping[str, Any], *, by: User, now: datetime, seen: Seen | None = None) -> Plan:
    """These values from now on. Raises Invalid with the field at fault, Conflict where what was `seen` has changed."""
    plan = _locked_plan(agency_id)
    if seen is not None:
        require_unchanged(plan, agency_id=agency_id, seen=seen)
    before = _told(plan)
    for name, value in values.items():
        setattr(plan, name, value)
    _check_choices(plan, "channels")
    _check_bounds(plan)
    plan.channels = sorted(set(plan.channels))
    plan.save()
    log_change(plan, agency_id=agency_id, by=by, now=now, before=before, after=_told(plan))
    return plan


@transaction.atomic
def save_rule(
    agency_id: int, pk: int | None, values: Mapping[str, Any], *, by: User, now: datetime, seen: Seen | None = None
) -> Rule:
    """Makes a rule, the last in the order, or changes the one of this number to these values.

    Raises Invalid, Conflict with the field; Conflict where what was `seen` has changed; NotFound.
    """
    rules = _locked(agency_id)
    if pk is None:
        rule, before = Rule(agency_id=agency_id, order=1 + max((one.order for one in rules), default=0)), {}
    else:
        rule = _one_of(rules, pk)
        before = _told(rule)
    if seen is not None and pk is not None:
        require_unchanged(rule, agency_id=agency_id, seen=seen)
    for name, value in values.items():
        setattr(rule, name, value)
    check_rule(rule, [one for one in rules if one.pk != rule.pk])
    rule.save()
    log_change(rule, agency_id=agency_id, by=by, now=now, before=before, after=_told(rule))
    return rule


@transaction.atomic
def move_rule(rule: Rule, *, up: bool, by: User, now: datetime) -> None:
    """One place up or down; at the end of the order it stays where it is."""
    rules = _locked(rule.agency_id)
    at = next((n for n, one in enumerate(rules) if one.pk == rule.pk), 0)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(rules):
        return
    rules[at], rules[to] = rules[to], rules[at]
    for order, one in enumerate(rules, 1):
        one.order = order
    Rule.objects.bulk_update(rules, ["order"])
    log_change(rule, agency_id=rule.agency_id, by=by, now=now, before={"order": at + 1}, after={"order": to + 1})


@transaction.atomic
def switch_rule(rule: Rule, *, on: bool, by: User, now: datetime) -> None:
    """On or off. Raises Invalid where a rule that is switched on can't hold any more; NotFound."""
    rules = _locked(rule.agency_id)
    rule = _one_of(rules, rule.pk)
    before, rule.is_on = rule.is_on, on
    if on:
        check_rule(rule, [one for one in rules if one.pk != rule.pk])
    Rule.objects.filter(pk=rule.pk).update(is_on=on)
    log_change(rule, agency_id=rule.agency_id, by=by, now=now, before={"is_on": before}, after={"is_on": on})


@transaction.atomic
def remove_rule(rule: Rule, *, by: User, now: datetime) -> None:
    """Raises NotFound for one that is gone already."""
    rule = _one_of(_locked(rule.agency_id), rule.pk)
    log_change(rule, agency_id=rule.agency_id, by=by, now=now, before=_told(rule))
    Rule.objects.filter(pk=rule.pk).delete()


def check_rule(rule: Rule, others: Collection[Rule]) -> None:
    """Raises Invalid or Conflict with the field, where the rule can't be; also one that is only tried. Makes its lists
    plain on the way.
    """
    rule.name = " ".join(rule.name.split())
    if not 1 <= len(rule.name) <= 60:
        raise Invalid(_("One line of at most %(most)d letters is needed here.") % {"most": 60}, field="name")
    if any(one.name.casefold() == rule.name.casefold() for one in others):
        raise Conflict(_("There is a rule of this name already."), field="name")
    if len(others) >= MOST_RULES:
        raise Conflict(_("At most %(most)d rules.") % {"most": MOST_RULES}, field="name")
    for name in CHOICES:
        _check_choices(rule, name)
        setattr(rule, name, sorted(set(getattr(rule, name))))
    _check_bounds(rule)
    _check_channels(rule)
    agents = agents_of(rule.agency_id)
    _check_stores(rule)
    _check_pool(rule, agents)
    _check_demands(rule, agents)


def _check_choices(row: Plan | Rule, name: str) -> None:
    if not set(getattr(row, name)) <= CHOICES[name]:
        raise Invalid(_("This value can’t be used."), field=name)


def _check_bounds(row: Plan | Rule) -> None:
    for name, (least, most) in BOUNDS.items():
        value = getattr(row, name, None)
        if value is not None and not least <= value <= most:
            raise Invalid(_("Between %(least)d and %(most)d.") % {"least": least, "most": most}, field=name)


def _check_channels(rule: Rule) -> None:
    if rule.channels and not set(rule.channels) & set(plan_row(rule.agency_id).channels):
        told = _("None of these channels is given by itself. Choose it under “How tickets are given” first.")
        raise Invalid(told, field="channels")


def _check_stores(rule: Rule) -> None:
    rule.stores = sorted(set(rule.stores))
    mine = Store.objects.filter(agency_id=rule.agency_id, pk__in=rule.stores)
    states = {pk: (state, name) for pk, state, name in mine.values_list("pk", "state", "name")}
    for pk in rule.stores:
        state, name = states.get(pk, ("", "–"))
        if state != Store.State.OPEN:
            raise Invalid(_("The store “%(store)s” is not open any more.") % {"store": name}, field="stores")


def _check_pool(rule: Rule, agents: Agents) -> None:
    """Somebody whom the rule names may have what it is about, in each of its stores."""
    rule.pool = sorted(set(rule.pool))
    if set(rule.pool) - set(agents.stores):
        raise Invalid(_("Choose people who were given stores as agents: nobody else is given tickets."), field="pool")
    theirs = [agents.stores[person] for person in rule.pool]
    lacking = [store for store in rule.stores if not any(store in stores for stores in theirs)] if theirs else []
    if lacking:
        name = Store.objects.filter(pk=lacking[0]).values_list("name", flat=True).first()
        raise Invalid(_("None of them was given the store “%(store)s”.") % {"store": name}, field="pool")


def _check_demands(rule: Rule, agents: Agents) -> None:
    """Somebody has said what it demands."""
    people = rule.pool or list(agents.stores)
    if rule.stores:
        people = [person for person in people if agents.stores[person] & set(rule.stores)]
    said = [agents.skills[person] for person in people]
    kinds: dict[str, tuple[Collection[str], list[frozenset[str]], dict[str, Any]]] = {
        Skill.LANGUAGE: (rule.languages, [one.languages for one in said], {one.value: one.label for one in Language}),
        Skill.CATEGORY: (rule.categories, [one.categories for one in said], {one.value: one.label for one in Category}),
        Skill.MARKETPLACE: ((), [one.marketplaces for one in said], {}),
    }
    for kind in rule.demands:
        wanted, have, labels = kinds[kind]
        missing = [value for value in wanted if not any(value in one for one in have)]
        if missing:
            told = _("Nobody who may have these tickets has this skill: %(skill)s.") % {"skill": labels[missing[0]]}
            raise Invalid(told, field="demands")
        if not any(have):
            raise Invalid(
                _("Nobody’s skills of this kind are known. Say them under “Skills and capacity” first."),
                field="demands",
            )


def _locked_plan(agency_id: int) -> Plan:
    """The agency's, with the defaults where it has none yet. Whoever has it locked alone changes plan and rules."""
    Plan.objects.get_or_create(agency_id=agency_id)
    return Plan.objects.select_for_update(no_key=True).get(agency_id=agency_id)


def _locked(agency_id: int) -> list[Rule]:
    """The agency's rules in their order, for this transaction alone."""
    _locked_plan(agency_id)
    return rules_of_agency(agency_id)


def _one_of(rules: Collection[Rule], pk: int) -> Rule:
    """As it stands under the lock, whatever was read before. Raises NotFound."""
    for rule in rules:
        if rule.pk == pk:
            return rule
    raise NotFound(field="rule")


def _told(row: Plan | Rule) -> dict[str, Any]:
    return {name: value for name, value in model_to_dict(row).items() if name not in ("id", "agency")}
