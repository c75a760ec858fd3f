"""Triage by rules: what a buyer's words say about category, language, mood, before or after buying, urgency. Pure.

Good from the first minute, in Chinese and English, and what a learned model falls back on. A rule says nothing rather
than guess: an empty category is right when two are said alike.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from knowledge.categories import Category
from tickets.acknowledgement import language_of
from tickets.moods import Mood
from tickets.triage.words import TURNED, found_in

LONGEST: Final = 4_000  # characters that are read
CALM, SOON, NOW = 0, 1, 2  # the urgency
# Where two are said alike, who wins: what is said more rarely. A return of a broken thing is about the thing.
_FIRST: Final = (
    Category.COUNTERFEIT,
    Category.AD_MISMATCH,
    Category.LIVE_STREAM,
    Category.QUALITY,
    Category.SIZE,
    Category.REFUND,
    Category.ACCOUNT_PAYMENT,
    Category.LOGISTICS,
    Category.USAGE,
    Category.PRE_SALE,
)
# Said by who has bought already, whatever else they ask.
_BOUGHT: Final = frozenset(
    {Category.LOGISTICS, Category.QUALITY, Category.REFUND, Category.COUNTERFEIT, Category.AD_MISMATCH}
)


@dataclass(frozen=True)
class Judged:
    """`is_presale` is None where nothing tells. `because` are the words that decided the category, `moved` those that
    decided the mood."""

    category: str = ""
    language: str = ""  # zh, en, or empty for a text without letters
    mood: Mood = Mood.NEUTRAL
    is_presale: bool | None = None
    urgency: int = CALM
    because: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()


def judge(text: str) -> Judged:
    """What the words say; of an empty text, nothing."""
    text = text[:LONGEST]
    found = found_in(text)
    category, because = _category(found)
    mood, moved = _mood(found)
    return Judged(
        category=category,
        language=language_of(text),
        mood=mood,
        is_presale=is_presale(category),
        urgency=NOW if _said(found, "urgent") else SOON if _said(found, "soon") else CALM,
        because=because,
        moved=moved,
    )


def is_presale(category: str) -> bool | None:
    """What a category says about it: most of them are about something that was bought."""
    if category == Category.PRE_SALE:
        return True
    return False if category in _BOUGHT else None


def _category(found: dict[str, Counter[str]]) -> tuple[str, tuple[str, ...]]:
    """The category of which most is said. What is turned round (没有破损) says nothing about what it is about."""
    weights = {one: _weight(found.get(one, Counter())) for one in _FIRST}
    best = max(_FIRST, key=lambda one: weights[one])
    if not weights[best]:
        return "", ()
    return str(best), tuple(word for word in found[best] if not word.startswith(TURNED))[:3]


def _weight(hits: Counter[str]) -> int:
    """A phrase of several words weighs more than a word."""
    return sum(1 + len(word.split()) for word in hits if not word.startswith(TURNED))


def _mood(found: dict[str, Counter[str]]) -> tuple[Mood, tuple[str, ...]]:
    """Words turned round count for the other side; of as many on both sides, nothing is said. With the words of it."""
    good, bad = found.get("positive", Counter()), found.get("negative", Counter())
    turned = [word.startswith(TURNED) for word in good.elements()]
    saved = [word.startswith(TURNED) for word in bad.elements()]
    balance = len(turned) - 2 * sum(turned) - len(saved) + sum(saved)  # 没坏 is no praise
    if not balance:
        return Mood.NEUTRAL, ()
    mood, said = (Mood.PLEASED, good) if balance > 0 else (Mood.UNHAPPY, bad)
    return mood, tuple(word for word in said if not word.startswith(TURNED))[:3]


def _said(found: dict[str, Counter[str]], name: str) -> bool:
    return any(not word.startswith(TURNED) for word in found.get(name, ()))
