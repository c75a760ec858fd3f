"""What somebody meant who mistyped it: words of the library that look or sound like what it does not have."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from knowledge.search.asked import Asked, read_asked
from knowledge.search.lexemes import sound_of
from knowledge.search.statements import alike, heard
from knowledge.search.words import compact, cut

LONGEST_HAN: Final = 4  # characters of a word that may have been typed by its sound
MOST_HAN: Final = 30  # characters of what is typed that are looked at for this
SHORTEST: Final = 4  # letters of a word that may be mistyped
NEAR_AT_MOST: Final = 4


@dataclass(frozen=True)
class _Window:
    """A stretch of Han characters. `words`: for each of them the word that it was cut into."""

    text: str
    words: tuple[str, ...]

    def may_be(self, word: str, known: Set[str]) -> bool:
        """Whether it may stand for a word that sounds the same: what is a known word by itself was typed right."""
        if len(word) != len(self.text) or (len(word) < 3 and not set(word) & set(self.text)):
            return False
        pairs = zip(self.text, word, self.words, strict=True)
        return all(typed == meant or len(cut_into) == 1 or cut_into not in known for typed, meant, cut_into in pairs)


def meant(asked: Asked, *, codes: bool) -> Asked | None:
    """What was probably meant, or None where nothing seems mistyped; `codes`: in them too. Two queries at most."""
    kinds = ("word", "code") if codes else ("word",)
    typed = [compact(run.text) for run in asked.runs if run.kind in kinds and len(run.text) >= SHORTEST]
    windows = _windows(asked)
    if not typed and not windows:
        return None
    sounds = {text: sound_of(text) for text in windows}
    heard_of = heard([*typed, *windows], [*sounds.values(), *typed])
    there = {word for word, _sound in heard_of}
    unknown = [word for word in typed if word not in there]
    text = _by_sound(asked.text, [(windows[text], sounds[text]) for text in windows], heard_of, there)
    text = _by_pinyin(text, heard_of, unknown)
    also = _by_looks(unknown)
    if text == asked.text and not also:
        return None
    return read_asked(text, also)


def _windows(asked: Asked) -> dict[str, _Window]:
    """What may be one word with a wrong character in it: where one is wrong, words fall apart or are none."""
    found = dict[str, _Window]()
    for run in asked.runs:
        if run.kind != "han":
            continue
        words = [word for word in cut(run.text[:MOST_HAN]) for _ in word]
        text = run.text[: len(words)]
        for length in range(2, LONGEST_HAN + 1):
            for at in range(len(text) - length + 1):
                inside = tuple(words[at : at + length])
                if len(set(inside)) == 1 or any(len(word) == 1 for word in inside):
                    found[text[at : at + length]] = _Window(text[at : at + length], inside)
    return found


def _by_sound(
    text: str, windows: Sequence[tuple[_Window, str]], heard_of: Sequence[tuple[str, str]], known: Set[str]
) -> str:
    """退宽 → 退款: the same sound, and most of the characters too; long ones first."""
    words = dict[str, list[str]]()
    for word, sound in heard_of:
        words.setdefault(sound, []).append(word)
    for window, sound in sorted(windows, key=lambda pair: -len(pair[0].text)):
        if window.text in known:
            continue
        alike = sorted(words.get(sound, []), key=lambda word: -len(set(word) & set(window.text)))
        fitting = [word for word in alike if window.may_be(word, known)]
        if fitting:
            text = text.replace(window.text, fitting[0])
    return text


def _by_pinyin(text: str, heard_of: Sequence[tuple[str, str]], unknown: Sequence[str]) -> str:
    """tuikuan → 退款."""
    for word, sound in heard_of:
        if sound in unknown:
            text = text.replace(sound, word)
    return text


def _by_looks(unknown: Sequence[str]) -> dict[str, list[str]]:
    near = dict[str, list[tuple[int, str]]]()
    for asked, word in alike(unknown) if unknown else []:
        if asked in word:
            near.setdefault(asked, []).append((1, word))
            continue
        distance = edits(asked, word)
        if distance <= (1 if len(asked) < 6 else 2):
            near.setdefault(asked, []).append((distance, word))
    return {asked: [word for _, word in sorted(found)[:NEAR_AT_MOST]] for asked, found in near.items()}


def edits(one: str, other: str) -> int:
    """How many letters must be put in, taken out, changed, or two neighbours swapped, to make the one the other."""
    before, row = list[int](), list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
