"""The form of an event: times are on the store's clock, as the browser's own field writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.clocks.demand import LEAST_RISE, MOST_RISE
from tickets.clocks.shifts import instant
from tickets.events.actions.set_event import LONGEST_NAME, LONGEST_WORD, Wanted
from tickets.events.models import LEAST_SHARE, MOST_SHARE, LiveEvent
from tickets.roster.queries.week import StoreName

CLOCK: Final = "%Y-%m-%dT%H:%M"


class MomentField(forms.CharField):
    """A day and a time of day, of no zone yet."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=CLOCK)

    def clean(self, value: Any) -> datetime:
        text = super().clean(value)
        try:
            moment = datetime.fromisoformat(text.replace(" ", "T", 1))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo or not 2000 <= moment.year < 2100:
            raise ValidationError(_("A day and a time are needed: 2026-11-20 20:00."))
        return moment


class EventForm(forms.Form):
    store = forms.ChoiceField(label=_("store"))
    name = forms.CharField(label=_("name"), max_length=LONGEST_NAME)
    kind = forms.ChoiceField(label=pgettext_lazy("a live event", "kind"), choices=LiveEvent.Kind)
    begins = MomentField(label=pgettext_lazy("field of a change", "begins"))
    ends = MomentField(label=pgettext_lazy("field of a change", "ends"))
    multiplier = forms.FloatField(
        label=_("times the usual"),
        min_value=LEAST_RISE,
        max_value=MOST_RISE,
        help_text=_("After a live stream buyers write three to four times as much."),
        widget=forms.NumberInput(attrs={"step": "0.1"}),
    )
    alarm_share = forms.IntegerField(
        label=_("warnings at"),
        min_value=LEAST_SHARE,
        max_value=MOST_SHARE,
        help_text=_("Per cent of their usual time: at 50, what warns at half of the time warns at a quarter."),
    )
    pack = forms.ChoiceField(
        label=_("quick replies"), required=False, help_text=_("The folder whose replies come first while it runs.")
    )
    ack_zh = forms.CharField(
        label=_("automatic word in Chinese"),
        required=False,
        max_length=LONGEST_WORD,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Empty: ours, which says that it is live. The measured wait is told behind it; promise no time."),
    )
    ack_en = forms.CharField(
        label=_("automatic word in English"),
        required=False,
        max_length=LONGEST_WORD,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, *args: Any, stores: Sequence[StoreName], folders: Iterable[str], is_begun: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.stores = {store.slug: store for store in stores}
        self.fields["store"].choices = [(store.slug, store.name) for store in stores]  # type: ignore[attr-defined]
        said = [self.data.get("pack"), self.initial.get("pack")]
        known = sorted({*folders, *(folder for folder in said if folder)})
        self.fields["pack"].choices = [("", _("none")), *((name, name) for name in known)]  # type: ignore[attr-defined]
        if is_begun:  # what is settled comes from the event, whatever is sent
            for name in ("store", "begins"):
                self.fields[name].disabled = True

    def wanted(self) -> Wanted:
        """As the verb wants it."""
        said = self.cleaned_data
        store = self.stores[said["store"]]
        begins, ends = (_instant(said[name], ZoneInfo(store.time_zone)) for name in ("begins", "ends"))
        names = ("kind", "multiplier", "alarm_share", "pack", "ack_zh", "ack_en")
        return Wanted(store.pk, said["name"], begins, ends, **{name: said[name] for name in names})


class ImportForm(forms.Form):
    store = forms.ChoiceField(label=_("store"), help_text=_("Of events whose LOCATION names none."))
    multiplier = forms.FloatField(
        label=_("times the usual"),
        min_value=LEAST_RISE,
        max_value=MOST_RISE,
        initial=4,
        help_text=_("Where the event’s title does not say it, as in “Friday stream ×3”."),
        widget=forms.NumberInput(attrs={"step": "0.1"}),
    )
    file = forms.FileField(label=_("calendar file"), widget=forms.ClearableFileInput(attrs={"accept": ".ics"}))

    def __init__(self, *args: Any, stores: Sequence[StoreName], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stores = {store.slug: store for store in stores}
        self.fields["store"].choices = [(store.slug, store.name) for store in stores]  # type: ignore[attr-defined]


def _instant(moment: datetime, zone: ZoneInfo) -> datetime:
    return instant(moment.date(), moment.hour * 60 + moment.minute, zone)


def initial_of(event: LiveEvent) -> dict[str, Any]:
    """What the form of an event begins with."""
    zone = ZoneInfo(event.store.time_zone)
    names = ("name", "kind", "alarm_share", "pack", "ack_zh", "ack_en")
    return {
        "store": event.store.slug,
        "multiplier": f"{event.multiplier:g}",
        "begins": event.begins_at.astimezone(zone).strftime(CLOCK),
        "ends": event.ends_at.astimezone(zone).strftime(CLOCK),
        **{name: getattr(event, name) for name in names},
    }


def initial_new(store: StoreName, now: datetime) -> dict[str, Any]:
    """Tomorrow evening, on the store's clock."""
    evening = now.astimezone(ZoneInfo(store.time_zone)).replace(hour=20, minute=0) + timedelta(days=1)
    return {
        "store": store.slug,
        "kind": LiveEvent.Kind.LIVE,
        "begins": evening.strftime(CLOCK),
        "ends": (evening + timedelta(hours=2)).strftime(CLOCK),
        "multiplier": 4,
        "alarm_share": 50,
    }
