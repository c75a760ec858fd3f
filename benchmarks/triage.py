"""How well does triage learn? A fifth held out, by five seeds; a held-out text that was taught too, but for its
numbers, is left out. Beside it, what the rules alone say of the same texts, and what a text costs.

  intents   27 intents of buyers in English, intents.en.jsonl: accuracy, wanted ≥ 0.99
  reviews   moods: pleased or unhappy, Chinese reviews, reviews.zh.jsonl: accuracy, wanted ≥ 0.92; and of what the desk
            would say (`on_the_desk`): the learned mood where it is sure, else the rules'; after so few labels (`after`)
  judging   what a ticket costs with a model of each (`judge_ms`), and reading both models, once a job (`load_ms`)

The texts lie beside the repository (`shared/data`); without them there is nothing to measure.

python -m benchmarks.triage [--seeds 5] [--first 0]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# What is learned knows the library's words, whose models ask for Django.
from benchmarks.of_search.library import DATA  # noqa: E402
from tickets.triage.judging import judge_ticket  # noqa: E402
from tickets.triage.learn import Example, fit, learn, split  # noqa: E402
from tickets.triage.model import Model  # noqa: E402
from tickets.triage.models import Subject  # noqa: E402
from tickets.triage.queries.waiting import Said  # noqa: E402
from tickets.triage.subjects import ABOUT  # noqa: E402

KEY: Final = b"benchmark".ljust(32, b".")
FEW: Final = (160, 400, 1_000, 3_000)  # labels, of which all are learned from
JUDGED: Final = 500  # texts whose time is taken
NOTHING: Final = "neutral"  # what the rules say where nothing tells
MOODS: Final = {"positive": "pleased", "negative": "unhappy"}


@dataclass(frozen=True)
class Question:
    file: str
    label: str
    wanted: float
    subject: Subject
    by_rule: Callable[[str], str] | None = None


QUESTIONS: Final = {
    "intents": Question("intents.en.jsonl", "intent", 0.99, Subject.CATEGORY),
    "reviews": Question("reviews.zh.jsonl", "rating", 0.92, Subject.MOOD, ABOUT[Subject.MOOD].by_rule),
}


def examples_of(question: Question) -> list[Example]:
    with (DATA / question.file).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    labels = [MOODS.get(row[question.label], row[question.label]) for row in rows]
    return [
        Example(row["text"], label, str(number)) for number, (row, label) in enumerate(zip(rows, labels, strict=True))
    ]


def said(text: str) -> Said:
    return Said(1, 1, "", (text,), (text,))


def on_the_desk(held_out: Sequence[Example], model: Model) -> float:
    """What a desk would show: the share that is right."""
    return mean(judge_ticket(said(e.text), {Subject.MOOD: model}, KEY).mood.slug == e.label for e in held_out)


def after(taught: Sequence[Example], held_out: Sequence[Example], seed: int) -> list[float]:
    """The share that is right after each of FEW labels."""
    shares = list[float]()
    for few in FEW:
        some = random.Random(seed).sample(taught, few)
        model = fit([e.text for e in some], [e.label for e in some], KEY)
        guesses = ((model.guess(e.text, KEY), e.label) for e in held_out)
        shares.append(mean(bool(guess and guess.label == label) for guess, label in guesses))
    return shares


def measure(question: Question, seeds: range) -> dict[str, Any]:
    examples = examples_of(question)
    desk, few = list[float](), list[list[float]]()
    accuracies, seconds, each_ms, rules, size, held = [], [], [], [], 0, 0
    for seed in seeds:
        taught, held_out = split(examples, seed)
        began = time.perf_counter()
        learned = learn(taught, held_out, KEY)
        seconds.append(time.perf_counter() - began)
        accuracies.append(learned.accuracy)
        began = time.perf_counter()
        for example in held_out[:JUDGED]:
            learned.model.guess(example.text, KEY)
        each_ms.append((time.perf_counter() - began) * 1000 / min(JUDGED, len(held_out)))
        if question.by_rule:
            told = [(question.by_rule(e.text), e.label) for e in held_out]
            rules.append((mean(a == b for a, b in told), mean(a == b for a, b in told if a != NOTHING)))
            desk.append(on_the_desk(held_out, learned.model))
            few.append(after(taught, held_out, seed))
        size, held = len(learned.model.to_bytes()), len(held_out)
    return {
        "examples": len(examples),
        "held_out": held,
        "accuracy": [round(one, 4) for one in accuracies],
        "accuracy_mean": round(mean(accuracies), 4),
        "accuracy_spread": round(stdev(accuracies), 4) if len(seeds) > 1 else 0.0,
        "wanted": question.wanted,
        "learn_s": round(mean(seconds), 1),
        "guess_ms": round(mean(each_ms), 2),
        "model_kb": round(size / 1024),
        **(
            {
                "rules_right": round(mean(r[0] for r in rules), 4),
                "rules_right_where_they_speak": round(mean(r[1] for r in rules), 4),
                "on_the_desk": round(mean(desk), 4),
                "after": {str(many): round(mean(share), 4) for many, *share in zip(FEW, *few, strict=True)},
            }
            if rules
            else {}
        ),
    }


def measure_judging() -> dict[str, float]:
    """A model of each subject, learned from all texts; the reviews are judged by both."""
    packed = dict[Subject, bytes]()
    for question in QUESTIONS.values():
        examples = examples_of(question)
        packed[question.subject] = fit([e.text for e in examples], [e.label for e in examples], KEY).to_bytes()
    began = time.perf_counter()
    models = {subject: Model.from_bytes(data) for subject, data in packed.items()}
    loaded = time.perf_counter()
    for example in examples[:JUDGED]:
        judge_ticket(said(example.text), models, KEY)
    judged = time.perf_counter()
    return {"load_ms": round((loaded - began) * 1000, 1), "judge_ms": round((judged - loaded) * 1000 / JUDGED, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    asked = parser.parse_args()
    if not all((DATA / question.file).exists() for question in QUESTIONS.values()):
        sys.exit(f"There are no texts in {DATA.name}: nothing to measure.")
    figures = {
        name: measure(question, range(asked.first, asked.first + asked.seeds)) for name, question in QUESTIONS.items()
    }
    print(json.dumps({"benchmark": "triage", "figures": {**figures, "judging": measure_judging()}}, indent=2))
    sys.exit(any(one["accuracy_mean"] < one["wanted"] for one in figures.values()))


if __name__ == "__main__":
    main()
