"""How much buyers are likely to write: an event raises the store's own hour of the week; a spike is far above it. Pure.

Whatever is expected is a mean of counts, and counts of independent buyers scatter by about its square root. So a spike
must be many of these above the mean, a multiple of it, and more than a handful; and it ends well below where it began,
so that one burst opens once and closes once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import Final
from zoneinfo import ZoneInfo

from tickets.clocks.coverage import Cell, Rise, cells_of, shared
from tickets.clocks.shifts import Span

LEAST_RISE, MOST_RISE = 1.0, 20.0

WINDOW: Final = timedelta(minutes=10)  # in which messages are counted for a spike
FLOOR: Final = 20  # messages in a window: with fewer nothing is a spike, however quiet the store is
OPEN_TIMES, OPEN_SCATTER = 2.0, 4.0  # a spike begins at so many times the usual, and so many square roots above it …
CLOSE_TIMES, CLOSE_SCATTER = 1.25, 1.0  # … and ends below these
CLOSE_FLOOR: Final = 10


@dataclass(frozen=True)
class Hour:
    """An hour on the wall in which an event runs, if only in part."""

    span: Span
    cell: Cell


def hours_during(
    span: Span,
    tz: ZoneInfo,
    *,
    demand: Mapping[tuple[int, int], float],
    rises: Sequence[Rise],
    shifts: Sequence[Span],
    pace: int,
) -> list[Hour]:
    """The hours that the time touches, with what buyers will write in each and who is there: as coverage counts it."""
    first, last = span.begins.astimezone(tz).date(), span.ends.astimezone(tz).date()
    days = (last - first).days + 1
    cells = cells_of(first, tz, demand=demand, shifts=shifts, pace=pace, rises=rises, days=days)
    return [Hour(cell.span, cell) for row in cells for cell in row if cell.span and cell.span.meets(span)]


def expected_in(span: Span, tz: ZoneInfo, *, demand: Mapping[tuple[int, int], float]) -> float:
    """Messages that such a time usually brings; of an hour that it only touches the part that it touches."""
    hours = hours_during(span, tz, demand=demand, rises=(), shifts=(), pace=1)
    return sum(hour.cell.demand * (shared(hour.span, span) / hour.span.length) for hour in hours)


# ---------------------------------------------------------------- spikes


@dataclass(frozen=True)
class Window:
    """What a store had in the last WINDOW. `usual`: what such a window brings; None: nothing is known of it yet."""

    seen: int
    usual: float | None
    is_open: bool = False  # a spike is under way


def opens_at(usual: float | None) -> float:
    """From so many messages on it is a spike. Without a past the store has to show far more than the floor."""
    if usual is None:
        return 3.0 * FLOOR
    return max(float(FLOOR), OPEN_TIMES * usual, usual + OPEN_SCATTER * sqrt(usual))


def closes_below(usual: float | None) -> float:
    if usual is None:
        return 3.0 * CLOSE_FLOOR
    return max(float(CLOSE_FLOOR), CLOSE_TIMES * usual, usual + CLOSE_SCATTER * sqrt(usual))


def is_spike(window: Window) -> bool:
    """Whether there is one now: one that is under way goes on until it is well over."""
    if window.is_open:
        return window.seen >= closes_below(window.usual)
    return window.seen >= opens_at(window.usual)


def usual_of(counts: int, weeks: int, *, hour: timedelta = timedelta(hours=1), times: float = 1.0) -> float | None:
    """What a window brings, from what the same hours of some weeks brought in all; None without a whole week."""
    return counts / weeks * (WINDOW / hour) * times if weeks > 0 else None
