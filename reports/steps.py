"""The steps in which times are counted, so that a median over any stores and days can be put together. Pure.

A wait is counted at the step that it does not exceed. Rounding up keeps the order, so a percentile over steps is the
true percentile, rounded up to its step: "nine of ten within 5 min" is never said too soon, and too late by an eighth at
most. What took longer than 30 days is counted at 30 days.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import ceil
from typing import Final

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

# Until when (seconds) steps are so wide; of a size that people read: 45 s, 2 min 30 s, 1 h 15 min.
_WIDTHS: Final = (
    (20, 1),
    (30, 2),
    (60, 3),
    (2 * _MINUTE, 5),
    (5 * _MINUTE, 15),
    (10 * _MINUTE, 30),
    (20 * _MINUTE, _MINUTE),
    (30 * _MINUTE, 2 * _MINUTE),
    (_HOUR, 3 * _MINUTE),
    (2 * _HOUR, 5 * _MINUTE),
    (5 * _HOUR, 15 * _MINUTE),
    (10 * _HOUR, 30 * _MINUTE),
    (_DAY, _HOUR),
    (2 * _DAY, 2 * _HOUR),
    (4 * _DAY, 6 * _HOUR),
    (7 * _DAY, 12 * _HOUR),
    (30 * _DAY, _DAY),
)


def _steps() -> tuple[int, ...]:
    steps = [0]
    for until, width in _WIDTHS:
        steps += range(steps[-1] + width, until + 1, width)
    return tuple(steps)


STEPS: Final = _steps()  # seconds, rising


def step_of(seconds: int) -> int:
    """The index of the step that this wait is counted at. Beyond the last one, the last."""
    return min(bisect_left(STEPS, seconds), len(STEPS) - 1)


def percentile(counts: list[int], share: float) -> int | None:
    """Seconds that `share` of what was counted (by step) did not exceed: nearest rank, rounded up to its step."""
    summed = list(accumulate(counts))
    if not summed or not summed[-1]:
        return None
    return STEPS[bisect_left(summed, max(1, ceil(summed[-1] * share)))]
