"""The labelled set: what is asked, and which articles answer it. Made by rule and chance, not by a search's results."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pypinyin import lazy_pinyin

from benchmarks.of_search.library import Made
from benchmarks.of_search.matter import MATTERS, PRODUCTS

EACH: Final = 30  # questions of a kind and language


@dataclass(frozen=True)
class Question:
    kind: str
    words: str
    relevant: frozenset[int]  # numbers of articles


def questions(made: Sequence[Made], *, seed: int = 11) -> list[Question]:
    chance = random.Random(seed)
    index = _Index(made)
    found: list[Question] = []
    for kind, of_kind in _KINDS.items():
        wanted = EACH * (2 if kind in _BOTH else 1)
        tried = (of_kind(chance, index) for _ in range(wanted * 20))  # few articles answer few of them
        answered = (Question(kind, one.words, one.relevant) for one in tried if one is not None and one.relevant)
        found += islice(answered, wanted)
    return found


class _Index:
    """(product, matter, language) → numbers."""

    def __init__(self, made: Iterable[Made]) -> None:
        self.made = list(made)
        self.by_pair: dict[tuple[int, int, str], set[int]] = defaultdict(set)
        for one in self.made:
            for language in ("zh", "en"):
                if one.languages in (language, "both"):
                    self.by_pair[one.product, one.matter, language].add(one.number)
            if one.languages == "both":
                self.by_pair[one.product, one.matter, "both"].add(one.number)
        self.alike = _alike("".join(name for name, _ in PRODUCTS) + "".join(m.title_zh for m in MATTERS))

    def of(self, product: int, matter: int, language: str) -> frozenset[int]:
        return frozenset(self.by_pair[product, matter, language])


def _pair(chance: random.Random) -> tuple[int, int, str]:
    return chance.randrange(len(PRODUCTS)), chance.randrange(len(MATTERS)), chance.choice(("zh", "en"))


def _exact(chance: random.Random, index: _Index) -> Question:
    product, matter, language = _pair(chance)
    name, about = PRODUCTS[product], MATTERS[matter]
    words = f"{name[0]} {about.title_zh}" if language == "zh" else f"{name[1]} {about.title_en}".lower()
    return Question("", words, index.of(product, matter, language))


def _sentence(chance: random.Random, index: _Index) -> Question:
    """The same with what a question has around it, and without spaces in Chinese."""
    product, matter, language = _pair(chance)
    name, about = PRODUCTS[product], MATTERS[matter]
    zh = chance.choice(("请问{}的{}是怎样的", "我想问一下{}{}", "{}{}在哪里看"))
    en = chance.choice(("what about {1} for the {0}", "I have a question on {1} of my {0}", "{0} - {1}, please"))
    words = zh.format(name[0], about.title_zh) if language == "zh" else en.format(name[1], about.title_en.lower())
    return Question("", words, index.of(product, matter, language))


def _paraphrase(chance: random.Random, index: _Index) -> Question:
    product, matter, language = _pair(chance)
    name, about = PRODUCTS[product], MATTERS[matter]
    words = (
        f"{name[0]}{chance.choice(about.asked_zh)}"
        if language == "zh"
        else f"{name[1]} {chance.choice(about.asked_en)}"
    )
    return Question("", words, index.of(product, matter, language))


def _typo(chance: random.Random, index: _Index) -> Question | None:
    product, matter, language = _pair(chance)
    name, about = PRODUCTS[product], MATTERS[matter]
    if language == "zh":
        wrong = _homophone(chance, name[0], index.alike)
        return (wrong and Question("", f"{wrong}{about.title_zh}", index.of(product, matter, "zh"))) or None
    wrong = _slip(chance, name[1])
    return Question("", f"{wrong} {about.title_en.lower()}", index.of(product, matter, "en"))


def _code(chance: random.Random, index: _Index) -> Question:
    one = chance.choice(index.made)
    code = one.code
    words = chance.choice((code, code.lower(), code.replace("-", ""), code.replace("-", " "), code[3:], code[:-1]))
    return Question("", words, frozenset({one.number}))


def _part(chance: random.Random, index: _Index) -> Question | None:
    """A piece of the product's name, not its beginning in Chinese, its beginning in English; with the matter."""
    product, matter, language = _pair(chance)
    name, about = PRODUCTS[product], MATTERS[matter]
    if language == "zh":
        if len(name[0]) < 3:
            return None
        piece, told = name[0][-2:], about.title_zh
        alike = [number for number, other in enumerate(PRODUCTS) if piece in other[0]]
    else:
        word = max(name[1].split(), key=len)
        if len(word) < 6:
            return None
        piece, told = word[: len(word) - 2], about.title_en.lower()
        alike = [number for number, other in enumerate(PRODUCTS) if piece in other[1]]
    relevant = frozenset().union(*(index.of(number, matter, language) for number in alike))
    words = f"{piece}{told}" if language == "zh" else f"{told} {piece}"
    return Question("", words, relevant)


def _mixed(chance: random.Random, index: _Index) -> Question:
    """One thing in the one language, the other in the other: answered by what is written in both."""
    product, matter, language = _pair(chance)
    name, about = PRODUCTS[product], MATTERS[matter]
    words = f"{name[1]}{about.title_zh}" if language == "zh" else f"{name[0]} {about.title_en.lower()}"
    return Question("", words, index.of(product, matter, "both"))


_KINDS: Final[dict[str, Callable[[random.Random, _Index], Question | None]]] = {
    "exact": _exact,
    "sentence": _sentence,
    "paraphrase": _paraphrase,
    "typo": _typo,
    "code": _code,
    "part": _part,
    "mixed": _mixed,
}
_BOTH: Final = {"paraphrase", "typo"}


def _alike(text: str) -> dict[str, list[str]]:
    """Character → common ones of the same sound, which an input method offers beside it."""
    common = [chr(point) for point in range(0x4E00, 0x9FA6) if _is_common(chr(point))]
    by_sound: dict[str, list[str]] = defaultdict(list)
    for one, sound in zip(common, lazy_pinyin(common), strict=True):
        by_sound[sound].append(one)
    sounds = dict(zip(text, lazy_pinyin(list(text)), strict=True))
    return {one: [other for other in by_sound[sound] if other != one] for one, sound in sounds.items()}


def _is_common(one: str) -> bool:
    """In the first level of GB 2312: the 3,755 characters that are used most."""
    try:
        read = one.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return 0xB0 <= read[0] <= 0xD7


def _homophone(chance: random.Random, word: str, alike: dict[str, list[str]]) -> str:
    at = chance.randrange(len(word))
    others = alike.get(word[at], [])
    return word[:at] + chance.choice(others) + word[at + 1 :] if others else ""


def _slip(chance: random.Random, words: str) -> str:
    """One letter left out, doubled, or swapped with the next, in the longest word."""
    word = max(words.split(), key=len)
    at = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(3)
    wrong = (
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )[kind]
    return words.replace(word, wrong)
