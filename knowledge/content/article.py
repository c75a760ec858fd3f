"""An article: a title and a text in Markdown, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.content.text import LONGEST_BODY, LONGEST_TITLE, Text, required, text_of


@dataclass(frozen=True)
class Article:
    title: Text
    body: Text  # Markdown; pictures as ![words](picture:<uuid>)


def read_article(data: Mapping[str, Any]) -> Article:
    """From JSON. Raises Invalid with the field."""
    title = required(text_of(data, "title", most=LONGEST_TITLE), "title")
    return Article(title, required(text_of(data, "body", most=LONGEST_BODY), "body"))
