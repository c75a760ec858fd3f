"""Medians with their spread, and turns: what is compared is measured alternately."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Figures(dict[str, Any]):
    """What is printed in the end: `name`, and beside it `name_spread` (least and most of what was measured)."""

    def put(self, name: str, values: Sequence[float], *, digits: int = 2) -> float:
        """The median."""
        self[name] = round(statistics.median(values), digits)
        self[f"{name}_spread"] = [round(min(values), digits), round(max(values), digits)]
        return float(statistics.median(values))

    def put_quartiles(self, name: str, values: Sequence[float], *, digits: int = 2) -> float:
        """The same with the quartiles for a spread: for many short measurements, a few of which are disturbed."""
        low, middle, high = statistics.quantiles(values, n=4)
        self[name], self[f"{name}_quartiles"] = round(middle, digits), [round(low, digits), round(high, digits)]
        return middle

    def put_waits(self, name: str, seconds: Sequence[float]) -> None:
        """p50 and p95 in milliseconds."""
        waits = sorted(seconds)
        self[f"{name}_p50_ms"] = round(waits[len(waits) // 2] * 1000, 3)
        self[f"{name}_p95_ms"] = round(waits[int(len(waits) * 0.95)] * 1000, 3)


def seconds_of(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def in_turns(kinds: Mapping[str, Callable[[int], object]], *, rounds: int, each: int) -> dict[str, list[float]]:
    """Microseconds a call of each kind, one mean a round. A kind is handed `each` and calls so many times."""
    names = list(kinds)
    found: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        kinds[name](each)  # plans, caches, the first switch
    for turn in range(rounds):
        for step in range(len(names)):
            name = names[(turn + step) % len(names)]
            found[name].append(seconds_of(lambda name=name: kinds[name](each)) / each * 1e6)  # type: ignore[misc]
    return found


def minus(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Round by round."""
    return [a - b for a, b in zip(one, other, strict=True)]
