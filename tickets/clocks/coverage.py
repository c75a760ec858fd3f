"""Coverage: what buyers are likely to write, hour by hour of a week, against who is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo

from tickets.clocks.shifts import Span, hours_of, least_people

QUIET: Final = 0.5  # messages an hour: with fewer, one in two such hours is silent, and nobody has to be there


class State(StrEnum):
    HOLE = "hole"  # buyers write and nobody is there
    THIN = "thin"  # fewer are there than are needed
    ENOUGH = "enough"
    SPARE = "spare"  # somebody is there, and hardly anybody writes
    SILENT = "silent"  # neither
    SKIPPED = "skipped"  # the clocks are put forward over it


@dataclass(frozen=True)
class Cell:
    """An hour of a day. `demand`: messages of buyers that such an hour brings; `people`: the fewest at any moment."""

    day: date
    hour: int
    demand: float
    people: int
    needed: int
    state: State
    span: Span | None = None  # None where it is skipped
    times: float = 1.0  # what an event multiplies it by, which is in `demand` already


@dataclass(frozen=True)
class Rise:
    """While it lasts, buyers write `times` as much."""

    span: Span
    times: float


def times_in(span: Span, rises: Iterable[Rise]) -> float:
    """What such a time is multiplied by: a rise that fills half of it counts for half of what it adds."""
    if not span.length:
        return 1.0
    return 1.0 + sum((rise.times - 1.0) * (shared(span, rise.span) / span.length) for rise in rises)


def shared(one: Span, other: Span) -> timedelta:
    return max(timedelta(0), min(one.ends, other.ends) - max(one.begins, other.begins))


@dataclass(frozen=True)
class Run:
    """Hours of a day that follow each other and lack people alike. `until` is the hour that is outside, up to 24."""

    day: date
    hour: int
    until: int
    state: State
    demand: float  # the most in one of its hours
    people: int  # the fewest
    needed: int  # the most


def cells_of(
    first: date,
    tz: ZoneInfo,
    *,
    demand: Mapping[tuple[int, int], float],
    shifts: Sequence[Span],
    pace: int,
    rises: Sequence[Rise] = (),
    days: int = 7,
) -> list[list[Cell]]:
    """So many days of 24 hours. `demand` by (weekday, hour), Monday 0; `pace`: messages that one answers in an hour."""
    return [
        [
            _cell(day, hour, span, demand.get((day.weekday(), hour), 0.0), shifts, pace, rises)
            for hour, span in enumerate(hours_of(day, tz))
        ]
        for day in (first + timedelta(days=number) for number in range(days))
    ]


def _cell(
    day: date, hour: int, span: Span | None, usual: float, shifts: Sequence[Span], pace: int, rises: Sequence[Rise]
) -> Cell:
    if span is None:
        return Cell(day, hour, 0.0, 0, 0, State.SKIPPED)
    times = times_in(span, rises)
    demand, people = usual * times, least_people(span, shifts)
    needed = ceil(demand / pace) if demand >= QUIET else 0
    return Cell(day, hour, demand, people, needed, _state(people, needed), span, times)


def _state(people: int, needed: int) -> State:
    if not needed:
        return State.SPARE if people else State.SILENT
    if not people:
        return State.HOLE
    return State.THIN if people < needed else State.ENOUGH


def runs_of(days: Sequence[Sequence[Cell]]) -> list[Run]:
    """What lacks people, in order: the picture in words."""
    return [run for cells in days for run in _runs(cells)]


def _runs(cells: Sequence[Cell]) -> Iterator[Run]:
    run: list[Cell] = []
    for cell in [*cells, None]:
        if run and (cell is None or cell.state != run[-1].state):
            yield Run(
                run[0].day,
                run[0].hour,
                run[-1].hour + 1,
                run[0].state,
                max(one.demand for one in run),
                min(one.people for one in run),
                max(one.needed for one in run),
            )
            run = []
        if cell is not None and cell.state in (State.HOLE, State.THIN):
            run.append(cell)
