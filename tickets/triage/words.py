"""The word lists of triage, zh and en, as they are written in words.txt; and finding them in a text. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from knowledge.search.words import plain

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
# What turns a word round: 不满意, 没有破损, not happy, isn't broken. Right before it, with a small word between.
_NOT: Final = re.compile(
    r"(?:不是很|不太|不怎么|不够|没有|并不|不|没|别|无"
    r"|\b(?:not|never|no|isnt|wasnt|dont|doesnt|didnt|without)\s(?:very |so |really |at all |a |any )?)$"
)
TURNED: Final = "¬"


def found_in(text: str) -> dict[str, Counter[str]]:
    """By list, how often each of its words is in the text; one that is turned round is counted with TURNED before it.

    Of phrases that overlap, the longer one is found.
    """
    said = plain(text)
    found = dict[str, Counter[str]]()
    for name, pattern in _patterns().items():
        hits = Counter[str]()
        for hit in pattern.finditer(said):
            turned = _NOT.search(said[max(0, hit.start() - 14) : hit.start()])
            hits[(TURNED if turned else "") + hit.group()] += 1
        if hits:
            found[name] = hits
    return found


@cache
def lists() -> dict[str, tuple[str, ...]]:
    """By name, its words as they are written. A word twice in a list, or a line outside of one, is an error of ours."""
    made = dict[str, list[str]]()
    for line in Path(__file__).with_name("words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            made[line.strip("[]")] = words = []
        elif line and not line.startswith("#"):
            words.extend(line.split("|"))
    return {name: tuple(words) for name, words in made.items()}


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile("|".join(_written(words))) for name, words in lists().items()}


def _written(words: tuple[str, ...]) -> Iterator[str]:
    for word in sorted(words, key=lambda word: -len(word)):
        said = plain(word.strip().removesuffix("*"))
        end = r"\w*" if word.endswith("*") else r"\b"
        yield re.escape(said) if _HAN.search(said) or said.isdecimal() else rf"\b{re.escape(said)}{end}"
