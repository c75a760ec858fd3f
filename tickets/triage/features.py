"""What a learner sees of a text: words, pairs of words and runs of characters, each as a keyed number. Pure.

Nobody who reads the numbers alone learns the words: the key is the agency's and is not kept with them. Numbers, codes
and contacts are no features, whatever they are: an order's number tells nothing about a matter, and is somebody's own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from knowledge.search.words import cut, plain, runs_of

LONGEST: Final = 2_000  # characters of a text that are read
KEY_BYTES: Final = 32
# Addresses of mail and pages, names after an @, and whatever has three digits or more, with the letters stuck to it.
_PRIVATE: Final = re.compile(
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w.-]+|@[\w-]+|[a-z0-9_./#:+-]*\d[\d\s()-]*\d[\s-]*\d[a-z0-9_./#:-]*", re.ASCII
)
_WORD_RUN: Final = (3, 4, 5)  # characters of an English word, with its edges
_HAN_RUN: Final = (1, 2, 3)


def without_private(text: str) -> str:
    """The text in small letters, without what names a person, an order or a place on the net."""
    return _PRIVATE.sub(" ", plain(text[:LONGEST]))


def grams_of(text: str) -> Iterator[str]:
    """The features as they are written, with a sign in front that says of which kind: word, pair, run of characters."""
    before = "^"
    for run in runs_of(without_private(text)):
        if run.kind == "code":
            continue
        words = cut(run.text) if run.kind == "han" else [run.text]
        for word in words:
            yield f"w{word}"
            yield f"p{before} {word}"
            before = word
        yield from _runs(run.text, _HAN_RUN) if run.kind == "han" else _runs(f" {run.text} ", _WORD_RUN)
    yield f"p{before} $"


def features_of(text: str, key: bytes) -> Counter[int]:
    """How often each feature is in the text, by its number of 32 bits."""
    return Counter(number_of(gram, key) for gram in grams_of(text))


def number_of(gram: str, key: bytes) -> int:
    return int.from_bytes(blake2b(gram.encode(), digest_size=4, key=key).digest(), "big")


def _runs(text: str, lengths: tuple[int, ...]) -> Iterator[str]:
    for length in lengths:
        for at in range(len(text) - length + 1):
            yield f"c{text[at : at + length]}"
