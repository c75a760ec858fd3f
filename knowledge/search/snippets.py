"""A few words around what was found, with it marked. Parts of text, never HTML: a template marks and escapes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from knowledge.search.words import plain

AROUND: Final = 120  # characters of a snippet
BEFORE: Final = 30  # of them before the first find
LOOKED_AT: Final = 20_000  # characters of a text
_ENDINGS = re.compile(r"(?:ments?|ings?|edly|ed|ies|es|s|ly|ion|y)$")


@dataclass(frozen=True)
class Part:
    """A piece of text; `is_found`: it is what was looked for."""

    text: str
    is_found: bool = False


def mark(text: str, marks: Sequence[str]) -> tuple[Part, ...]:
    """The whole text in parts."""
    parts, at = list[Part](), 0
    for start, end in _places(text, marks):
        if start > at:
            parts.append(Part(text[at:start]))
        parts.append(Part(text[start:end], is_found=True))
        at = end
    return (*parts, Part(text[at:])) if at < len(text) or not parts else tuple(parts)


def snippet(text: str, marks: Sequence[str]) -> tuple[Part, ...]:
    """The place of the text where most of it is, in AROUND characters; its beginning where nothing is."""
    text = " ".join(text[:LOOKED_AT].split())
    start = _best(_places(text, marks))
    end = min(len(text), start + AROUND)
    before = (Part("…"),) if start else ()
    after = (Part("…"),) if end < len(text) else ()
    return (*before, *mark(text[start:end], marks), *after)


def _best(places: Sequence[tuple[int, int]]) -> int:
    """Where a window begins that holds the most."""
    best, most = 0, 0
    for number, (start, _end) in enumerate(places):
        held = sum(end - begin for begin, end in places[number : number + 40] if end <= start + AROUND - BEFORE)
        if held > most:
            best, most = max(0, start - BEFORE), held
    return best


def _places(text: str, marks: Sequence[str]) -> list[tuple[int, int]]:
    """Where the marks are, without overlaps, the longest first."""
    pattern = _pattern(tuple(marks))
    return [found.span() for found in pattern.finditer(_folded(text))] if pattern else []


def _folded(text: str) -> str:
    """`plain`, sign by sign, so that places are the same: what folds into several stays."""
    whole = plain(text)
    if len(whole) == len(text):
        return whole
    return "".join(map(_folded_sign, text))


@lru_cache(maxsize=20_000)
def _folded_sign(one: str) -> str:
    folded = plain(one)
    return folded if len(folded) == 1 else one


@lru_cache(maxsize=64)
def _pattern(marks: tuple[str, ...]) -> re.Pattern[str] | None:
    parts = []
    for word in sorted({word for word in marks if word}, key=len, reverse=True):
        if any(letter >= "\u3005" for letter in word):
            parts.append(re.escape(word))
        elif any(letter.isdigit() for letter in word):
            parts.append(r"[-_./]?".join(re.escape(letter) for letter in re.sub(r"[\W_]", "", word)))
        else:
            stem = _ENDINGS.sub("", word) if len(word) > 4 else word
            parts.append(rf"\b{re.escape(stem)}\w{{0,5}}\b" if len(stem) > 2 else rf"\b{re.escape(word)}\b")
    return re.compile("|".join(parts)) if parts else None
