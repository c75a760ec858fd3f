"""Text as the search takes it apart: Chinese words and pairs of characters, English words, codes. Pure.

A run of Han characters is cut into words (rjieba, small words inside long ones too) and, beside them, into all pairs of
neighbours, marked with PAIR: words say what is meant, pairs find what was cut another way. English words are stemmed
by PostgreSQL, so here they stay as they are; a code (a word with a digit in it) is kept whole, without its signs, and
in its parts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import rjieba

PAIR: Final = "·"
LONGEST_WORD: Final = 40
LONGEST_JOINED: Final = 4
Kind = Literal["han", "word", "code"]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〇"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_]+(?:[-_./][^\W_]+)*")
_IS_HAN = re.compile(rf"[{_HAN}]")
# The parts of what is written without a space: `iphone15` is asked for as `iphone 15` too.
_PART = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True)
class Run:
    """A piece of text of one kind, in small letters and full signs made half; `at`: where it begins in that text."""

    kind: Kind
    text: str
    at: int


def plain(text: str) -> str:
    """What is the same for a search is written the same: width, case, apostrophes."""
    return unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")


def runs_of(text: str) -> Iterator[Run]:
    """The runs of a `plain` text; signs between them fall away."""
    for found in _RUN.finditer(text):
        run = found.group()
        if _IS_HAN.match(run):
            yield Run("han", run, found.start())
        elif any(letter.isdigit() for letter in run):
            yield from _codes(run, found.start())
        else:
            for part in re.finditer(r"[^\W_]+", run):
                yield from _split_scripts(part.group(), found.start() + part.start())


def cut(run: str) -> list[str]:
    """The words of a Han run, one after the other."""
    return [word for word in rjieba.cut(run) if word.strip()]


def joined(run: str) -> list[str]:
    """The same, but characters that stand alone one after the other are taken for one word: 猫 粮 → 猫粮."""
    found = list[str]()
    alone = 0  # how many of the last word's characters stood alone
    for word in cut(run):
        if len(word) == 1 and 0 < alone < LONGEST_JOINED:
            found[-1] += word
            alone += 1
        else:
            found.append(word)
            alone = 1 if len(word) == 1 else 0
    return found


def cut_all(run: str) -> list[str]:
    """The same, and the small words inside long ones."""
    return [word for word in rjieba.cut_for_search(run) if word.strip()]


def pairs_of(run: str) -> list[str]:
    """退款吗 → ·退款 ·款吗 ·吗: the last one alone, so that any single character is the beginning of one."""
    return [PAIR + run[at : at + 2] for at in range(len(run))]


def parts_of(code: str) -> list[str]:
    """sf-1082a → sf 1082 a; nothing for what has one part."""
    parts = _PART.findall(code)
    return parts if len(parts) > 1 else []


def compact(code: str) -> str:
    """sf-1082/a → sf1082a."""
    return re.sub(r"[\W_]", "", code)


def _codes(run: str, at: int) -> Iterator[Run]:
    """A code may have Han characters stuck to it (`15号`, `100元`): those are runs of their own."""
    for piece in re.finditer(rf"[{_HAN}]+|[^{_HAN}]+", run):
        text = piece.group().strip("-_./")
        kind: Kind = "han" if _IS_HAN.match(text) else "code" if any(c.isdigit() for c in text) else "word"
        if text:
            yield Run(kind, text, at + piece.start())


def _split_scripts(word: str, at: int) -> Iterator[Run]:
    for piece in re.finditer(rf"[{_HAN}]+|[^{_HAN}]+", word):
        yield Run("han" if _IS_HAN.match(piece.group()) else "word", piece.group(), at + piece.start())
