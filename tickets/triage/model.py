"""A learned model: numbers of features with their weights, and how it judges a text. Written and read without pickle.

Needs numpy, so only the worker's jobs import it; no page loads scikit-learn or a model.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tickets.triage.features import grams_of, number_of

LARGEST: Final = 32 * 1024 * 1024  # bytes of a model once it is unpacked; more is not ours
BECAUSE: Final = 3  # words that are named as a reason

Floats = NDArray[np.float32]


class NoModel(ValueError):
    """These bytes are no model of ours."""


@dataclass(frozen=True)
class Guess:
    """`share`: how sure, 0 to 1, over all labels. `because`: the words that spoke most for it, at most BECAUSE."""

    label: str
    share: float
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """`numbers` are sorted; `weights` has a row a feature and a column a label."""

    labels: tuple[str, ...]
    numbers: NDArray[np.uint32]
    rarity: Floats  # inverse document frequency
    weights: NDArray[np.float16]
    bias: Floats

    def guess(self, text: str, key: bytes) -> Guess | None:
        """None for a text of which no feature is known: nothing can be said about it."""
        grams = Counter(grams_of(text))
        numbers = {gram: number_of(gram, key) for gram in grams}
        counts = Counter[int]()
        for gram, many in grams.items():
            counts[numbers[gram]] += many
        at, values = weigh(counts, self.numbers, self.rarity)
        if not len(at):
            return None
        sums = values @ self.weights[at].astype(np.float32) + self.bias
        chances = np.exp(sums - sums.max())
        best = int(chances.argmax())
        words = {gram[1:]: number for gram, number in numbers.items() if gram[0] == "w"}
        return Guess(self.labels[best], float(chances[best] / chances.sum()), self._because(words, best))

    def _because(self, words: Mapping[str, int], label: int) -> tuple[str, ...]:
        """The words of a text that weigh most for the label, compared with what they weigh for the others."""
        known, at = _places(np.fromiter(words.values(), np.uint32, len(words)), self.numbers)
        rows = self.weights[at].astype(np.float32) * self.rarity[at][:, np.newaxis]
        gains = rows[:, label] - rows.mean(axis=1)
        names, order = list(words), np.argsort(-gains, kind="stable")[:BECAUSE]
        return tuple(names[known[at]] for at in order if gains[at] > 0)

    def to_bytes(self) -> bytes:
        file = io.BytesIO()
        np.savez_compressed(
            file,
            labels=np.array(self.labels),
            numbers=self.numbers,
            rarity=self.rarity,
            weights=self.weights,
            bias=self.bias,
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Raises NoModel for what is cut off, too large, of other shapes, or holds objects."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                if sum(part.file_size for part in packed.infolist()) > LARGEST:
                    raise NoModel
            with np.load(io.BytesIO(data), allow_pickle=False) as parts:
                made = cls(
                    labels=tuple(map(str, parts["labels"])),
                    numbers=parts["numbers"],
                    rarity=parts["rarity"],
                    weights=parts["weights"],
                    bias=parts["bias"],
                )
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise NoModel from error
        made.check()
        return made

    def check(self) -> None:
        rows, columns = len(self.numbers), len(self.labels)
        shapes = (self.rarity.shape, self.weights.shape, self.bias.shape)
        if self.numbers.dtype != np.uint32 or shapes != ((rows,), (rows, columns), (columns,)) or columns < 2:
            raise NoModel


def weigh(counts: Mapping[int, int], numbers: NDArray[np.uint32], rarity: Floats) -> tuple[Any, Floats]:
    """Where the features of a text stand in `numbers`, and what each weighs in it: log of how often × rarity."""
    asked = np.fromiter(counts, np.uint32, len(counts))
    often = np.fromiter((1 + math.log(count) for count in counts.values()), np.float32, len(counts))
    known, at = _places(asked, numbers)
    values = often[known] * rarity[at]
    length = float(np.linalg.norm(values))
    return at, values / length if length else values


def _places(asked: NDArray[np.uint32], numbers: NDArray[np.uint32]) -> tuple[Any, Any]:
    """Which of the asked are there, and where."""
    if not len(numbers):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    at = np.minimum(np.searchsorted(numbers, asked), len(numbers) - 1)
    known = np.flatnonzero(numbers[at] == asked)
    return known, at[known]
