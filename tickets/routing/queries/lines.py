"""Rules as the admin lists them, in the reader's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from knowledge.categories import Category
from tickets.channels import Channel
from tickets.clocks.routing import RuleOf
from tickets.roster.languages import Language
from tickets.routing.models import Plan, Rule
from tickets.routing.names import DEMANDS
from tickets.routing.queries.plans import pure_rule


@dataclass(frozen=True)
class RuleLine:
    """`hidden_by`: a rule before it that takes all that this one could; empty: none."""

    pk: int
    name: str
    is_on: bool
    when: str
    who: str
    hidden_by: str
    is_first: bool
    is_last: bool


def rule_lines(
    rules: Sequence[Rule], plan: Plan, stores: Mapping[int, str], people: Mapping[int, str]
) -> list[RuleLine]:
    before: list[RuleOf] = []
    lines = []
    for n, rule in enumerate(rules):
        pure = pure_rule(rule, plan)
        hidden = next((one.name for one in before if covers(one, pure)), "") if rule.is_on else ""
        lines.append(
            RuleLine(
                rule.pk,
                rule.name,
                rule.is_on,
                _when(rule, stores),
                _who(rule, people),
                hidden,
                n == 0,
                n == len(rules) - 1,
            )
        )
        if rule.is_on:
            before.append(pure)
    return lines


def covers(first: RuleOf, second: RuleOf) -> bool:
    """Whether the first lets through all that the second does."""
    pairs = (
        (first.channels, second.channels),
        (first.categories, second.categories),
        (first.languages, second.languages),
        (first.stores, second.stores),
    )
    return (not first.is_urgent or second.is_urgent) and all(
        not mine or (bool(theirs) and theirs <= mine) for mine, theirs in pairs
    )


def _list(words: Collection[str]) -> str:
    return pgettext("between words of a list", ", ").join(words)


def _labels(values: Collection[str], choices: Collection[tuple[str, object]]) -> str:
    return _list([str(label) for value, label in choices if value in values])


def _when(rule: Rule, stores: Mapping[int, str]) -> str:
    said = [
        _("urgent") if rule.is_urgent else "",
        _labels(rule.channels, Channel.choices),
        _stores(rule, stores),
        _labels(rule.categories, Category.choices),
        _labels(rule.languages, Language.choices),
    ]
    return " · ".join(filter(None, said)) or _("every ticket")


def _stores(rule: Rule, stores: Mapping[int, str]) -> str:
    """Empty for all of them, which is not what a rule is about whose stores are gone."""
    if not rule.stores:
        return ""
    return _list([name for pk, name in stores.items() if pk in rule.stores]) or _("no store that is still open")


def _who(rule: Rule, people: Mapping[int, str]) -> str:
    said = []
    if rule.pool:
        said.append(_list([name for pk, name in people.items() if pk in rule.pool]) or _("nobody who is still here"))
    if rule.demands:
        said.append(_("skilled in %(what)s") % {"what": _labels(rule.demands, DEMANDS)})
    if rule.keep_min:
        kept = ngettext(
            "kept %(total)d minute for who answered the buyer last",
            "kept %(total)d minutes for who answered the buyer last",
            rule.keep_min,
        )
        said.append(kept % {"total": rule.keep_min})
    if rule.after_s is not None:
        after = ngettext("after %(total)d second", "after %(total)d seconds", rule.after_s)
        said.append(after % {"total": rule.after_s})
    return " · ".join(said) or _("everybody who may")
