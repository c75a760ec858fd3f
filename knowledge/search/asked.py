"""What somebody typed, as groups of words that stand for each other, and as PostgreSQL's query language. Pure.

A group is one thing that was meant: 退钱 with 退款 and refund. All groups are looked for at first, then most of them.
Nothing that was typed is ever part of the query's language: only letters, digits and Han characters are left of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from knowledge.search.words import LONGEST_JOINED, LONGEST_WORD, Run, compact, cut, pairs_of, parts_of, plain, runs_of

LONGEST: Final = 200  # characters of what is typed; the rest is not looked at
MOST_GROUPS: Final = 10
_SYNONYMS: Final = Path(__file__).with_name("synonyms.txt")
# What a question is made of and says nothing. Kept where nothing else is left.
_SAYS_NOTHING: Final = Path(__file__).with_name("says_nothing.txt")


@dataclass(frozen=True)
class Group:
    """One thing that was meant. `han`: a query of PostgreSQL's in lexemes; `english`: one of words to be stemmed."""

    asked: str
    han: str = ""
    english: str = ""
    marks: tuple[str, ...] = ()  # what to mark of it in a text


@dataclass(frozen=True)
class Asked:
    """The whole of what was typed. No groups: nothing to look for."""

    text: str
    groups: tuple[Group, ...]
    runs: tuple[Run, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(mark for group in self.groups for mark in group.marks))


def read_asked(typed: str, also: Mapping[str, Sequence[str]] | None = None) -> Asked:
    """`also`: English words → others that were probably meant."""
    text = plain(typed.replace("\x00", "")[:LONGEST]).strip()
    runs = tuple(runs_of(text))
    groups: dict[str, Group] = {}
    silent: dict[str, Group] = {}
    for group, says_nothing in _groups(text, runs, also or {}):
        (silent if says_nothing else groups).setdefault(group.asked, group)
    kept = list((groups or silent).values())[:MOST_GROUPS]
    return Asked(text, tuple(kept), runs)


def _groups(text: str, runs: Sequence[Run], also: Mapping[str, Sequence[str]]) -> Iterator[tuple[Group, bool]]:
    at = 0
    for found in [*_phrases().finditer(text), None]:
        until = found.start() if found else len(text)
        for run in runs_of(text[at:until]):
            is_last = found is None and at + run.at + len(run.text) == len(text) and bool(runs)
            yield from _groups_of(run, also, is_last=is_last)
        if found:
            yield _group(found.group(), ()), False
            at = found.end()


def _groups_of(run: Run, also: Mapping[str, Sequence[str]], *, is_last: bool) -> Iterator[tuple[Group, bool]]:
    if run.kind == "han":
        for word in _spoken(run.text):
            yield _group(word, ()), word in _silent()
    elif run.kind == "code":
        yield Group(run.text[:LONGEST_WORD], han=_code_query(run.text), marks=(run.text, compact(run.text))), False
    elif len(run.text) <= LONGEST_WORD:
        yield _group(run.text, also.get(run.text, ()), is_prefix=is_last), run.text in _silent()


def _spoken(run: str) -> Iterator[str]:
    """Its words, with characters joined that stand alone and say something."""
    stretch = ""
    for word in [*cut(run), ""]:
        if len(word) == 1 and word not in _silent() and len(stretch) < LONGEST_JOINED:
            stretch += word
            continue
        if stretch:
            yield stretch
        stretch = word if len(word) == 1 and word not in _silent() else ""
        if word and not stretch:
            yield word


def _group(word: str, others: Sequence[str], *, is_prefix: bool = False) -> Group:
    words = list(dict.fromkeys([word, *others, *_synonyms().get(word, ())]))
    han = [_han_query(one, exactly=one != word) for one in words if _is_han(one)]
    english = [" & ".join(one.split()) for one in words if not _is_han(one)]
    if is_prefix and not _is_han(word) and len(word) > 2:
        english.append(f"{word}:*")
    return Group(
        word,
        han=" | ".join(f"({one})" for one in han),
        english=" | ".join(f"({one})" for one in english),
        marks=tuple(words),
    )


def _han_query(word: str, *, exactly: bool) -> str:
    """As a word; and as its pairs, for it may have been cut another way."""
    if len(word) == 1:
        return f"'{word}' | '{pairs_of(word)[0]}':*"
    if exactly and len(cut(word)) == 1:
        return f"'{word}'"
    pairs = " & ".join(f"'{pair}'" for pair in pairs_of(word)[:-1])
    return f"'{word}' | ({pairs})"


def _code_query(code: str) -> str:
    whole, parts = compact(code)[:LONGEST_WORD], parts_of(code)[:6]
    beginning = [f"'{whole}':*"] if len(whole) > 2 else [f"'{whole}'"]
    together = [" & ".join(f"'{part}'" for part in parts)] if parts else []
    return " | ".join(f"({one})" for one in beginning + together)


def _is_han(word: str) -> bool:
    return any(letter >= "\u3005" for letter in word)


@cache
def _silent() -> frozenset[str]:
    return frozenset(_SAYS_NOTHING.read_text(encoding="utf-8").split())


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    """Word → the others of its line."""
    found: dict[str, list[str]] = {}
    for words in _lines():
        for word in words:
            found.setdefault(word, []).extend(other for other in words if other != word)
    return {word: tuple(dict.fromkeys(others)) for word, others in found.items()}


@cache
def _phrases() -> re.Pattern[str]:
    """Those of the synonyms that would be cut apart, the longest first: English phrases, several Chinese words."""
    whole = [word for word in _synonyms() if _is_han(word) and len(cut(word)) > 1]
    spaced = [word for word in _synonyms() if " " in word]
    parts = [re.escape(word) for word in sorted(whole, key=len, reverse=True)]
    parts += [rf"\b{re.escape(word)}\b" for word in sorted(spaced, key=len, reverse=True)]
    return re.compile("|".join(parts))


def _lines() -> Iterable[list[str]]:
    for line in _SYNONYMS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield [plain(word.strip()) for word in line.split(",")]
