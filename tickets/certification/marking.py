"""Which questions a sitting has, in which order its choices stand, and what its answers are worth. Pure."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """`right`: by question, in their order. `per_cent` is rounded down: it never shows more than was reached."""

    right: tuple[bool, ...]
    per_cent: int
    passed: bool

    @property
    def correct(self) -> int:
        return sum(self.right)


def draw(pool: Sequence[tuple[int, Hashable]], count: int, *, seed: int) -> list[int]:
    """`count` numbers out of `pool`, pairs of a number and what it is about; all of them where there are no more.

    Every matter has its turn before one has a second, so that no SOP of an exam is left out by chance. The same pool
    and seed draw the same, in the same order, whatever order the pool came in.
    """
    chance = random.Random(seed)  # noqa: S311  # fairness, no secret
    by_matter: dict[Hashable, list[int]] = {}
    for number, matter in sorted(pool, key=lambda pair: pair[0]):
        by_matter.setdefault(matter, []).append(number)
    piles = list(by_matter.values())
    for pile in piles:
        chance.shuffle(pile)
    chance.shuffle(piles)
    drawn: list[int] = []
    while piles and len(drawn) < count:
        drawn.extend(pile.pop() for pile in piles[: count - len(drawn)])
        piles = [pile for pile in piles if pile]
    chance.shuffle(drawn)
    return drawn


def shuffled(count: int, *, seed: int) -> list[int]:
    """The places 0 … count - 1 in the order in which the choices are shown."""
    order = list(range(count))
    random.Random(seed).shuffle(order)  # noqa: S311  # fairness, no secret
    return order


def mark(right: Sequence[AbstractSet[int]], given: Sequence[AbstractSet[int]], *, pass_mark: int) -> Mark:
    """All or nothing for each question: the places that were chosen are those that are right, and no others.

    `pass_mark` in per cent, of the questions; reached exactly is passed. A question without an answer is wrong.
    """
    if len(right) != len(given):
        raise ValueError("an answer for each question")
    good = tuple(bool(chosen) and set(chosen) == set(those) for those, chosen in zip(right, given, strict=True))
    total, correct = len(good), sum(good)
    return Mark(good, correct * 100 // total if total else 0, bool(total) and correct * 100 >= pass_mark * total)
