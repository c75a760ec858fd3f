"""Shifts: a day and times of a place to instants, what is wrong with them, and how many people there are when.

Pure: no Django, no clock of its own. Times of day are minutes since midnight on the place's clock on the wall.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LONGEST: Final = timedelta(hours=16)
SHORTEST: Final = timedelta(minutes=15)
DAY: Final = 24 * 60
MOST_SHIFTS: Final = 5000  # in one act or file

_CLOCK = re.compile(r"\A(\d{1,2})(?:[:.h](\d{2})(?::00)?)?\Z")
_WIDE = str.maketrans("０１２３４５６７８９：．点时", "0123456789:.::")


class BadShift(ValueError):
    """No shift that anybody can work. `code`: negative, empty, short, long, skipped; `hours`: its length."""

    def __init__(self, code: str, hours: float = 0.0) -> None:
        super().__init__(code)
        self.code, self.hours = code, hours


@dataclass(frozen=True, order=True)
class Span:
    """From an instant to another, in UTC; the end is outside."""

    begins: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        return self.ends - self.begins

    def meets(self, other: Span) -> bool:
        return self.begins < other.ends and other.begins < self.ends


@dataclass(frozen=True)
class Wanted:
    """A shift to be. `store` None: every store that they were given. `row`: where it stands in a file, else 0."""

    person: int
    store: int | None
    span: Span
    zone: str
    row: int = 0


def read_clock(text: str) -> int | None:
    """Minutes since midnight of `9`, `9:00`, `09:00:00`, `９：００`, `9点`, up to `24:00`; None for what is no time."""
    found = _CLOCK.match(text.strip().translate(_WIDE).rstrip(":"))
    if found is None:
        return None
    minutes = int(found[1]) * 60 + int(found[2] or 0)
    return minutes if int(found[2] or 0) < 60 and minutes <= DAY else None


def show_clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def instant(day: date, minutes: int, tz: ZoneInfo) -> datetime:
    """When the clock on the wall shows it, in UTC. Of a time that comes twice the first; of one that is skipped the
    instant of the skip. So a later time of day is never an earlier instant.
    """
    wall = datetime.combine(day + timedelta(days=minutes // DAY), time(minutes % DAY // 60, minutes % 60))
    first = wall.replace(tzinfo=tz).astimezone(UTC)
    if first.astimezone(tz).replace(tzinfo=None) == wall:
        return first
    return _skip(wall.replace(tzinfo=tz, fold=1).astimezone(UTC), first, tz)


def _skip(low: datetime, high: datetime, tz: ZoneInfo) -> datetime:
    """The instant between these at which the clocks are put forward, to the second."""
    before = low.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(tz).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def span_of(day: date, begins: int, ends: int, tz: ZoneInfo) -> Span:
    """The shift that begins on this day. An end that is not after the beginning is on the day after.

    Raises BadShift: `negative` where the shift would have to be longer than LONGEST to end then, which nobody means.
    """
    wall = ends - begins if ends > begins else ends + DAY - begins
    if ends == begins:
        raise BadShift("empty")
    if timedelta(minutes=wall) > LONGEST:
        raise BadShift("long", wall / 60) if ends > begins else BadShift("negative", (ends - begins) / 60)
    return checked(Span(instant(day, begins, tz), instant(day, begins + wall, tz)))


def checked(span: Span) -> Span:
    """Raises BadShift. What is shorter because the clocks were put forward in it may be, as long as there is any."""
    hours = span.length / timedelta(hours=1)
    if hours < 0:
        raise BadShift("negative", hours)
    if not hours:
        raise BadShift("skipped")
    if span.length < SHORTEST:
        raise BadShift("short", hours)
    if span.length > LONGEST + timedelta(hours=1):  # the night in which the clocks are put back
        raise BadShift("long", hours)
    return span


def wall(at: datetime, tz: ZoneInfo) -> tuple[date, int]:
    """The day and minutes on the place's clock."""
    there = at.astimezone(tz)
    return there.date(), there.hour * 60 + there.minute


def moved(span: Span, days: int, tz: ZoneInfo) -> Span:
    """The same times of day so many days later, whatever the clocks were put to meanwhile. Raises BadShift."""
    (begin_day, begins), (end_day, ends) = wall(span.begins, tz), wall(span.ends, tz)
    by = timedelta(days=days)
    return checked(Span(instant(begin_day + by, begins, tz), instant(end_day + by, ends, tz)))


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def first_meeting(spans: Iterable[tuple[int, Span]]) -> tuple[int, int] | None:
    """Of spans with their places in a list: two that overlap, or None. The later beginning comes second."""
    last: tuple[int, Span] | None = None
    for place, span in sorted(spans, key=lambda one: (one[1], one[0])):
        if last is not None and span.begins < last[1].ends:
            return last[0], place
        if last is None or span.ends > last[1].ends:
            last = place, span
    return None


def hours_of(day: date, tz: ZoneInfo) -> Iterator[Span | None]:
    """The day's 24 hours on the wall as instants. One that is skipped is None, one that comes twice is two hours."""
    for hour in range(24):
        begins, ends = instant(day, hour * 60, tz), instant(day, hour * 60 + 60, tz)
        yield Span(begins, ends) if ends > begins else None


def least_people(hour: Span, shifts: Sequence[Span]) -> int:
    """How many are there at the moment of the hour when the fewest are."""
    near = [shift for shift in shifts if shift.meets(hour)]
    moments = [hour.begins, *(shift.ends for shift in near if shift.ends < hour.ends)]
    return min(sum(1 for shift in near if shift.begins <= moment < shift.ends) for moment in moments)
