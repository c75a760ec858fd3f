"""What the desk shows first: seconds to the next miss, times how little of them the store can bear. Pure: no Django.

A store's headroom is how many misses it has left until it falls below a target. Its weight is 0.1 with none left and
rises towards 1 with many, half-way at eight: 0 misses left 0.1, 3 left 0.35, 8 left 0.55, 100 left 0.93. A store that
nothing judges weighs 1, and so does everybody for whom time alone counts.

    waiting, s seconds left:    s × weight    four minutes weigh as 83 s where three misses are left
    overdue by s seconds:      -s ÷ weight    overdue comes before all that is not; longest × tightest first
    nobody waits:               None          last

Within one store that is the order of the due times, whatever its headroom. `tickets.queries.order` says the same in
SQL, to the last bit.
"""

from __future__ import annotations

from typing import Final, overload

SMALLEST: Final = 0.1  # with no miss left, and below the target
HALF_WAY: Final = 8  # misses left at which a store weighs half-way between the smallest weight and 1


def weight_of(headroom: int | None) -> float:
    """How much a second of the store's time counts, from 0.1 to 1. None: nothing is measured there."""
    if headroom is None:
        return 1.0
    left = max(0, headroom)
    return SMALLEST + (1 - SMALLEST) * (left / (left + HALF_WAY))


@overload
def pressing(seconds: float, weight: float) -> float: ...
@overload
def pressing(seconds: None, weight: float) -> None: ...
def pressing(seconds: float | None, weight: float) -> float | None:
    """Where in the order: less comes first, None comes last. `seconds` until the miss, negative once it has passed."""
    if seconds is None:
        return None
    return seconds / weight if seconds <= 0 else seconds * weight
