"""What is counted of a buyer's opening, added up: the figures of a store, a day, a channel, a whole agency. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from operator import add, sub
from typing import Final

from reports import lanes
from reports.steps import STEPS, percentile, step_of

HOURS: Final = 24
# What is kept by the hour of the opening, in lanes: opened, within the goal, too late.
OPENED, WITHIN, LATE = 0, HOURS, 2 * HOURS
BY_HOUR: Final = 3 * HOURS
COUNTED: Final = ("opened", "reopened", "acknowledged", "answered", "within", "late", "breached", "closed")


@dataclass(frozen=True)
class Sums:
    """Openings by buyers and what became of them. Differences of two are Sums too.

    `opened`: a buyer's new ticket, or a message after the end of one; `reopened` of them: the latter. `answered`: a
    person answered. `within` and `late`: the goal of the first answer was kept, or missed (answered or not); of the
    rest it is not known yet. `breached`: any wait was too long. `closed`: and not taken back. `waits`: first human
    responses by step; `by_hour`: see above. Both in lanes.
    """

    opened: int = 0
    reopened: int = 0
    acknowledged: int = 0
    answered: int = 0
    within: int = 0
    late: int = 0
    breached: int = 0
    closed: int = 0
    waits: int = 0
    by_hour: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*map(add, self.values(), other.values()))

    def __sub__(self, other: Sums) -> Sums:
        return Sums(*map(sub, self.values(), other.values()))

    def __bool__(self) -> bool:
        return any(self.values())

    def values(self) -> tuple[int, ...]:
        return (*self.counts(), self.waits, self.by_hour)

    def counts(self) -> tuple[int, ...]:
        """In the order of COUNTED."""
        return (
            self.opened,
            self.reopened,
            self.acknowledged,
            self.answered,
            self.within,
            self.late,
            self.breached,
            self.closed,
        )

    @cached_property
    def _by_step(self) -> list[int]:
        return lanes.unpack(self.waits, len(STEPS))

    @property
    def p50(self) -> int | None:
        """Seconds, rounded up to a step; None where nothing was answered."""
        return percentile(self._by_step, 0.5)

    @property
    def p90(self) -> int | None:
        return percentile(self._by_step, 0.9)

    @property
    def unanswered(self) -> int:
        return self.opened - self.answered

    @property
    def share_within(self) -> float | None:
        """Of those whose goal was kept or missed; None where that is known of none."""
        known = self.within + self.late
        return self.within / known if known else None

    @property
    def share_reopened(self) -> float | None:
        return self.reopened / self.opened if self.opened else None

    def hours(self, kind: int = OPENED) -> list[int]:
        """By hour of the day, 24 counts: OPENED, WITHIN or LATE."""
        return lanes.unpack(self.by_hour, BY_HOUR)[kind : kind + HOURS]


NOTHING: Final = Sums()


def total(parts: Iterable[Sums]) -> Sums:
    """The sum, without making a Sums for each step of the way."""
    columns = list(zip(*(part.values() for part in parts), strict=True))
    return Sums(*map(sum, columns)) if columns else NOTHING


def one(
    *,
    hour: int,
    is_reopening: bool,
    acknowledged: bool,
    first_response_s: int | None,
    within: bool,
    late: bool,
    breached: bool,
    closed: bool,
) -> Sums:
    """What a single opening adds. `hour`: of the opening, in the store's time zone."""
    return Sums(
        opened=1,
        reopened=int(is_reopening),
        acknowledged=int(acknowledged),
        answered=int(first_response_s is not None),
        within=int(within),
        late=int(late),
        breached=int(breached),
        closed=int(closed),
        waits=lanes.lane(step_of(first_response_s)) if first_response_s is not None else 0,
        by_hour=lanes.lane(OPENED + hour) + within * lanes.lane(WITHIN + hour) + late * lanes.lane(LATE + hour),
    )
