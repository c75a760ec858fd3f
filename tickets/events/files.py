"""A calendar of live events as an iCalendar file. What can't be read names the event and the property."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from tenants.tables.comma import decoded
from tenants.tables.problems import BadTable, Problem, whole
from tickets.clocks.demand import LEAST_RISE, MOST_RISE
from tickets.clocks.shifts import instant
from tickets.roster.files import events_in, moment_of, value_of
from tickets.roster.queries.week import StoreName

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_EVENTS: Final = 500
_TIMES: Final = re.compile(r"(?:×|\bx\s?|\*)\s*(\d{1,2}(?:\.\d)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """An event as the file says it, in instants. `row`: which of the file's events; `times` None: it does not say."""

    row: int
    name: str
    store: StoreName
    begins_at: datetime
    ends_at: datetime
    times: float | None


def lines_in(data: bytes, stores: Sequence[StoreName], usual: StoreName) -> list[Line]:
    """LOCATION names the store, by name or short name; without one it is `usual`. “×3” in SUMMARY: times the usual.

    Raises BadTable with every place that is wrong.
    """
    if len(data) > MOST_BYTES:
        raise whole(_("A file of at most %(most)d MB can be read.") % {"most": MOST_BYTES >> 20})
    text = decoded(data)
    if "BEGIN:VCALENDAR" not in text[:400].upper():
        raise whole(_("This is no iCalendar file (.ics)."))
    known = {word.casefold(): store for store in stores for word in (store.name, store.slug)}
    lines: list[Line] = []
    problems: list[Problem] = []
    for row, event in enumerate(events_in(text), start=1):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        try:
            lines.append(_line(row, event, known, usual))
        except BadTable as bad:
            problems.extend(bad.problems)
    if problems:
        raise BadTable(problems)
    if not lines:
        raise whole(_("There is no event in it."))
    if len(lines) > MOST_EVENTS:
        raise whole(_("At most %(most)d events at once.") % {"most": MOST_EVENTS})
    return lines


def _line(row: int, event: Any, known: dict[str, StoreName], usual: StoreName) -> Line:
    if event.get("RRULE") or event.get("RDATE"):
        told = _("Events that repeat are not read. Let your calendar write each of them, or use a table.")
        raise BadTable([Problem(row, "RRULE", told)])
    place = " ".join(str(event.get("LOCATION", "")).split())
    store = known.get(place.casefold()) if place else usual
    if store is None:
        raise BadTable([Problem(row, "LOCATION", _("There is no such store."))])
    name = " ".join(str(event.get("SUMMARY", "")).split())
    if not name:
        raise BadTable([Problem(row, "SUMMARY", _("It has no name."))])
    begins, ends = _times(row, event, store)
    found = _TIMES.search(name)
    times = float(found[1]) if found else None
    if times is not None and not LEAST_RISE <= times <= MOST_RISE:
        told = _("Between %(least)d and %(most)d times the usual.") % {"least": LEAST_RISE, "most": MOST_RISE}
        raise BadTable([Problem(row, "SUMMARY", told)])
    return Line(row, name[:60], store, begins, ends, times)


def _times(row: int, event: Any, store: StoreName) -> tuple[datetime, datetime]:
    """When it begins and ends. DTEND or DURATION; a day that says neither lasts that day (RFC 5545, 3.6.1)."""
    begins = _said(row, event, "DTSTART")
    part = "DURATION" if event.get("DURATION") else "DTEND"
    if part == "DTEND" and (event.get("DTEND") or isinstance(begins, datetime)):
        _said(row, event, "DTEND")
    try:
        ends = event.end
    except (ValueError, TypeError, OverflowError) as error:  # both of them, or hours of a whole day, or too long
        raise BadTable([Problem(row, part, _("This does not go together with when it begins."))]) from error
    if not _is_near(ends):
        raise BadTable([Problem(row, part, _("This does not go together with when it begins."))])
    first, last = _instant(begins, store), _instant(ends, store)
    if part == "DURATION" and last <= first:
        raise BadTable([Problem(row, part, _("It ends before it begins."))])
    return first, last


def _said(row: int, event: Any, part: str) -> date:
    """A moment, or a whole day. Raises BadTable."""
    day = value_of(event.get(part))
    if isinstance(day, date) and not isinstance(day, datetime) and _is_near(day):
        return day
    return moment_of(row, event, part)


def _is_near(day: date) -> bool:
    return 2000 <= day.year < 2100


def _instant(at: date, store: StoreName) -> datetime:
    """A time without a zone is the store's, and so is a day, which begins at midnight."""
    if not isinstance(at, datetime):
        return instant(at, 0, ZoneInfo(store.time_zone))
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    return instant(at.date(), at.hour * 60 + at.minute, ZoneInfo(store.time_zone))
