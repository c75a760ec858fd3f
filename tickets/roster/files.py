"""A roster as a file: XLSX, CSV or iCalendar, in and out. What can't be read names its row and its column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from icalendar import Calendar, Component, Event, vCalAddress

from tenants.tables.comma import decoded
from tenants.tables.problems import BadTable, Problem, whole
from tenants.tables.reading import Column, read_table
from tickets.clocks.shifts import MOST_SHIFTS, Span, read_clock, wall

MOST_BYTES: Final = 2 * 1024 * 1024
ICAL_TYPE: Final = "text/calendar; charset=utf-8"
COLUMNS: Final = (
    Column("person", (gettext_lazy("person"), "person", "name", "email", "人员", "姓名", "客服", "邮箱"), True, 254),
    Column("store", (gettext_lazy("store"), "store", "店铺"), most_letters=200),
    Column("day", (gettext_lazy("day"), "day", "date", "日期"), True, 40),
    Column("begins", (gettext_lazy("from"), "from", "begins", "start", "上班", "开始"), True, 20),
    Column("ends", (gettext_lazy("to"), "to", "ends", "end", "下班", "结束"), True, 20),
    Column("time_zone", (gettext_lazy("time zone"), "time zone", "时区"), most_letters=64),
)
_DAY = re.compile(r"\A(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?\Z")
_EVENT = re.compile(r"^BEGIN:VEVENT\s*$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class OnClock:
    """A day and times of day in minutes, of whichever place it turns out to be."""

    day: date
    begins: int
    ends: int


@dataclass(frozen=True)
class Line:
    """A shift as the file says it. `row`: of a table as a spreadsheet counts, of a calendar which event it is.

    `store` empty: all of theirs. `zone` empty: that of the store.
    """

    row: int
    person: str
    store: str
    zone: str
    when: OnClock | Span


@dataclass(frozen=True)
class Told:
    """A shift with the words that a file says it in."""

    pk: int
    person: str
    email: str
    store: str  # its short name; empty: all
    store_name: str
    span: Span
    zone: Any  # ZoneInfo


def heading_of(name: str) -> str:
    """How problems name what is at fault."""
    return next((column.heading for column in COLUMNS if column.name == name), name)


# ---------------------------------------------------------------- in


def lines_in(data: bytes) -> list[Line]:
    """Raises BadTable with every place that is wrong."""
    if len(data) > MOST_BYTES:
        raise whole(_("A file of at most %(most)d MB can be read.") % {"most": MOST_BYTES >> 20})
    lines = _of_calendar(decoded(data)) if _is_calendar(data) else _of_table(data)
    if not lines:
        raise whole(_("There is no shift in it."))
    if len(lines) > MOST_SHIFTS:
        raise whole(_("At most %(most)d shifts at once.") % {"most": MOST_SHIFTS})
    return lines


def _of_table(data: bytes) -> list[Line]:
    lines, problems = [], []
    for row in read_table(data, COLUMNS).rows:
        day = _day(row.values["day"])
        begins, ends = read_clock(row.values["begins"]), read_clock(row.values["ends"])
        if day is None:
            problems.append(Problem(row.number, heading_of("day"), _("A date is written as 2026-11-20.")))
        for name, read in (("begins", begins), ("ends", ends)):
            if read is None:
                problems.append(Problem(row.number, heading_of(name), _("A time is written as 09:30.")))
        zone = row.values["time_zone"]
        if zone and zone not in available_timezones():
            problems.append(Problem(row.number, heading_of("time_zone"), _no_zone(zone)))
        if day is not None and begins is not None and ends is not None:
            when = OnClock(day, begins, ends)
            lines.append(Line(row.number, row.values["person"], row.values["store"], zone, when))
    if problems:
        raise BadTable(problems)
    return lines


def _day(text: str) -> date | None:
    found = _DAY.match(text.strip())
    try:
        day = date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 2100 else None


def _no_zone(name: str) -> str:
    return _("There is no time zone “%(zone)s”.") % {"zone": name[:64]}


def _is_calendar(data: bytes) -> bool:
    return b"BEGIN:VCALENDAR" in data[:400].replace(b"\x00", b"").upper()


def _of_calendar(text: str) -> list[Line]:
    if len(_EVENT.findall(text)) > MOST_SHIFTS:
        raise whole(_("At most %(most)d shifts at once.") % {"most": MOST_SHIFTS})
    lines: list[Line] = []
    problems: list[Problem] = []
    for number, event in enumerate(events_in(text), start=1):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        try:
            lines.append(_of_event(number, event))
        except BadTable as bad:
            problems.extend(bad.problems)
    if problems:
        raise BadTable(problems)
    return lines


def events_in(text: str) -> Iterator[Component]:
    try:
        calendars = Calendar.from_ical(text, multiple=True)
        yield from [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, IndexError, OSError) as error:  # OSError: a TZID that is a folder of the time zones
        raise whole(_("This calendar can't be read.")) from error


def _of_event(number: int, event: Component) -> Line:
    """Raises BadTable with the property that is wrong."""
    if event.get("RRULE") or event.get("RDATE"):
        told = _("Events that repeat are not read. Let your calendar write each of them, or use a table.")
        raise BadTable([Problem(number, "RRULE", told)])
    begins = moment_of(number, event, "DTSTART")
    length = None if event.get("DTEND") else value_of(event.get("DURATION"))
    if isinstance(length, timedelta) and abs(length.days) < 400:
        ends = begins + length
    else:
        ends = moment_of(number, event, "DTEND")
    person = _person(event)
    if not person:
        raise BadTable([Problem(number, "ATTENDEE", _("It says nobody’s e-mail address."))])
    store = " ".join(str(event.get("LOCATION", "")).split())[:200]
    zone = getattr(begins.tzinfo, "key", "") if begins.tzinfo else ""
    return Line(number, person, store, "" if zone in ("UTC", "Etc/UTC") else zone, _when(begins, ends))


def moment_of(number: int, event: Component, name: str) -> datetime:
    """Raises BadTable where there is none, or a day without a time, or a time zone that is nobody's."""
    said = event.get(name)
    at = value_of(said)
    if not isinstance(at, datetime) or not 2000 <= at.year < 2100:
        raise BadTable([Problem(number, name, _("A day and a time of day are needed."))])
    zone = str(said.params.get("TZID", "")) if at.tzinfo is None else ""
    if zone:
        raise BadTable([Problem(number, name, _no_zone(zone))])
    return at


