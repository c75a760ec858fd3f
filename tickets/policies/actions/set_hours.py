"""set_hours: from a day on a store is open so, sells there, and is measured by that; and single days are otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actions.log_change import Changed, log_change, log_changes
from tenants.errors import Invalid
from tenants.models import Store, User
from tickets.clocks.hours import ALWAYS, text_of
from tickets.clocks.shipped import MARKETS
from tickets.policies.actions.reckon import look_anew, reckon_anew
from tickets.policies.checks import MOST_LETTERS, check_dates, read_day
from tickets.policies.models import SpecialDay, StoreTerms
from tickets.policies.names import HOURS_ERRORS
from tickets.policies.queries import book_of, forget_rules
from tickets.policies.terms import SHIPPED_POLICIES

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_DAYS: Final = 1000  # special ones of a store


@dataclass(frozen=True)
class WantedTerms:
    """`week`: seven texts, Monday first. `policies`: keys; None: what the marketplace and the market ask."""

    from_date: date
    week: Sequence[str]
    market: str = ""
    bot_is_on: bool = False
    policies: Sequence[str] | None = None


@dataclass(frozen=True)
class WantedDay:
    """`spans` empty: closed."""

    date: date
    spans: str = ""
    name: str = ""
    is_holiday_mode: bool = False


@transaction.atomic
def set_hours(store: Store, wanted: WantedTerms, *, by: User, now: datetime) -> StoreTerms:
    """Takes the place of what was said for the same day. Raises Invalid, whose `field` may be a day of the week."""
    today = today_of(store, now)
    check_dates(wanted.from_date, None, today)
    days = [read_day(text, field) for field, text in zip(WEEKDAYS, wanted.week, strict=True)]
    if not any(days):
        raise Invalid(HOURS_ERRORS["never_open"], field="monday")
    if wanted.market and wanted.market not in MARKETS:
        raise Invalid(_("There is no such choice."), field="market")
    if wanted.policies is not None and not set(wanted.policies) <= SHIPPED_POLICIES.keys():
        raise Invalid(_("There is no such choice."), field="policies")
    held = book_of(store.pk).terms_on(wanted.from_date)
    values = {
        "week": [text_of(day) for day in days],
        "market": wanted.market,
        "bot_is_on": wanted.bot_is_on,
        "policies": None if wanted.policies is None else sorted(wanted.policies),
        "made_by": by,
        "made_at": now,
    }
    row, _new = StoreTerms.objects.update_or_create(store=store, from_date=wanted.from_date, defaults=values)
    names = ("week", "market", "bot_is_on", "policies")
    before = {name: getattr(held, name) for name in names} | {"from_date": held.from_date}
    after = {name: getattr(row, name) for name in names} | {"from_date": row.from_date}
    title = _("Hours of %(store)s") % {"store": store.name}
    log_change(store, agency_id=store.agency_id, by=by, now=now, before=before, after=after, title=title)
    take_effect(store)
    return row


@transaction.atomic
def set_special_days(store: Store, wanted: Iterable[WantedDay], *, by: User, now: datetime) -> list[SpecialDay]:
    """Each date once, the last word holds. All or nothing. Raises Invalid (`date`, `spans`, `name`)."""
    days = {one.date: _checked(one, today_of(store, now)) for one in wanted}
    there = {row.date: row for row in SpecialDay.objects.filter(store=store)}
    if len(there.keys() | days.keys()) > MOST_DAYS:
        raise Invalid(_("More than %(most)d special days are too many.") % {"most": MOST_DAYS}, field="date")
    rows = SpecialDay.objects.bulk_create(
        [SpecialDay(store=store, **asdict(day)) for day in days.values()],
        update_conflicts=True,
        unique_fields=["store", "date"],
        update_fields=["spans", "name", "is_holiday_mode", "source"],
    )
    tell_days(store, there, days, by, now)
    take_effect(store)
    return rows


@transaction.atomic
def drop_special_day(store: Store, day: date, *, by: User, now: datetime) -> None:
    """That date is as its day of the week says again. Raises Invalid for a day that is over."""
    if day < today_of(store, now):
        raise Invalid(_("The past stays as it was measured. Choose today or a later day."), field="date")
    there = {row.date: row for row in SpecialDay.objects.filter(store=store, date=day)}
    if not there:
        return
    SpecialDay.objects.filter(store=store, date=day).delete()
    tell_days(store, there, {}, by, now)
    take_effect(store)


def today_of(store: Store, now: datetime) -> date:
    return ALWAYS(store.time_zone).local_day(now)


def _checked(one: WantedDay, today: date) -> WantedDay:
    check = {"name": " ".join(one.name.split())}
    if one.date < today:
        told = _("%(day)s is over, and the past stays as it was measured.") % {"day": one.date.isoformat()}
        raise Invalid(told, field="date")
    check_dates(one.date, None, today)
    if len(check["name"]) > MOST_LETTERS or not check["name"].isprintable():
        raise Invalid(_("At most %(most)d letters of text.") % {"most": MOST_LETTERS}, field="name")
    return WantedDay(one.date, text_of(read_day(one.spans, "spans")), check["name"], one.is_holiday_mode)


def tell_days(store: Store, there: Any, days: dict[date, WantedDay], by: User, now: datetime) -> None:
    """Logs what becomes of special days. `there`: what they were; of those that are not in `days` nothing is left."""

    def said(day: Any) -> str:
        return " · ".join(filter(None, [day.spans or "–", day.name, "holiday mode" if day.is_holiday_mode else ""]))

    touched = sorted(days or there)
    before = {str(day): said(there[day]) if day in there else None for day in touched}
    after = {str(day): said(days[day]) if day in days else None for day in touched}
    title = _("Special days of %(store)s") % {"store": store.name}
    log_changes([Changed(store, before, after, title=title)], agency_id=store.agency_id, by=by, now=now)


def take_effect(store: Store) -> None:
    """What waits is reckoned anew, by every process within `settings.RULES_SECONDS`."""
    reckon_anew([store.pk])
    look_anew([store.pk])
    transaction.on_commit(forget_rules)
