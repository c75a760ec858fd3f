"""What holds in a store, at a time: asked by every verb that starts a clock, so kept in the process for seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings

from tenants.context import ask
from tenants.models import Store
from tickets.clocks.policy import StoreRules
from tickets.policies.book import Book, Special, Terms
from tickets.policies.terms import Version

MOST: Final = 20_000  # stores remembered by one process

_BOOK = """
SELECT s.id, s.marketplace, s.time_zone,
  coalesce((SELECT json_agg(json_build_array(v.kind, v.key, v.number, v.from_date, v.to_date, v.terms))
            FROM policies_ruleversion v WHERE v.agency_id = s.agency_id AND v.withdrawn_at IS NULL), '[]'),
  coalesce((SELECT json_agg(json_build_array(t.from_date, t.week, t.market, t.bot_is_on, t.policies))
            FROM policies_storeterms t WHERE t.store_id = s.id), '[]'),
  coalesce((SELECT json_agg(json_build_array(d.date, d.spans, d.is_holiday_mode))
            FROM policies_specialday d WHERE d.store_id = s.id), '[]')
FROM tenants_store s WHERE s.id = ANY(%s)
"""

_books: dict[int, tuple[float, Book]] = {}


def rules_of(store: Store, at: datetime) -> StoreRules:
    """What held in the store at that time, by what is known now. None to one query; a change elsewhere is seen within
    `settings.RULES_SECONDS`. Asked from the agency's place, or inside the store."""
    return book_of(store.pk).at(at)


def book_of(store_id: int) -> Book:
    """All dated rules of the store. None to one query."""
    found = _books.get(store_id)
    if found is None or time.monotonic() - found[0] > settings.RULES_SECONDS:
        return books_of([store_id])[store_id]
    return found[1]


def books_of(store_ids: Iterable[int]) -> dict[int, Book]:
    """The rules of many stores as they are now. One query."""
    read = {row[0]: _book(*row[1:]) for row in ask(_BOOK, [list(store_ids)])}
    if len(_books) + len(read) > MOST:
        _books.clear()
    now = time.monotonic()
    _books.update({store_id: (now, book) for store_id, book in read.items()})
    return read


def books_known(store_ids: Iterable[int]) -> dict[int, Book]:
    """The rules of many stores, as fresh as `rules_of` has them. None to one query."""
    wanted, fresh = set(store_ids), time.monotonic() - settings.RULES_SECONDS
    found = {pk: known[1] for pk in wanted if (known := _books.get(pk)) and known[0] >= fresh}
    left = wanted - found.keys()
    return {**found, **books_of(left)} if left else found


def forget_rules() -> None:
    """For verbs that change them: this process asks anew."""
    _books.clear()


def _book(marketplace: str, zone: str, versions: list[Any], terms: list[Any], special: list[Any]) -> Book:
    return Book(
        marketplace,
        zone,
        tuple(
            Version(kind, key, number, _day(a), _day(b) if b else None, of) for kind, key, number, a, b, of in versions
        ),
        tuple(
            Terms(_day(a), tuple(week), market, bot, None if policies is None else tuple(policies))
            for a, week, market, bot, policies in terms
        ),
        tuple(Special(_day(a), spans, is_holiday) for a, spans, is_holiday in special),
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)