def value_of(said: Any) -> Any:
    """What the library made of a property; None where it is broken, which the library tells on asking."""
    try:
        return getattr(said, "dt", None)
    except ValueError:
        return None


def _when(begins: datetime, ends: datetime) -> OnClock | Span:
    if begins.tzinfo is not None and ends.tzinfo is not None:
        return Span(begins.astimezone(UTC), ends.astimezone(UTC))
    days = (ends.date() - begins.date()).days
    return OnClock(begins.date(), begins.hour * 60 + begins.minute, days * 1440 + ends.hour * 60 + ends.minute)


def _person(event: Component) -> str:
    said = event.get("ATTENDEE")
    first = str(said[0] if isinstance(said, list) and said else said or "")
    return re.sub(r"\Amailto:", "", first, flags=re.IGNORECASE).strip()[:254]


# ---------------------------------------------------------------- out


def table_of(shifts: Iterable[Told]) -> tuple[list[str], list[list[Any]]]:
    """Headings and rows that `lines_in` reads."""
    return [column.heading for column in COLUMNS], [_row(shift) for shift in shifts]


def _row(shift: Told) -> list[Any]:
    (day, begins), (_end_day, ends) = wall(shift.span.begins, shift.zone), wall(shift.span.ends, shift.zone)
    times = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (begins, ends)]
    return [shift.email, shift.store, day.isoformat(), *times, shift.zone.key]


def calendar_of(shifts: Sequence[Told], *, host: str, now: datetime) -> bytes:
    """One event a shift. Its UID stays the same, so that a calendar that reads the file again has it once."""
    calendar = Calendar()
    calendar.add("prodid", "-//Deskfleet//Roster//EN")
    calendar.add("version", "2.0")
    for shift in shifts:
        calendar.add_component(_event(shift, host, now))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(shift: Told, host: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"shift-{shift.pk}@{host}")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", shift.span.begins.astimezone(shift.zone))
    event.add("dtend", shift.span.ends.astimezone(shift.zone))
    event.add("summary", f"{shift.person} · {shift.store_name or _('all stores')}")
    event.add("attendee", vCalAddress(f"mailto:{shift.email}"))
    if shift.store:
        event.add("location", shift.store)
    return event
