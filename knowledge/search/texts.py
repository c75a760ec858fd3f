"""What of an item is searched: its title, the names it goes by, and its text without marks. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from knowledge.content import Article, Content, Reply, Sop
from knowledge.content.text import Text

LONGEST: Final = 200_000  # characters of one language
_PICTURE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_MARK = re.compile(
    r"(?m)^[ \t]*(?:#{1,6}|>+|[-*+]|\d+\.)[ \t]+|^[ \t]*(?:```.*|[-*_]{3,}|\|?[ :|-]+\|)[ \t]*$|[*_`~]{1,3}|\|"
)


@dataclass(frozen=True)
class Searched:
    title: Text
    text: Text
    names: str = ""  # a reply's shortcut


def searched(content: Content) -> Searched:
    """What is searched of a content."""
    if isinstance(content, Article):
        return Searched(content.title, Text(unmarked(content.body.zh), unmarked(content.body.en)))
    if isinstance(content, Reply):
        return Searched(content.title, content.body, content.shortcut)
    return Searched(content.title, _said_in(content))


def unmarked(markdown: str) -> str:
    """Markdown as one reads it: without signs, links and pictures by their words."""
    text = _LINK.sub(r"\1", _PICTURE.sub(r"\1", markdown[:LONGEST]))
    return re.sub(r"[ \t]*\n\s*", "\n", _MARK.sub(" ", text)).strip()


def _said_in(sop: Sop) -> Text:
    parts = [sop.purpose]
    for step in sop.steps:
        parts += [step.title, step.help, step.words]
        parts += [evidence.label for evidence in step.evidence]
        parts += [edge.label for edge in step.edges]
    return Text(
        "\n".join(part.zh for part in parts if part.zh)[:LONGEST],
        "\n".join(part.en for part in parts if part.en)[:LONGEST],
    )
