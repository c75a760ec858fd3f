"""Business time: when somebody is there to answer, in the store's own days. Pure: no Django, no clock of its own.

A week of local days with any number of spans each, dated exceptions (holidays, make-up working days), any time zone.
Wall-clock times become moments in one way: a time that comes twice (the clock is put back) is its first coming, a time
that never comes (the clock is put forward) is the moment of the jump. So spans that touch by the wall touch in truth,
no second is counted twice, and none is lost.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

DAY: Final = 24 * 60 * 60  # seconds by the wall
ONE_DAY: Final = timedelta(days=1)
NOTHING: Final = timedelta(0)
FIRST_DAY: Final = date(1, 1, 2)  # … and before it
LAST_DAY: Final = date(9998, 12, 31)  # one that still has a day after it, in any zone


class HoursError(ValueError):
    """Hours that can't be meant. `field`: which part; `at`: which day of the week (0 is Monday) or which date."""

    def __init__(self, message: str, *, field: str, at: int | date | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.at = at


@dataclass(frozen=True, order=True)
class Span:
    """Open from `start` until `end`, in seconds after local midnight by the wall; 86,400 is the day's end."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < DAY or self.end > DAY:
            raise HoursError("outside_day", field="spans")
        if self.end <= self.start:
            raise HoursError("ends_before_it_begins", field="spans")


Day = tuple[Span, ...]
Week = tuple[Day, Day, Day, Day, Day, Day, Day]

WHOLE_DAY: Final[Day] = (Span(0, DAY),)
CLOSED: Final[Day] = ()


@dataclass(frozen=True)
class Hours:
    """When a store or a marketplace's measure is open. `week` begins with Monday; `exceptions` replace whole days.

    Raises HoursError for a zone nobody knows, spans that overlap, or a week that never opens.
    """

    tz: str
    week: Week
    exceptions: Mapping[date, Day] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.tz not in _zones():
            raise HoursError("unknown_zone", field="tz")
        if len(self.week) != 7:
            raise HoursError("not_seven_days", field="week")
        for number, day in enumerate(self.week):
            _check_day(day, "week", number)
        for on, day in self.exceptions.items():
            _check_day(day, "exceptions", on)
        if not any(self.week):
            raise HoursError("never_open", field="week")

    def __hash__(self) -> int:
        return hash((self.tz, self.week, frozenset(self.exceptions.items())))

    @property
    def is_always(self) -> bool:
        """Whether it never closes; then business time is time."""
        return not self.exceptions and all(day == WHOLE_DAY for day in self.week)

    def local_day(self, at: datetime) -> date:
        """The date by the wall there."""
        return _aware(at).astimezone(ZoneInfo(self.tz)).date()

    def spans_on(self, day: date) -> Day:
        """What is meant for that local date: the exception, or else the day of the week."""
        special = self.exceptions.get(day)
        return self.week[day.weekday()] if special is None else special

    def is_open(self, at: datetime) -> bool:
        at = _aware(at)
        return any(start <= at < end for start, end in self._moments(self.local_day(at) - ONE_DAY, days=3))

    def next_open(self, at: datetime) -> datetime:
        """`at` itself when it is open, else the next opening. UTC."""
        at = _aware(at)
        for start, end in self._moments(self.local_day(at) - ONE_DAY):
            if end > at:
                return max(start, at)
        raise HoursError("never_open", field="exceptions")

    def add(self, start: datetime, seconds: float) -> datetime:
        """The first moment at which so much business time has passed since `start`. UTC; `start` itself for none.

        The end of a span belongs to it: what is due at closing time is due then, not at the next opening.
        """
        start, left = _aware(start), timedelta(seconds=seconds)
        if left <= NOTHING:
            return start
        if self.is_always:
            return start + left
        for opens, closes in self._moments(self.local_day(start) - ONE_DAY):
            begin = max(opens, start)
            if closes - begin >= left:
                return begin + left
            left -= max(closes - begin, NOTHING)
        raise HoursError("never_open", field="exceptions")

    def back(self, end: datetime, seconds: float) -> datetime:
        """The latest moment from which so much business time passes until `end`. UTC; `end` itself for none.

        So whatever began then or before has waited that long: `add(start, seconds) <= end`.
        """
        end, left = _aware(end), timedelta(seconds=seconds)
        if left <= NOTHING:
            return end
        if self.is_always:
            return end - left
        day = self.local_day(end) + ONE_DAY
        while day > FIRST_DAY:
            for opens, closes in reversed(_moments_of(self.tz, day, self.spans_on(day))):
                close = min(closes, end)
                if close - opens >= left:
                    return close - left
                left -= max(close - opens, NOTHING)
            day -= ONE_DAY
        raise HoursError("never_open", field="exceptions")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The business time from one moment to the other; none when `end` is not later."""
        start, end = _aware(start), _aware(end)
        if end <= start:
            return NOTHING
        if self.is_always:
            return end - start
        passed = NOTHING
        for opens, closes in self._moments(self.local_day(start) - ONE_DAY):
            if opens >= end:
                break
            passed += max(min(closes, end) - max(opens, start), NOTHING)
        return passed

    def _moments(self, first: date, *, days: int | None = None) -> Iterator[tuple[datetime, datetime]]:
        """Spans as moments in UTC, in order, from a local date on. Those that a jump swallowed are left out."""
        day, last = first, LAST_DAY if days is None else first + ONE_DAY * (days - 1)
        while day <= last:
            for opens, closes in _moments_of(self.tz, day, self.spans_on(day)):
                if closes > opens:
                    yield opens, closes
            day += ONE_DAY


def ALWAYS(tz: str) -> Hours:
    """24 hours on seven days, with days of that zone. Reads as the constant that it is, but for them."""
    return every_day(tz, WHOLE_DAY)


def every_day(tz: str, day: Day) -> Hours:
    """The same spans on all seven days."""
    return Hours(tz, (day, day, day, day, day, day, day))


_SPAN = re.compile(r"\s*(\d{1,2})(?:[:：](\d{2}))?\s*(?:-|–|—|~|至|到)\s*(\d{1,2})(?:[:：](\d{2}))?\s*")
_BETWEEN = re.compile(r"[,，;；、\n]|\s+(?=\d{1,2}[:：]\d{2}\s*(?:-|–|—|~|至|到))")


def day_of(text: str) -> Day:
    """Spans as people write them: `09:00-12:00, 13:30-18:00`, `24` for the whole day, nothing for closed.

    Raises HoursError (`not_a_span`, `outside_day`, `ends_before_it_begins`, `overlap`).
    """
    text = text.strip()
    if text in ("24", "24h", "24H", "24小时"):
        return WHOLE_DAY
    day = tuple(sorted(_span(part) for part in _BETWEEN.split(text) if part.strip()))
    _check_day(day, "spans", None)
    return day


def text_of(day: Day) -> str:
    """What `day_of` reads back to the same spans."""
    return ", ".join(f"{_wall(span.start)}-{_wall(span.end)}" for span in day)


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise HoursError("not_a_span", field="spans")
    from_hour, from_minute, to_hour, to_minute = (int(part or 0) for part in found.groups())
    if from_minute > 59 or to_minute > 59:
        raise HoursError("outside_day", field="spans")
    return Span((from_hour * 60 + from_minute) * 60, (to_hour * 60 + to_minute) * 60)


def _wall(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"


def _check_day(day: Day, where: str, at: int | date | None) -> None:
    for one, other in pairwise(day):
        if other.start < one.end:
            raise HoursError("overlap", field=where, at=at)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return at.astimezone(UTC)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=8192)
def _moments_of(tz: str, day: date, spans: Day) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((_moment(tz, day, span.start), _moment(tz, day, span.end)) for span in spans)


def _moment(tz: str, day: date, seconds: int) -> datetime:
    """A wall-clock time as a moment: its first coming, or the jump that left it out."""
    zone = ZoneInfo(tz)
    wall = datetime.combine(day, time()) + timedelta(seconds=seconds)
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    return _jump(zone, wall, moment)


def _jump(zone: ZoneInfo, wall: datetime, after: datetime) -> datetime:
    """The moment at which the clock was put forward over `wall`. `after`: not before it, and at most a day later."""
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    seconds = range(int((after - before).total_seconds()))
    crossed = bisect_right(
        seconds, 0, key=lambda second: (before + timedelta(seconds=second)).astimezone(zone).replace(tzinfo=None) > wall
    )
    return before + timedelta(seconds=crossed)
