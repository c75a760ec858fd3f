"""What is to be scored, and all that happened to it. From the operator's place, in public alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from tenants.context import ask
from tenants.models import Store
from tickets.clocks.happenings import Happening, Kind

Key = tuple[int, int]  # (store, ticket)

# Who deletes a row reads the ticket afterwards: what is written meanwhile has a row of its own.
_TAKE: Final = """
DELETE FROM score_stirred WHERE id IN (
  SELECT stirred.id FROM score_stirred stirred JOIN tenants_store store ON store.id = stirred.store_id
  WHERE store.state = 'open' AND stirred.store_id = coalesce(%(store)s::bigint, stirred.store_id)
  ORDER BY stirred.id LIMIT %(most)s FOR UPDATE OF stirred SKIP LOCKED
) RETURNING store_id, ticket_number
"""
_DUE: Final = """
SELECT DISTINCT store_id, ticket_number FROM (
  SELECT store_id, ticket_number FROM score_scoredround
  WHERE verdict = 'open' AND due_at < %(now)s AND store_id = coalesce(%(store)s::bigint, store_id)
  ORDER BY due_at LIMIT %(most)s
) due
"""
_HAPPENED: Final = """
SELECT one.store_id, one.ticket_number, one.channel, one.kind, one.at, one.person_id, one.is_bare, one.id
FROM unnest(%(stores)s::bigint[], %(tickets)s::bigint[]) AS wanted(store, ticket)
JOIN score_happening one ON one.store_id = wanted.store AND one.ticket_number = wanted.ticket
ORDER BY one.id
"""
_TICKETS: Final = """
SELECT DISTINCT ticket_number FROM score_happening
WHERE store_id = %(store)s AND ticket_number > %(after)s ORDER BY 1 LIMIT %(most)s
"""


@dataclass
class Story:
    """All that happened to one ticket, in the order in which we heard of it."""

    channel: str
    happenings: list[Happening] = field(default_factory=list)


def take_stirred(most: int, store: int | None = None) -> set[Key]:
    """Tickets to which something happened; they are taken off the feed, which a rollback undoes."""
    return set(ask(_TAKE, {"most": most, "store": store}))


def become_due(now: datetime, most: int, store: int | None = None) -> set[Key]:
    """Tickets with a round that was in time when it was scored, and is not any more."""
    return set(ask(_DUE, {"now": now, "most": most, "store": store}))


def stories_of(keys: Collection[Key]) -> dict[Key, Story]:
    """One query."""
    found: dict[Key, Story] = {}
    columns = {"stores": [store for store, _ in keys], "tickets": [ticket for _, ticket in keys]}
    for store, ticket, channel, kind, at, person, is_bare, place in ask(_HAPPENED, columns):
        story = found.setdefault((store, ticket), Story(channel))
        story.happenings.append(Happening(Kind(kind), at, person, is_bare, place))
    return found


def stores_to_score(slug: str = "") -> list[Store]:
    """Open stores; of that short name, if one is given."""
    stores = Store.objects.filter(state=Store.State.OPEN).order_by("pk")
    return list(stores.filter(slug=slug) if slug else stores)


def tickets_of(store: int, *, after: int, most: int) -> Iterable[int]:
    """Tickets of a store of which anything is known, by number."""
    return [number for (number,) in ask(_TICKETS, {"store": store, "after": after, "most": most})]
