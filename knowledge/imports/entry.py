"""One article as a file has it, before anybody has looked whether it can be one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# What a file may say of an article, in the order of an exported table.
FIELDS: Final = (
    *("id", "title_zh", "title_en", "topic", "folder", "categories", "audience", "layer", "marketplace", "store"),
    *("keeper", "review_on", "body_zh", "body_en"),
)
_LETTERS = re.compile(r"[^\W\d_]")
_HAN = re.compile(r"[㐀-鿿]")


@dataclass(frozen=True)
class Embedded:
    """A picture that came with the text."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Entry:
    """`where` says where it stood, `row` counts as a spreadsheet does (0: a file of its own). Of `values` only what is
    named is meant: a field that is missing stays as it is. `pictures`: what stands in the texts → the picture there.
    `notes`: what was left out of the file.
    """

    where: str
    row: int
    values: Mapping[str, str]
    pictures: Mapping[str, Embedded] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def language_of(text: str) -> str:
    """zh or en, by its letters."""
    letters = len(_LETTERS.findall(text))
    return "zh" if letters and len(_HAN.findall(text)) / letters > 0.15 else "en"
