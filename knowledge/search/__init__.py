"""The library's search: articles, SOPs and quick replies by words, in Chinese and English, what fits best first.

`search_library` at the agency's host, `search_store` in one store's library, `search_help` for everybody at the store's
host. What may not be read is not found: the gates are conditions of the statement itself. Any text may be asked for,
of any length and with any signs in it; where nothing is left to look for, nothing is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from knowledge.content.text import Text
from knowledge.search import allowed, statements
from knowledge.search.allowed import Sql
from knowledge.search.asked import Asked, read_asked
from knowledge.search.mistyped import meant
from knowledge.search.snippets import Part, mark, snippet
from tenants.access import Caller
from tenants.models import Store

MOST: Final = 50
FEW: Final = 3  # below this, what has only some of what was asked for is shown as well
MOST_APART: Final = 5  # things asked for of which some may be missing


@dataclass(frozen=True)
class Found:
    """An item that was found. `title` and `snippet` in parts, of which some are marked as what was looked for."""

    item_id: int
    kind: str
    title: tuple[Part, ...]
    snippet: tuple[Part, ...]
    rank: float
    is_override: bool = False

    @property
    def name(self) -> str:
        return "".join(part.text for part in self.title)


def search_library(
    caller: Caller, words: str, *, kind: str = "", narrow: Q | None = None, language: str = "zh", limit: int = 20
) -> list[Found]:
    """Of what the caller may see at the agency's host. `narrow`: a condition on Item. Seven queries at most."""
    wanted = (Q(kind=kind) if kind else Q()) & (narrow or Q())
    return _search(words, lambda: allowed.in_library(caller, wanted), language, limit)


def search_store(
    caller: Caller,
    store: Store,
    words: str,
    *,
    kind: str = "",
    category: str = "",
    language: str = "zh",
    limit: int = 20,
) -> list[Found]:
    """Of what the store holds for the caller, as it runs it. `store` comes from the gate and may be entered.

    `category` narrows to what is attached to it, or to nothing in particular. Seven queries at most.
    """

    def narrow(path: str) -> Q:
        wanted = Q(**{f"{path}kind": kind}) if kind else Q()
        if category:
            wanted &= Q(**{f"{path}categories__contains": [category]}) | Q(**{f"{path}categories": []})
        return wanted

    return _search(words, lambda: allowed.in_store(caller, store, narrow(""), narrow("item__")), language, limit)


def search_help(store: Store, words: str, *, language: str = "zh", limit: int = 20) -> list[Found]:
    """Of the public articles that the store runs, for everybody. Seven queries at most."""
    return _search(words, lambda: allowed.in_help(store), language, limit)


def _search(words: str, allow: Callable[[], Sql], language: str, limit: int) -> list[Found]:
    limit = min(limit, MOST)
    asked = read_asked(words)
    if not asked.groups:
        return []
    condition = allow()
    rows, marks = statements.find(asked.groups, asked.text, condition, limit), asked.marks
    few = min(FEW, limit)
    if len(rows) < few and (better := meant(asked, codes=not rows)) is not None and better.groups:
        asked, marks = better, (*marks, *better.marks)
        rows = _join(statements.find(asked.groups, asked.text, condition, limit), rows, limit)
    if len(rows) < few and len(asked.groups) > 1:
        rows = _some(asked, condition, rows, limit)
    return [_found(row, marks, language) for row in rows]


def _some(asked: Asked, condition: Sql, rows: list[statements.Row], limit: int) -> list[statements.Row]:
    """Then what has all but one of it, then two, then any, until there are a few; of a long question its long words."""
    groups = sorted(asked.groups, key=lambda group: -len(group.asked))[:MOST_APART]
    for number in dict.fromkeys([len(groups) - 1, min(2, len(groups) - 1), 1]):
        if len(rows) < min(FEW, limit):
            rows = _join(rows, statements.find(groups, asked.text, condition, limit, of=number), limit)
    return rows


def _join(rows: list[statements.Row], more: list[statements.Row], limit: int) -> list[statements.Row]:
    there = {row[0] for row in rows}
    return [*rows, *(row for row in more if row[0] not in there)][:limit]


def _found(row: statements.Row, marks: Sequence[str], language: str) -> Found:
    item_id, kind, rank, title_zh, title_en, text_zh, text_en, is_override = row
    texts = Text(text_zh, text_en)
    preferred = texts.in_language(language)
    shown = snippet(preferred, marks)
    if not any(part.is_found for part in shown):  # found by the other language: show where
        other = snippet(text_en if preferred == text_zh else text_zh, marks)
        shown = other if any(part.is_found for part in other) else shown
    title = mark(Text(title_zh, title_en).in_language(language), marks)
    return Found(item_id, kind, title, shown, float(rank), is_override)
