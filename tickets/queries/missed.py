"""Searches that found nothing, over the stores that one may read: the same words of several stores are one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tenants.access import Action, Caller, store_for, stores_for
from tenants.context import in_store, read_across
from tenants.errors import NotFound
from tickets.models import MissedSearch
from tickets.queries.names import store_ref
from tickets.rows import StoreRef

LATEST: Final = 200  # of each store, and of all together
_OPEN = (
    "SELECT {store}, id, words, language, times, by_buyers, first_at, last_at FROM {schema}.tickets_missedsearch"
    f" WHERE state = 'open' ORDER BY last_at DESC LIMIT {LATEST}"
)


@dataclass(frozen=True)
class Missed:
    """Words that were looked for. `keys` name its rows, `store-a:12`, one a store."""

    words: str
    language: str
    times: int
    by_buyers: int
    first_at: datetime
    last_at: datetime
    stores: tuple[StoreRef, ...]
    keys: tuple[str, ...]


def missed_searches(caller: Caller) -> list[Missed]:
    """What is open, most often looked for first. Two queries, however many stores."""
    stores = {store.pk: store for store in stores_for(caller, Action.NOTE)}
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for row in read_across(list(stores.values()), _OPEN, []):
        found.setdefault((row[2], row[3]), []).append(row)
    lines = [
        Missed(
            words=words,
            language=language,
            times=sum(row[4] for row in rows),
            by_buyers=sum(row[5] for row in rows),
            first_at=min(row[6] for row in rows),
            last_at=max(row[7] for row in rows),
            stores=tuple(store_ref(stores[row[0]]) for row in rows),
            keys=tuple(f"{stores[row[0]].slug}:{row[1]}" for row in rows),
        )
        for (words, language), rows in found.items()
    ]
    return sorted(lines, key=lambda line: (-line.times, -line.last_at.timestamp()))[:LATEST]


def missed_words(caller: Caller, keys: Sequence[str]) -> tuple[str, str]:
    """(words, language) of the first of these rows that there is. Enters its store. Raises NotFound."""
    for key in keys[:LATEST]:
        slug, number = read_key(key)
        store = store_for(caller, slug, Action.NOTE)
        with in_store(store):
            row = MissedSearch.objects.filter(pk=number).values_list("words", "language").first()
        if row is not None:
            return row
    raise NotFound(field="keys")


def read_key(key: str) -> tuple[str, int]:
    """`store-a:12` → ("store-a", 12). Raises NotFound."""
    slug, _colon, number = key.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise NotFound(field="keys")
    return slug, int(number)
