"""An item's texts as PostgreSQL keeps them: tsvectors, written out here, so that Chinese words have places. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pypinyin import Style, lazy_pinyin

from knowledge.search.words import LONGEST_WORD, compact, cut_all, joined, pairs_of, parts_of, plain, runs_of

LAST_PLACE: Final = 16_383  # PostgreSQL's: what comes later stands there
MOST_PLACES: Final = 60  # of one lexeme; more say nothing more
MOST_LEXEMES: Final = 30_000  # keeps a vector under PostgreSQL's megabyte, whatever the text is
PAIRED: Final = 20_000  # characters of a text that are kept in pairs too; beyond, its words alone are found
# What a find counts: in a title, in folder and shortcut, in the text; as a pair of characters anywhere.
TITLE, KEYS, TEXT, PAIRS = "A", "B", "C", "D"


@dataclass
class Vector:
    """Lexemes and where they stand: {lexeme: [(place, weight)]}. `words`: for those who mistype them."""

    places: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    pairs: list[tuple[str, int]] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    end: int = 0

    def add(self, text: str, weight: str, stems: Mapping[str, str]) -> None:
        """Puts a text behind what is there. `stems`: English words → what they are kept as; "" is not kept."""
        read = plain(text)
        for run in runs_of(read):
            if run.kind == "han":
                self._add_han(run.text, self.end + run.at, weight)
            elif run.kind == "code":
                self._add_code(run.text, self.end + run.at, weight)
            else:
                self._put(stems.get(run.text, run.text), self.end + run.at, weight)
                self.words.add(run.text)
        self.end += len(read) + 20

    def write(self) -> str:
        """As PostgreSQL reads it: '退款':3A,9C 'refund':12A. Pairs come last: they have what room words have left."""
        for pair, at in self.pairs:
            self._put(pair, at, PAIRS)
        self.pairs.clear()
        parts = []
        for lexeme, places in self.places.items():
            written = ",".join(f"{place}{weight}" for place, weight in sorted(places)[:MOST_PLACES])
            parts.append(f"'{lexeme}':{written}")
        return " ".join(parts)

    def _add_han(self, run: str, at: int, weight: str) -> None:
        place = at
        for word in cut_all(run):
            found = run.find(word, max(0, place - at - len(word)))
            place = at + found if found >= 0 else place
            self._put(word, place, weight)
            if len(word) > 1:
                self.words.add(word)
        if weight == TITLE:
            self.words.update(word for word in joined(run) if len(word) > 1)
        if at < PAIRED:
            self.pairs += [(pair, at + offset) for offset, pair in enumerate(pairs_of(run))]

    def _add_code(self, code: str, at: int, weight: str) -> None:
        whole = compact(code)
        self._put(whole, at, weight)
        self.words.add(whole)
        for part in parts_of(code):
            self._put(part, at, weight)

    def _put(self, lexeme: str, at: int, weight: str) -> None:
        if not lexeme or len(lexeme) > LONGEST_WORD:
            return
        if lexeme in self.places or len(self.places) < MOST_LEXEMES:
            self.places[lexeme].append((min(at + 1, LAST_PLACE), weight))


def english_words(texts: Iterable[str]) -> set[str]:
    """The words of these texts that are to be stemmed."""
    return {run.text for text in texts for run in runs_of(plain(text)) if run.kind == "word"}


def sound_of(word: str) -> str:
    """退款 → tuikuan; empty where nothing is Han."""
    sound = "".join(lazy_pinyin(word, style=Style.NORMAL, errors="ignore"))
    return sound[:120] if sound.isascii() else ""
