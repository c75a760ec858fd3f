"""The forms of the pages about giving tickets. Shape only; what it means is the verbs' to check."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from knowledge.categories import Category
from tickets.channels import Channel
from tickets.roster.languages import Language
from tickets.routing.actions.set_routing import BOUNDS
from tickets.routing.models import Plan, Rule
from tickets.routing.names import DEMANDS


def number(name: str, label: Any, help_text: Any = "", *, required: bool = True) -> forms.IntegerField:
    least, most = BOUNDS[name]
    return forms.IntegerField(label=label, help_text=help_text, required=required, min_value=least, max_value=most)


ALL = _("None: all of them.")


def boxes(label: Any, choices: Any, help_text: Any = ALL) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple, help_text=help_text
    )


class PlanForm(forms.Form):
    channels = boxes(
        _("given by themselves"), Channel, _("Tickets of the other channels wait until somebody takes them.")
    )
    ring_s = number("ring_s", _("given after"), _("Seconds in which everybody can take it."))
    most_chats = number("most_chats", _("chats at once"), _("For whom “Skills and capacity” says nothing."))
    most_others = number(
        "most_others", _("other tickets at once"), _("Of each channel, that wait for an answer; likewise.")
    )
    take_back_s = number(
        "take_back_s", _("chats are taken back after"), _("Seconds since the last desk of their agent was closed.")
    )
    take_back_others_min = number(
        "take_back_others_min",
        _("other tickets are taken back after"),
        _("Minutes, where the buyer waits and a colleague is there. Empty: never."),
        required=False,
    )
    longest_queue = number(
        "longest_queue",
        _("chats that may wait in a store"),
        _("From then on the widget says that everybody is busy, and asks for an e-mail address. Empty: no limit."),
        required=False,
    )


class RuleForm(forms.Form):
    name = forms.CharField(label=_("name"), max_length=60)
    channels = boxes(_("on these channels"), Channel)
    stores = forms.TypedMultipleChoiceField(
        label=_("in these stores"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=ALL,
    )
    categories = boxes(_("in these categories"), Category)
    languages = boxes(_("in these languages"), Language)
    is_urgent = forms.BooleanField(label=_("only what is urgent"), required=False)
    demands = boxes(_("only to those whose skills name"), DEMANDS, _("None: also to those of whom nothing is said."))
    pool = forms.TypedMultipleChoiceField(
        label=_("only to these people"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: everybody who may."),
    )
    keep_min = number(
        "keep_min", _("kept for who answered the buyer last"), _("Minutes, while they are at a desk. 0: not kept.")
    )
    after_s = number("after_s", _("given after"), _("Seconds. Empty: as for all tickets."), required=False)
    is_on = forms.BooleanField(label=pgettext_lazy("a rule", "on"), required=False)

    def __init__(self, *args: Any, stores: Iterable[tuple[int, str]], people: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["stores"].choices = list(stores)  # type: ignore[attr-defined]
        self.fields["pool"].choices = list(people)  # type: ignore[attr-defined]


PLAN_FIELDS = tuple(PlanForm.base_fields)
RULE_FIELDS = tuple(RuleForm.base_fields)
NEW_RULE = {"keep_min": 0, "is_on": True}


def initial_of(row: Plan | Rule) -> dict[str, Any]:
    names = PLAN_FIELDS if isinstance(row, Plan) else RULE_FIELDS
    return {name: getattr(row, name) for name in names}
