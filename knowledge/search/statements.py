"""The search's statements. Words come from `asked`, conditions from `allowed`; what was typed travels as parameters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

from django.db import connection

from knowledge.search.allowed import Sql
from knowledge.search.asked import Group

CANDIDATES: Final = 120  # of titles, and of texts, that are ranked
WEIGHTS: Final = "ARRAY[0.05,0.3,0.6,1.0]::float4[]"  # of pairs, text, folder and shortcut, title

Row = tuple[Any, ...]  # item, kind, rank, title zh and en, text zh and en, is_override

# The query is a value of its own: PostgreSQL then takes the index whatever it believes about the words. Texts are
# looked at only where titles are not enough.
_SEARCH = f"""
WITH word AS MATERIALIZED (SELECT {{words}}), asked AS MATERIALIZED (SELECT {{query}} AS q FROM word),
title AS MATERIALIZED (
  SELECT entry.id FROM knowledge_foundentry entry
  WHERE entry.title_words @@ (SELECT q FROM asked) AND {{allowed}} LIMIT {CANDIDATES}
),
hit AS (
  SELECT id FROM title UNION (
    SELECT entry.id FROM knowledge_foundentry entry
    WHERE (SELECT count(*) FROM title) < %s AND entry.words @@ (SELECT q FROM asked) AND {{allowed}} LIMIT {CANDIDATES}
  )
),
best AS (
  SELECT entry.*, {{rank}} + ts_rank({WEIGHTS}, entry.title_words, q) + 0.5 * similarity(entry.names, %s) AS rank
  FROM hit JOIN knowledge_foundentry entry USING (id), asked, word ORDER BY rank DESC, entry.item_id DESC LIMIT %s
)
SELECT best.item_id, item.kind, best.rank, best.title_zh, best.title_en, best.text_zh, best.text_en,
       best.store_id IS NOT NULL
FROM best JOIN knowledge_item item ON item.id = best.item_id ORDER BY best.rank DESC, best.item_id DESC
"""


def find(groups: Sequence[Group], text: str, allowed: Sql, limit: int, *, of: int = 0) -> list[Row]:
    """Entries that have something of every group, or of `of` of them; the best first. One statement."""
    words = [_one_of(group) for group in groups]
    rank = f"ts_rank_cd({WEIGHTS}, entry.words, q, 1)"
    if of:  # how much of it counts more than how near it stands together
        held = " + ".join(f"(entry.title_words @@ w{number})::int" for number in range(len(words)))
        rank = f"ts_rank({WEIGHTS}, entry.words, q) + {held}"
    statement = _SEARCH.format(
        rank=rank,
        words=", ".join(f"{word.text} AS w{number}" for number, word in enumerate(words)),
        query=" || ".join(
            "(" + " && ".join(f"w{number}" for number in some) + ")"
            for some in combinations(range(len(words)), of or len(words))
        ),
        allowed=allowed.text,
    )
    params = [param for word in words for param in word.params]
    return _run(Sql(statement, (*params, *allowed.params, limit, *allowed.params, text, limit)))


def heard(words: Sequence[str], sounds: Sequence[str]) -> list[tuple[str, str]]:
    """(word, sound) of the library's words that are one of these, or sound like one of those. One statement."""
    query = "SELECT word, sound FROM knowledge_foundword WHERE word = ANY(%s) OR sound <> '' AND sound = ANY(%s)"
    return [(word, sound) for word, sound in _run(Sql(query, (list(words), list(sounds))))]


def alike(words: Sequence[str]) -> list[tuple[str, str]]:
    """(asked, known): words that begin alike or share letters with one of these, or have it in them."""
    query = """
    SELECT asked.word, near.word FROM unnest(%s::text[]) asked (word) CROSS JOIN LATERAL (
      (SELECT word FROM knowledge_foundword known
       WHERE (known.word %% asked.word OR known.word LIKE left(asked.word, 2) || '%%')
         AND char_length(known.word) BETWEEN char_length(asked.word) - 2 AND char_length(asked.word) + 2
       ORDER BY similarity(known.word, asked.word) DESC LIMIT 40)
      UNION
      (SELECT word FROM knowledge_foundword known
       WHERE char_length(asked.word) > 3 AND known.word LIKE '%%' || asked.word || '%%'
       ORDER BY char_length(known.word) LIMIT 6)
    ) near
    """
    return [(asked, near) for asked, near in _run(Sql(query, (list(words),)))]


def _one_of(group: Group) -> Sql:
    if group.han and group.english:
        return Sql("(%s::tsquery || to_tsquery('english', %s))", (group.han, group.english))
    if group.han:
        return Sql("(%s::tsquery)", (group.han,))
    return Sql("to_tsquery('english', %s)", (group.english,))


def _run(statement: Sql) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.params)
        return cursor.fetchall()
