"""The forms of the admin's pages about time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from knowledge.categories import Category
from tenants.models import User
from tickets.channels import Channel
from tickets.models.ticket import Priority
from tickets.timers.models import Plan, Rule

UNITS = {"m": 60, "h": 3600, "d": 86400}


class RuleForm(forms.Form):
    name = forms.CharField(label=_("name"), max_length=60)
    state = forms.ChoiceField(label=_("when"), choices=Rule.State)
    wait = forms.IntegerField(label=_("for"), min_value=1, max_value=100_000)
    unit = forms.ChoiceField(
        label=_("unit"), choices=[("m", _("minutes")), ("h", _("hours")), ("d", pgettext_lazy("of time", "days"))]
    )
    in_hours = forms.BooleanField(
        label=_("count business hours only"),
        required=False,
        help_text=_("Time in which the store is open, by its hours and special days. One day is then 24 such hours."),
    )
    channels = forms.MultipleChoiceField(
        label=_("on these channels"), choices=Channel, required=False, widget=forms.CheckboxSelectMultiple
    )
    categories = forms.MultipleChoiceField(
        label=_("in these categories"), choices=Category, required=False, widget=forms.CheckboxSelectMultiple
    )
    priorities = forms.TypedMultipleChoiceField(
        label=_("with these priorities"),
        choices=Priority,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    has = forms.ChoiceField(label=_("and"), choices=Rule.Assigned, required=False)
    does = forms.ChoiceField(label=_("then"), choices=Rule.Action)
    text_zh = forms.CharField(
        label=_("word in Chinese"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=1000
    )
    text_en = forms.CharField(
        label=_("word in English"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=1000
    )
    to = forms.ModelChoiceField(
        label=_("to whom"), queryset=User.people.none(), required=False, empty_label=_("Nobody")
    )
    priority = forms.TypedChoiceField(
        label=_("new priority"), choices=[("", "–"), *Priority.choices], coerce=int, empty_value=None, required=False
    )
    order = forms.IntegerField(
        label=_("order"), min_value=0, max_value=9999, initial=100, help_text=_("Rules act in this order.")
    )
    is_on = forms.BooleanField(label=pgettext_lazy("a rule", "on"), required=False, initial=True)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]
        for name in ("channels", "categories", "priorities"):
            self.fields[name].help_text = _("None: all of them.")

    def values(self) -> dict[str, Any]:
        """As the verb wants them."""
        values = dict(self.cleaned_data)
        wait, unit = values.pop("wait"), values.pop("unit")
        values["wait_s"] = wait * UNITS[unit]
        return values


def initial_of(rule: Rule) -> dict[str, Any]:
    """What the form of an existing rule begins with."""
    unit = next(name for name in ("d", "h", "m") if rule.wait_s % UNITS[name] == 0 or name == "m")
    plain = ("name", "state", "in_hours", "channels", "categories", "priorities", "has", "does", "text_zh", "text_en")
    values = {name: getattr(rule, name) for name in (*plain, "priority", "order", "is_on")}
    return {**values, "to": rule.to_id, "wait": rule.wait_s // UNITS[unit], "unit": unit}


class PlanForm(forms.Form):
    warn_at = forms.RegexField(
        r"\A\s*(\d{1,3}(\s*[,，、 ]\s*\d{1,3})*)?\s*\Z",
        label=_("warn at"),
        required=False,
        help_text=_("Per cent of the time to answer, with commas: 50, 75, 90."),
        error_messages={"invalid": _("Numbers with commas: 50, 75, 90.")},
    )
    notice_at = forms.IntegerField(
        label=_("tell the buyer at"),
        required=False,
        help_text=_("Per cent of the time. Empty: the buyer is not told that it takes longer."),
    )
    notice_from_min = forms.IntegerField(
        label=_("only where the goal is at least"), min_value=0, max_value=100_000, help_text=_("Minutes.")
    )
    escalate_after_min = forms.IntegerField(
        label=_("escalate"),
        required=False,
        min_value=0,
        max_value=100_000,
        help_text=_("Minutes after the goal was missed: the ticket becomes urgent and is marked. Empty: never."),
    )

    def clean_warn_at(self) -> list[int]:
        text = self.cleaned_data["warn_at"]
        return [int(part) for part in "".join(c if c.isdigit() else " " for c in text).split()]


def initial_of_plan(plan: Plan | None, default: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    if plan is None:
        return dict(default)
    names = ("notice_at", "notice_from_min", "escalate_after_min")
    return {"warn_at": ", ".join(map(str, plan.warn_at)), **{name: getattr(plan, name) for name in names}}
