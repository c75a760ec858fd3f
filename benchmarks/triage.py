"""How well does triage learn? A fifth held out, by five seeds; a held-out text that was taught too, but for its
numbers, is left out. Beside it, what the rules alone say of the same texts, and what a text costs.

  intents   27 intents of buyers in English, intents.en.jsonl: accuracy, wanted ≥ 0.99
  reviews   good or bad, Chinese reviews, reviews.zh.jsonl: accuracy, wanted ≥ 0.92

The texts lie beside the repository (`shared/data`); without them there is nothing to measure.

python -m benchmarks.triage [--seeds 5] [--first 0]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# What is learned knows the library's words, whose models ask for Django.
from benchmarks.of_search.library import DATA  # noqa: E402
from tickets.triage.learn import Example, learn, split  # noqa: E402
from tickets.triage.rules import judge  # noqa: E402

KEY: Final = b"benchmark".ljust(32, b".")


@dataclass(frozen=True)
class Question:
    file: str
    label: str
    wanted: float
    by_rule: Callable[[str], str] | None = None


def _mood(text: str) -> str:
    return ("", "positive", "negative")[judge(text).mood]


QUESTIONS: Final = {
    "intents": Question("intents.en.jsonl", "intent", 0.99),
    "reviews": Question("reviews.zh.jsonl", "rating", 0.92, _mood),
}


def measure(question: Question, seeds: range) -> dict[str, Any]:
    with (DATA / question.file).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    examples = [Example(row["text"], row[question.label], str(number)) for number, row in enumerate(rows)]
    accuracies, seconds, each_ms, rules, size, held = [], [], [], [], 0, 0
    for seed in seeds:
        taught, held_out = split(examples, seed)
        began = time.perf_counter()
        learned = learn(taught, held_out, KEY)
        seconds.append(time.perf_counter() - began)
        accuracies.append(learned.accuracy)
        began = time.perf_counter()
        for example in held_out[:500]:
            learned.model.guess(example.text, KEY)
        each_ms.append((time.perf_counter() - began) * 1000 / min(500, len(held_out)))
        if question.by_rule:
            said = [(question.by_rule(e.text), e.label) for e in held_out]
            rules.append((mean(a == b for a, b in said), mean(a == b for a, b in said if a)))
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
            }
            if rules
            else {}
        ),
    }


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
    print(json.dumps({"benchmark": "triage", "figures": figures}, indent=2))
    sys.exit(any(one["accuracy_mean"] < one["wanted"] for one in figures.values()))


if __name__ == "__main__":
    main()
