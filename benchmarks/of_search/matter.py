"""What the benchmark's articles are about: products and matters, in both languages, and how buyers ask for them.

A matter is five lines: title, what its articles say in Chinese and in English, how buyers ask in either. The questions
were written as buyers would say them, without a look at the product's list of synonyms.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Matter:
    title_zh: str
    title_en: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    asked_zh: tuple[str, ...]
    asked_en: tuple[str, ...]


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").strip()


def _matter(lines: list[str]) -> Matter:
    title_zh, title_en = lines[0].split("|")
    parts = [tuple(line.split("|")) for line in lines[1:]]
    return Matter(title_zh, title_en, *parts)


# (Chinese, English)
PRODUCTS: Final = [line.split("|") for line in _read("products.txt").splitlines()]
MATTERS: Final = [_matter(part.splitlines()) for part in _read("matters.txt").split("\n\n")]
CITIES: Final = ("杭州|Hangzhou", "广州|Guangzhou", "成都|Chengdu", "武汉|Wuhan", "天津|Tianjin", "苏州|Suzhou")
