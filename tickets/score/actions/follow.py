"""follow: each second, what has happened since becomes rounds and scores. From the operator's place."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from django.db import transaction

from tenants.context import ask
from tickets.policies.queries import books_of
from tickets.score.actions.reckon import reckon, reckon_scores
from tickets.score.queries.feed import become_due, take_stirred, tickets_of

AT_ONCE: Final = 500  # tickets of one transaction
PATIENCE: Final = 0.5  # seconds of a tick; what is left is the next one's
LOCK: Final = 0x73636F72  # one scores at a time: of two, the second has nothing to do

_STALE: Final = """
SELECT score.store_id, score.policy FROM score_storescore score JOIN tenants_store store ON store.id = score.store_id
WHERE score.until <= %(now)s AND store.state = 'open' ORDER BY score.until LIMIT %(most)s
"""
_FORGET: Final = (
    "DELETE FROM score_scoredround WHERE store_id = %(store)s",
    "DELETE FROM score_scoreday WHERE store_id = %(store)s",
    "DELETE FROM score_storescore WHERE store_id = %(store)s",
    "DELETE FROM score_stirred WHERE store_id = %(store)s",
)


def follow(now: datetime, *, store: int | None = None) -> int:
    """One look: what was stirred, what is overdue since, and windows that have moved on. How many tickets were scored.

    Eleven statements for each `AT_ONCE` tickets, however many stores. `store`: of that one alone, without the patience.
    """
    ends, scored = time.monotonic() + PATIENCE, 0
    while True:
        found = _followed(now, store)
        scored += found
        if found < AT_ONCE or (store is None and time.monotonic() > ends):
            return scored


@transaction.atomic
def _followed(now: datetime, store: int | None) -> int:
    if not _alone():
        return 0
    keys = take_stirred(AT_ONCE, store)
    if len(keys) < AT_ONCE:
        keys |= become_due(now, AT_ONCE - len(keys), store)
    reckon(keys, now=now)
    stale = ask(_STALE, {"now": now, "most": AT_ONCE})
    if stale:
        of = [(pk, policy) for pk, policy in stale]
        reckon_scores(of, books_of({pk for pk, _ in of}), now=now)
    return len(keys)


@transaction.atomic
def rescore(store: int, *, now: datetime) -> int:
    """All of a store from its happenings alone, to the same figures. How many tickets there are."""
    ask("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    for statement in _FORGET:
        ask(statement, {"store": store})
    after = scored = 0
    while numbers := list(tickets_of(store, after=after, most=AT_ONCE)):
        reckon([(store, number) for number in numbers], now=now)
        after, scored = numbers[-1], scored + len(numbers)
    return scored


def _alone() -> bool:
    [(alone,)] = ask("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
    return bool(alone)
