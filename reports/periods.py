"""Which days a report is about, and which it is compared with. Pure: no clock of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from tenants.errors import Invalid

DAY: Final = timedelta(days=1)
CHOICES: Final = {"today": 1, "7": 7, "28": 28, "90": 90}
DEFAULT: Final = "28"
LONGEST: Final = 400  # days


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both included, in each store's own time zone. `choice`: one of CHOICES, or custom."""

    first: date
    last: date
    choice: str = "custom"

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The same number of days, right before."""
        return Period(self.first - DAY * self.length, self.first - DAY)

    def days(self) -> list[date]:
        return [self.first + DAY * index for index in range(self.length)]


def asked(query: Mapping[str, str], today: date) -> Period:
    """As a query string says it: `period`, or `from` and `to`. Raises Invalid with the field at fault."""
    first, last, choice = (query.get(name, "").strip() for name in ("from", "to", "period"))
    if first or last:
        begin, end = _date(first or last, "from"), _date(last or first, "to")
        return _checked(Period(begin, end))
    choice = choice or DEFAULT
    if choice not in CHOICES:
        raise Invalid(_("There is no such period."), field="period")
    return Period(today - DAY * (CHOICES[choice] - 1), today, choice)


def _checked(period: Period) -> Period:
    if period.last < period.first:
        raise Invalid(_("The last day lies before the first."), field="to")
    if period.length > LONGEST:
        raise Invalid(_("A report is over %(most)d days at most.") % {"most": LONGEST}, field="from")
    return period


def _date(text: str, field: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("Write a date as 2026-11-24."), field=field) from error
    if not 2000 <= found.year <= 2200:
        raise Invalid(_("There is nothing to report of that year."), field=field)
    return found


def local(now: datetime, zone: str) -> datetime:
    return now.astimezone(_zone(zone))


def today_of(now: datetime, zones: Iterable[str]) -> date:
    """The latest date that it is in any of these time zones; without one, in UTC."""
    return max((local(now, zone).date() for zone in set(zones)), default=now.date())


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
