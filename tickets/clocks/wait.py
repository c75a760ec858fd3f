"""What a buyer may honestly be told about the wait. Pure: no Django, no clock of its own."""

from __future__ import annotations

from datetime import timedelta

LEAST_SAMPLES = 3  # below this, one lucky answer would be a promise
SHARE = 0.8  # "most buyers" are four of five

# The steps in which a wait is told, rounded up: nobody believes "4 minutes 37 seconds".
STEPS = tuple(
    timedelta(minutes=m) for m in (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440)
)


def expected_wait(*, samples: int, answered: timedelta | None, waiting: timedelta | None) -> timedelta | None:
    """The wait to tell, or None where nothing true can be said.

    `answered`: within this long, `SHARE` of the last hour's `samples` buyers had their first human word. `waiting`: the
    age of the oldest wait that goes on, leaving out one for every four samples. The longer of the two is told: so
    those who have waited longer are always few beside those who were answered within it, and a desk that has fallen
    behind does not go on promising what it did earlier.
    """
    if samples < LEAST_SAMPLES or answered is None:
        return None
    wait = max(answered, waiting or timedelta(0))
    return next((step for step in STEPS if wait <= step), None)
