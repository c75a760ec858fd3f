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
MOST_APART: Final = 5  # things asked for, the rarest, of which some may be missing


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
    """Of what the caller may see at the agency's host. `narrow`: a condition on Item. Six queries at most."""
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

    `category` narrows to what is attached to it, or to nothing in particular. Six queries at most.
    """

    def narrow(path: str) -> Q:
        wanted = Q(**{f"{path}kind": kind}) if kind else Q()
        if category:
            wanted &= Q(**{f"{path}categories__contains": [category]}) | Q(**{f"{path}categories": []})
        return wanted

    return _search(words, lambda: allowed.in_store(caller, store, narrow(""), narrow("item__")), language, limit)


def search_help(store: Store, words: str, *, language: str = "zh", limit: int = 20) -> list[Found]:
    """Of the public articles that the store runs, for everybody. Six queries at most."""
    return _search(words, lambda: allowed.in_help(store), language, limit)


def _search(words: str, allow: Callable[[], Sql], language: str, limit: int) -> list[Found]:
    limit = min(limit, MOST)
    asked = read_asked(words)
    if not asked.groups:
        return []
    condition = allow()
    rows, marks = _together(asked, condition, limit), asked.marks
    if not rows and (better := meant(asked)) is not None and better.groups:
        asked, marks = better, (*marks, *better.marks)
        rows = _together(asked, condition, limit)
    if len(rows) < min(FEW, limit) and len(asked.groups) > 1:
        rows = _some(asked, condition, rows, limit)
    return [_found(row, marks, language) for row in rows]


def _together(asked: Asked, condition: Sql, limit: int) -> list[statements.Row]:
    """What has all of it: in titles, and if that is not enough, anywhere."""
    rows = statements.find(asked.groups, asked.text, condition, limit, in_titles=True)
    return rows if len(rows) == limit else statements.find(asked.groups, asked.text, condition, limit)


def _some(asked: Asked, condition: Sql, rows: list[statements.Row], limit: int) -> list[statements.Row]:
    """Then what has most of it, less and less, until there are a few. What no entry has is left out of it."""
    counted = zip(asked.groups, statements.counts(asked.groups), strict=True)
    groups = [group for group, _count in sorted(((g, n) for g, n in counted if n), key=lambda pair: pair[1])]
    groups = groups[:MOST_APART]
    for number in range(len(groups) if len(groups) < len(asked.groups) else len(groups) - 1, 0, -1):
        rows = _join(rows, statements.find(groups, asked.text, condition, limit, of=number), limit)
        if len(rows) >= min(FEW, limit):
            break
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
