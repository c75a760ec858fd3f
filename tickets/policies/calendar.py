"""Special days out of a file: a table, or an iCalendar of whole days. Raises Invalid or BadTable, with the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from icalendar import Calendar, Component

from tenants.errors import Invalid
from tenants.tables.comma import decoded
from tenants.tables.problems import BadTable, Problem
from tenants.tables.reading import Column, read_table
from tickets.policies.actions.set_hours import MOST_DAYS, WantedDay

MOST_BYTES: Final = 2 * 1024 * 1024
COLUMNS: Final = (
    Column("date", (gettext_lazy("date"), "date", "日期"), is_required=True, most_letters=40),
    Column("spans", (gettext_lazy("opening hours"), "open", "hours", "营业时间", "时间"), most_letters=200),
    Column("name", (gettext_lazy("name"), "name", "名称", "节日"), most_letters=80),
    Column("holiday_mode", (gettext_lazy("holiday mode"), "holiday mode", "假期模式", "休假模式"), most_letters=10),
)
_YES: Final = {"yes", "y", "1", "true", "x", "是", "√"}


def days_in(data: bytes) -> list[WantedDay]:
    """As the file has them, in its order."""
    if len(data) > MOST_BYTES:
        raise Invalid(_("The file is too large."), field="file")
    if b"BEGIN:VCALENDAR" in data[:2000].upper():
        return list(_of_calendar(decoded(data)))
    return _of_table(data)


def _of_table(data: bytes) -> list[WantedDay]:
    found, problems = [], []
    for row in read_table(data, COLUMNS).rows:
        day = _day(row.values["date"])
        if day is None:
            problems.append(Problem(row.number, COLUMNS[0].heading, _("A date looks like 2027-02-06.")))
            continue
        is_holiday_mode = row.values["holiday_mode"].casefold() in _YES
        found.append(WantedDay(day, row.values["spans"], row.values["name"], is_holiday_mode))
    if problems:
        raise BadTable(problems)
    return found


def _of_calendar(text: str) -> Iterator[WantedDay]:
    """Events of whole days; DTEND is the first day after. Those with a time of day are not taken."""
    count = 0
    for event in _events(text):
        first, after = _whole_day(event, "DTSTART"), _whole_day(event, "DTEND")
        if first is None:
            continue
        last = after - timedelta(days=1) if after is not None and after > first else first
        for offset in range((last - first).days + 1):
            count += 1
            if count > MOST_DAYS:
                raise Invalid(_("More than %(most)d special days are too many.") % {"most": MOST_DAYS}, field="file")
            yield WantedDay(first + timedelta(days=offset), "", _plain(str(event.get("SUMMARY", "")))[:80])
    if not count:
        raise Invalid(_("The calendar has no events of whole days."), field="file")


def _events(text: str) -> Iterator[Component]:
    try:
        for calendar in Calendar.from_ical(text, multiple=True):
            yield from calendar.walk("VEVENT")
    except (ValueError, OSError) as error:  # OSError: a TZID that is a folder of the time zones
        raise Invalid(_("The calendar has no events of whole days."), field="file") from error


def _whole_day(event: Component, name: str) -> date | None:
    try:
        found = getattr(event.get(name), "dt", None)
    except ValueError:  # a broken date: the library tells only when it is asked
        return None
    return found if isinstance(found, date) and not isinstance(found, datetime) else None


def _plain(text: str) -> str:
    """On one line."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _day(text: str) -> date | None:
    """2027-02-06, 2027/2/6, 20270206, also with a midnight behind it, as spreadsheets write a date."""
    found = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ]00:00(?::00)?)?", text.strip())
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None
