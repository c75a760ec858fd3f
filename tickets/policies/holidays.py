"""Public holidays and make-up working days of a country, as the `holidays` package knows them. No database.

Only what is certain: a day that the package itself calls estimated is kept apart, and a year of China whose make-up
working days are not in the package yet is not announced for it, whatever it guesses. (The State Council announces a
year's days off some weeks before it begins, each of the last twelve with make-up working days.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from holidays import HolidayBase, country_holidays

ONE_DAY: Final = timedelta(days=1)
MAKES_UP: Final = frozenset({"CN"})  # countries that move working days to weekends, by an announcement a year
ESTIMATED: Final = "(estimated)"  # in the package's English names

COUNTRIES: Final[dict[str, str | Promise]] = {
    "CN": _("China, mainland"),
    "TH": _("Thailand"),
    "ID": _("Indonesia"),
    "VN": _("Vietnam"),
    "MY": _("Malaysia"),
    "PH": _("Philippines"),
    "SG": _("Singapore"),
    "US": _("United States"),
    "GB": _("United Kingdom"),
    "DE": _("Germany"),
    "JP": _("Japan"),
    "MX": _("Mexico"),
}


@dataclass(frozen=True, order=True)
class PublicDay:
    """A day off, or a day of the weekend on which one works (`is_working`)."""

    date: date
    name: str
    is_working: bool = False


@dataclass(frozen=True)
class PublicYear:
    """`days`: certain ones, by date. `uncertain`: those whose date depends on the moon and is not fixed yet."""

    country: str
    year: int
    is_announced: bool
    days: tuple[PublicDay, ...] = ()
    uncertain: tuple[PublicDay, ...] = ()


def public_year(country: str, year: int, *, language: str, working: str) -> PublicYear:
    """`country` is one of COUNTRIES. `working`: what a make-up working day is called."""
    english = country_holidays(country, years=year, language="en_US")
    named = country_holidays(country, years=year, language="zh_CN") if language.startswith("zh") else english
    moved = sorted(day for day in english.weekend_workdays if day.year == year)
    if country in MAKES_UP and not moved:
        return PublicYear(country, year, is_announced=False)
    certain: list[PublicDay] = []
    uncertain: list[PublicDay] = []
    for day in sorted(english):
        (uncertain if ESTIMATED in english[day] else certain).append(PublicDay(day, _one_line(named[day])))
    if country in MAKES_UP:
        certain = _joined(certain, english)
    certain += [PublicDay(day, working, is_working=True) for day in moved]
    return PublicYear(country, year, bool(certain), tuple(sorted(certain)), tuple(uncertain))


def _joined(days: list[PublicDay], known: HolidayBase) -> list[PublicDay]:
    """With the weekends that lie between two days off of one festival: they belong to it."""
    found: list[PublicDay] = []
    for day in days:
        gap = day.date - found[-1].date if found else ONE_DAY
        between = [found[-1].date + ONE_DAY * ahead for ahead in range(1, gap.days)] if found else []
        if len(between) <= 2 and all(known.is_weekend(one) and one not in known.weekend_workdays for one in between):
            found += [PublicDay(one, day.name) for one in between]
        found.append(day)
    return found


def _one_line(name: str) -> str:
    return " ".join(name.replace(";", " /").split())[:80]
