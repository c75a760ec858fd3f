"""Learning from labelled texts: TF-IDF of words and characters, logistic regression; judged on a fifth held out.

The only importer of scikit-learn, itself imported by the training job alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from tickets.triage.features import features_of, without_private
from tickets.triage.model import Model, weigh

IN_TEXTS: Final = 3  # a feature of fewer texts is dropped: it would be one buyer's own, and teaches nothing
MOST_FEATURES: Final = 60_000
HELD_OUT: Final = 5  # one in so many
SOFTNESS: Final = 10.0  # inverse strength of the regularisation


@dataclass(frozen=True)
class Example:
    """`mark` decides whether it is held out, the same way each time: what judged one version judges the next.

    One that is no judge only teaches: its words are of another kind than those that will be judged.
    """

    text: str
    label: str
    mark: str
    is_judge: bool = True


@dataclass(frozen=True)
class OfLabel:
    """Of one label in what was held out: how many there were, were said to be it, and were so rightly."""

    label: str
    held_out: int
    guessed: int
    right: int


@dataclass(frozen=True)
class Learned:
    model: Model
    trained: int
    held_out: int
    right: int
    of_labels: tuple[OfLabel, ...]

    @property
    def accuracy(self) -> float:
        return self.right / self.held_out if self.held_out else 0.0

    def is_good(self, threshold: int, by_rule: int) -> bool:
        """Right often enough (`threshold`, per cent), no worse than the rules, and better than who always says the
        same. `by_rule`: how many of the held out the rules judge rightly.
        """
        commonest = max((one.held_out for one in self.of_labels), default=0)
        return self.accuracy * 100 >= threshold and self.right >= by_rule and self.right > commonest


def is_held_out(mark: str, seed: int = 0) -> bool:
    return int.from_bytes(blake2b(f"{seed}:{mark}".encode(), digest_size=4).digest(), "big") % HELD_OUT == 0


def split(examples: Sequence[Example], seed: int = 0) -> tuple[list[Example], list[Example]]:
    """What is learned from, and what is held out. A text that is in both, but for its numbers, judges nothing."""
    taught = [example for example in examples if not is_held_out(example.mark, seed)]
    known = {_same(example.text) for example in taught}
    held_out = [example for example in examples if example.is_judge and is_held_out(example.mark, seed)]
    return taught, [example for example in held_out if _same(example.text) not in known]


def learn(taught: Sequence[Example], held_out: Sequence[Example], key: bytes, *, in_texts: int = IN_TEXTS) -> Learned:
    """Raises ValueError where there are not two labels to tell apart, or no feature is in enough texts."""
    model = fit([e.text for e in taught], [e.label for e in taught], key, in_texts=in_texts)
    pairs = [(example.label, _guessed(model, example.text, key)) for example in held_out]
    truth, guesses = Counter(label for label, _ in pairs), Counter(guess for _, guess in pairs)
    right = Counter(label for label, guess in pairs if label == guess)
    labels = sorted({*truth, *model.labels})
    return Learned(
        model,
        trained=len(taught),
        held_out=len(pairs),
        right=right.total(),
        of_labels=tuple(OfLabel(label, truth[label], guesses[label], right[label]) for label in labels),
    )


def fit(texts: Sequence[str], labels: Sequence[str], key: bytes, *, in_texts: int = IN_TEXTS) -> Model:
    counts = [features_of(text, key) for text in texts]
    numbers, rarity = _known(counts, in_texts)
    names = tuple(sorted(set(labels)))
    if len(names) < 2 or not len(numbers):
        raise ValueError("nothing to tell apart")
    # Not looser: at a tolerance of 1e-3 it stops after six steps or seventeen, and is 3 % worse by chance.
    learner = LogisticRegression(C=SOFTNESS, max_iter=1_000, tol=1e-4)
    learner.fit(_matrix(counts, numbers, rarity), np.array([names.index(label) for label in labels]))
    weights, bias = learner.coef_.T, learner.intercept_
    if len(names) == 2:  # one column says how much more the second is meant than the first
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    return Model(names, numbers, rarity, weights.astype(np.float16), bias.astype(np.float32))


def _known(counts: Sequence[Counter[int]], in_texts: int) -> tuple[Any, Any]:
    """The features that are in enough texts, the most frequent if there are too many, and how rare each is."""
    seen = Counter[int]()
    for each in counts:
        seen.update(each.keys())
    kept = sorted(number for number, many in seen.most_common(MOST_FEATURES) if many >= in_texts)
    often = np.array([seen[number] for number in kept], np.float64)
    rarity = np.log((1 + len(counts)) / (1 + often)) + 1
    return np.array(kept, np.uint32), rarity.astype(np.float32)


def _matrix(counts: Sequence[Counter[int]], numbers: Any, rarity: Any) -> csr_matrix:
    rows = [weigh(each, numbers, rarity) for each in counts]
    ends = np.cumsum([0, *(len(at) for at, _ in rows)])
    at = np.concatenate([at for at, _ in rows])
    values = np.concatenate([values for _, values in rows])
    return csr_matrix((values, at, ends), shape=(len(counts), len(numbers)))


def _guessed(model: Model, text: str, key: bytes) -> str:
    found = model.guess(text, key)
    return found.label if found else ""


def _same(text: str) -> str:
    return " ".join(without_private(text).split())
