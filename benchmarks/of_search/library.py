"""50,000 articles of known matter: which of them answer a question is known from how they were made."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.of_search.matter import CITIES, MATTERS, PRODUCTS

DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data"  # tried where it is there
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Made:
    """An article, and what it is about."""

    number: int
    product: int
    matter: int
    languages: str  # zh, en, both
    code: str
    content: dict[str, Any]


def articles(count: int, *, seed: int = 7) -> Iterator[Made]:
    """Each product × matter in turn, so that every pair has about the same number of articles."""
    chance = random.Random(seed)
    reviews, questions = list(_lines("reviews.zh.jsonl", "text")), list(_lines("intents.en.jsonl", "text"))
    for number in range(count):
        product, matter = number % len(PRODUCTS), (number // len(PRODUCTS)) % len(MATTERS)
        variant = number // (len(PRODUCTS) * len(MATTERS))
        languages = ("zh", "zh", "en", "en", "both")[variant % 5]
        code = f"{chance.choice(LETTERS)}{chance.choice(LETTERS)}-{number:05d}{chance.choice(LETTERS)}"
        yield Made(
            number,
            product,
            matter,
            languages,
            code,
            _content(chance, product, matter, languages, code, reviews, questions),
        )


def _content(
    chance: random.Random,
    product: int,
    matter: int,
    languages: str,
    code: str,
    reviews: list[str],
    questions: list[str],
) -> dict[str, Any]:
    name_zh, name_en = PRODUCTS[product]
    about = MATTERS[matter]
    city_zh, city_en = chance.choice(CITIES).split("|")
    beside = [MATTERS[chance.randrange(len(MATTERS))] for _ in range(2)]
    zh, en = "", ""
    if languages != "en":
        parts = [f"适用型号 {code}，{city_zh}仓。", *about.zh, *(one.zh[0] for one in beside)]
        if reviews:
            parts.append(f"买家说过：{chance.choice(reviews)[:80]}")
        zh = f"{name_zh}：" + "".join(parts)
    if languages != "zh":
        parts = [f"For model {code}, from the {city_en} warehouse.", *about.en, *(one.en[0] for one in beside)]
        if questions:
            parts.append(f"Buyers ask: {chance.choice(questions)[:100]}")
        en = f"{name_en.capitalize()}: " + " ".join(parts)
    return {
        "title": {
            "zh": f"{name_zh}{about.title_zh}" if zh else "",
            "en": f"{name_en.capitalize()}: {about.title_en.lower()}" if en else "",
        },
        "body": {"zh": zh, "en": en},
    }


def _lines(name: str, key: str) -> Iterator[str]:
    """Real words of buyers as noise, where they are there; the benchmark runs without."""
    file = DATA / name
    if file.exists():
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                text = json.loads(line).get(key, "")
                if text:
                    yield str(text)
