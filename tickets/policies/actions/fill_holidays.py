"""fill_holidays, take_holidays_back: a store's special days out of a country's public holidays. A person's own stay."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tenants.errors import Conflict, Invalid
from tenants.models import Store, User
from tickets.clocks.hours import text_of
from tickets.policies.actions.set_hours import MOST_DAYS, WantedDay, take_effect, tell_days, today_of
from tickets.policies.holidays import COUNTRIES, PublicDay, public_year
from tickets.policies.models import SpecialDay
from tickets.policies.queries import book_of

YEARS: Final = 2  # this one and the next


@dataclass(frozen=True)
class HolidaysPlan:
    """What filling would do. `kept`: days that are special already. `same`: how many change nothing in this store."""

    country: str
    year: int
    days: tuple[WantedDay, ...]
    kept: tuple[PublicDay, ...]
    uncertain: tuple[PublicDay, ...]
    same: int

    @property
    def source(self) -> str:
        return f"{self.country}:{self.year}"


class NotAnnounced(Invalid):
    """The calendar that we ship does not know the year yet."""

    code = "not_announced"


def plan_holidays(store: Store, country: str, year: int, *, now: datetime) -> HolidaysPlan:
    """From today on. One query, none for rules that are known. Raises Invalid (`country`, `year`), NotAnnounced."""
    today = today_of(store, now)
    if country not in COUNTRIES:
        raise Invalid(_("There is no such choice."), field="country")
    if not today.year <= year < today.year + YEARS:
        raise Invalid(_("This year or the next."), field="year")
    found = public_year(country, year, language=get_language() or "zh", working=_("make-up working day"))
    if not found.is_announced:
        told = _(
            "The holidays of %(country)s for %(year)d are not in the calendar that this version knows. Nothing is"
            " guessed: import an official calendar file above, or update later."
        )
        raise NotAnnounced(told % {"country": COUNTRIES[country], "year": year}, field="year")
    ahead = [day for day in found.days if day.date >= today]
    there = set(SpecialDay.objects.filter(store=store, date__gte=today).values_list("date", flat=True))
    wanted = [(day, _wanted(store, day)) for day in ahead if day.date not in there]
    return HolidaysPlan(
        country,
        year,
        days=tuple(one for _day, one in wanted if one is not None),
        kept=tuple(day for day in ahead if day.date in there),
        uncertain=tuple(day for day in found.uncertain if day.date >= today),
        same=sum(one is None for _day, one in wanted),
    )


@transaction.atomic
def fill_holidays(store: Store, country: str, year: int, *, by: User, now: datetime) -> HolidaysPlan:
    """Sets what the plan says; a day that somebody writes meanwhile stays theirs. Raises as the plan, and Conflict."""
    plan = plan_holidays(store, country, year, now=now)
    if not plan.days:
        raise Conflict(_("Nothing to set: these days are as they should be."), field="country")
    if SpecialDay.objects.filter(store=store).count() + len(plan.days) > MOST_DAYS:
        raise Invalid(_("More than %(most)d special days are too many.") % {"most": MOST_DAYS}, field="year")
    rows = [SpecialDay(store=store, source=plan.source, **asdict(day)) for day in plan.days]
    SpecialDay.objects.bulk_create(rows, ignore_conflicts=True)
    tell_days(store, {}, {day.date: day for day in plan.days}, by, now)
    take_effect(store)
    return plan


@transaction.atomic
def take_holidays_back(store: Store, source: str, *, by: User, now: datetime) -> int:
    """How many days are like their day of the week again: those of today and later that nobody has changed since."""
    filled = SpecialDay.objects.filter(store=store, source=source, date__gte=today_of(store, now)).exclude(source="")
    there = {row.date: row for row in filled.select_for_update(no_key=True).order_by("pk")}
    SpecialDay.objects.filter(pk__in=[row.pk for row in there.values()]).delete()
    if there:
        tell_days(store, there, {}, by, now)
        take_effect(store)
    return len(there)


def _wanted(store: Store, day: PublicDay) -> WantedDay | None:
    """None: it is so by the store's week already. A make-up working day is open as a usual working day."""
    book = book_of(store.pk)
    week = book.hours_of(book.terms_on(day.date)).week
    usual = week[day.date.weekday()]
    spans = next((hours for hours in week if hours), ()) if day.is_working else ()
    return None if spans == usual else WantedDay(day.date, text_of(spans), day.name)


def filled_in(store: Store, today: date) -> dict[str, int]:
    """source → how many of its days are to come. For the page. One query."""
    rows = SpecialDay.objects.filter(store=store, date__gte=today).exclude(source="").values_list("source", flat=True)
    found: dict[str, int] = {}
    for source in rows.order_by("source"):
        found[source] = found.get(source, 0) + 1
    return found
