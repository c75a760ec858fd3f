"""A calendar of live events as an iCalendar file. What can't be read names the event and the property."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from tenants.tables.comma import decoded
from tenants.tables.problems import BadTable, Problem, whole
from tickets.clocks.demand import LEAST_RISE, MOST_RISE
from tickets.clocks.shifts import instant
from tickets.roster.files import events_in, moment_of
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
    begins, ends = (_instant(moment_of(row, event, part), store) for part in ("DTSTART", "DTEND"))
    found = _TIMES.search(name)
    times = float(found[1]) if found else None
    if times is not None and not LEAST_RISE <= times <= MOST_RISE:
        told = _("Between %(least)d and %(most)d times the usual.") % {"least": LEAST_RISE, "most": MOST_RISE}
        raise BadTable([Problem(row, "SUMMARY", told)])
    return Line(row, name[:60], store, begins, ends, times)


def _instant(at: datetime, store: StoreName) -> datetime:
    """A time without a zone is the store's."""
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    return instant(at.date(), at.hour * 60 + at.minute, ZoneInfo(store.time_zone))
