"""What is asked of a version of a policy or a goal, of a store's hours and of a special day. Shape only."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from knowledge.categories import Category
from tickets.channels import Channel
from tickets.clocks.policy import Measure, Policy
from tickets.clocks.shipped import MARKETS
from tickets.models.ticket import Priority
from tickets.policies.actions.fill_holidays import YEARS
from tickets.policies.actions.set_hours import WEEKDAYS
from tickets.policies.actions.set_rule import Wanted
from tickets.policies.holidays import COUNTRIES
from tickets.policies.names import CLOCKS, EXCLUSIONS, POLICY_NAMES
from tickets.policies.terms import Terms

SPANS = _("For example 09:00-12:00, 13:30-18:00; 24 for the whole day; nothing for closed.")
DAY_NAMES = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))


def day_field(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    """A day as browsers send it, in any language."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, help_text=help_text, required=required, widget=widget, input_formats=["%Y-%m-%d"]
    )


class VersionForm(forms.Form):
    """What every version has. `of`: the terms that hold now, with which the form begins."""

    from_date = day_field(_("takes effect on"), _("Today or later: what was measured before stays as it was."))
    to_date = day_field(_("no longer holds from"), _("Empty: until the next version."), required=False)
    minutes = forms.DecimalField(
        label=_("answer within, minutes"), max_digits=9, decimal_places=2, help_text=_("0.5 is 30 seconds.")
    )
    is_off = forms.BooleanField(label=_("switched off from then on"), required=False)

    def __init__(self, data: Any, *, of: Terms, today: date, **rest: Any) -> None:
        super().__init__(data, **rest)
        for name in self.fields.keys() & of.keys():
            self.fields[name].initial = of[name]
        self.fields["minutes"].initial = f"{of['limit_s'] / 60:g}"
        self.fields["from_date"].initial = today

    def wanted(self) -> Wanted:
        values = dict(self.cleaned_data)
        dates = values.pop("from_date"), values.pop("to_date")
        values["limit_s"] = round(values.pop("minutes") * 60)
        return Wanted(self.terms(values), *dates)

    def terms(self, values: dict[str, Any]) -> dict[str, Any]:
        return values


class GoalForm(VersionForm):
    name = forms.CharField(label=_("name"), max_length=80)
    clock = forms.ChoiceField(label=_("it is for"), choices=list(CLOCKS.items()), required=False)
    channels = forms.MultipleChoiceField(
        label=_("channels"),
        choices=Channel.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: all."),
    )
    category = forms.ChoiceField(label=_("category"), choices=[("", _("every")), *Category.choices], required=False)
    priority = forms.TypedChoiceField(
        label=_("priority"),
        choices=[("", _("every")), *Priority.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    in_hours = forms.BooleanField(label=_("runs in the store's hours only"), required=False)
    field_order = ("name", "minutes", "clock", "channels", "category", "priority", "in_hours", "from_date", "to_date")


class PolicyForm(VersionForm):
    """Shares are asked in percent; of a mean the target is in seconds."""

    target = forms.FloatField(label=_("target, %"))
    warn_at = forms.FloatField(label=_("warn below, %"), required=False)
    cap_s = forms.IntegerField(label=_("a wait counts as no more than, seconds"), required=False)
    window_days = forms.IntegerField(label=_("measured over, days"))
    minimum_sample = forms.IntegerField(label=_("not judged under so many counted"))
    hours = forms.CharField(label=_("hours of every day"), max_length=200, required=False, help_text=SPANS)
    human_only = forms.BooleanField(label=_("only a person's reply counts"), required=False)
    bare_greeting_counts = forms.BooleanField(label=_("a bare greeting counts as a reply"), required=False)
    ai_share = forms.FloatField(label=_("an automatic answer in time is worth, %"))
    exclusions = forms.MultipleChoiceField(
        label=_("not counted"),
        choices=[(one.value, told) for one, told in EXCLUSIONS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("minutes", "target", "warn_at", "cap_s", "window_days", "minimum_sample", "hours")

    def __init__(self, data: Any, *, of: Terms, policy: Policy, **rest: Any) -> None:
        super().__init__(data, of=of, **rest)
        self.is_share = policy.measure == Measure.SHARE
        if policy.follows_store:
            del self.fields["hours"]
        self.fields["ai_share"].initial = _percent(of["ai_share"])
        if self.is_share:
            self.fields["target"].initial = _percent(of["target"])
            self.fields["warn_at"].initial = _percent(of["warn_at"])
        else:
            self.fields["target"].label = _("target: mean of at most, seconds")
            del self.fields["warn_at"]

    def terms(self, values: dict[str, Any]) -> dict[str, Any]:
        shares = ("target", "warn_at", "ai_share") if self.is_share else ("ai_share",)
        for name in shares:
            values[name] = None if values[name] is None else values[name] / 100
        return {"warn_at": None, "hours": "", **values}


class HoursForm(forms.Form):
    from_date = day_field(_("takes effect on"), _("Today or later: what was measured before stays as it was."))
    market = forms.ChoiceField(
        label=_("market"), choices=[("", _("none of these")), *((name, name) for name in MARKETS)], required=False
    )
    bot_is_on = forms.BooleanField(
        label=_("the marketplace's own bot is on"),
        required=False,
        help_text=_("On TikTok Shop US weekend messages may then wait until Monday 12:00."),
    )
    policies = forms.MultipleChoiceField(
        label=_("measured by"),
        choices=list(POLICY_NAMES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: what its marketplace and market ask."),
    )

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        for name, label in zip(WEEKDAYS, DAY_NAMES, strict=True):
            self.fields[name] = forms.CharField(label=label, max_length=200, required=False)
        self.fields["monday"].help_text = SPANS
        self.order_fields(["from_date", *WEEKDAYS, "market", "bot_is_on", "policies"])


class SpecialDayForm(forms.Form):
    date = day_field(_("date"))
    until = day_field(_("until"), _("Empty: this one day."), required=False)
    spans = forms.CharField(label=_("opening hours"), max_length=200, required=False, help_text=SPANS)
    name = forms.CharField(label=_("name"), max_length=80, required=False)
    is_holiday_mode = forms.BooleanField(
        label=_("holiday mode"), required=False, help_text=_("The marketplace knows, and counts nothing.")
    )


class HolidaysForm(forms.Form):
    country = forms.ChoiceField(label=_("country"), choices=list(COUNTRIES.items()))
    year = forms.TypedChoiceField(label=_("year"), coerce=int)

    def __init__(self, data: Any = None, *, this_year: int, market: str = "") -> None:
        super().__init__(data, prefix="holidays")
        years = [(year, str(year)) for year in range(this_year, this_year + YEARS)]
        self.fields["year"].choices = years  # type: ignore[attr-defined]
        self.fields["country"].initial = market if market in COUNTRIES else "CN"


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("calendar file"),
        help_text=_(
            "CSV or XLSX with the columns date, open, name, holiday mode; or iCal (.ics) of whole days, closed."
        ),
    )


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share * 100:g}"
