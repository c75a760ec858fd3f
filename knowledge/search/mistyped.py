"""What somebody meant who mistyped it: words of the library that look or sound like what it does not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from knowledge.search.asked import Asked, read_asked
from knowledge.search.lexemes import sound_of
from knowledge.search.statements import alike, known, sounding
from knowledge.search.words import compact, cut

LONGEST_HAN: Final = 4  # characters of a word that may have been typed by its sound
MOST_HAN: Final = 30  # characters of what is typed that are looked at for this
SHORTEST: Final = 4  # letters of a word that may be mistyped
NEAR_AT_MOST: Final = 4


def meant(asked: Asked) -> Asked | None:
    """What was probably meant, or None where nothing seems mistyped. Three queries at most."""
    typed = [compact(run.text) for run in asked.runs if run.kind != "han" and len(run.text) >= SHORTEST]
    windows = _windows(asked)
    there = known([*typed, *windows])
    unknown = [word for word in typed if word not in there]
    sounds = {window: sound_of(window) for window in windows if window not in there}
    spoken = sounding([*sounds.values(), *unknown]) if sounds or unknown else []
    text = _by_sound(asked.text, sounds, spoken, unknown)
    also = _by_looks(unknown)
    if text == asked.text and not also:
        return None
    return read_asked(text, also)


def _windows(asked: Asked) -> list[str]:
    """Stretches of Han characters that are no word by themselves: where one of them is wrong, words fall apart."""
    found = dict[str, None]()
    for run in asked.runs:
        if run.kind != "han":
            continue
        text = run.text[:MOST_HAN]
        loose = _loose(text)
        for length in range(2, LONGEST_HAN + 1):
            for at in range(len(text) - length + 1):
                if any(place in loose for place in range(at, at + length)):
                    found[text[at : at + length]] = None
    return list(found)


def _loose(run: str) -> set[int]:
    """The places of characters that stand alone when the run is cut."""
    loose, at = set[int](), 0
    for word in cut(run):
        if len(word) == 1:
            loose.add(at)
        at += len(word)
    return loose


def _by_sound(text: str, sounds: dict[str, str], spoken: Sequence[tuple[str, str]], unknown: Sequence[str]) -> str:
    """退宽 → 退款, tuikuan → 退款: the same sound and, among characters, one of them the same."""
    words = dict[str, list[str]]()
    for sound, word in spoken:
        words.setdefault(sound, []).append(word)
    for window in sorted(sounds, key=len, reverse=True):
        for word in words.get(sounds[window], []):
            if len(word) == len(window) and (set(word) & set(window) or len(word) > 2):
                text = text.replace(window, word)
                break
    for latin in unknown:
        if latin in words:
            text = text.replace(latin, words[latin][0])
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
