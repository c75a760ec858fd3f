"""reckon: after rules have changed, until when each buyer who waits is to be answered. What was missed stays missed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from tenants.context import ask
from tickets.clocks.policy import Clock
from tickets.desk.models import QueueEntry
from tickets.policies.queries import books_of, forget_rules

# The tick looks at what has changed at once: its warnings lie elsewhere now.
_WRITE: Final = """
UPDATE desk_queueentry entry SET due_at = new.due_at, due_why = new.due_why,
  next_at = least(entry.next_at, new.since)
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::text[]) AS new(id, since, due_at, due_why)
WHERE entry.id = new.id AND entry.waiting_since = new.since AND entry.breached_at IS NULL
"""
# Waits of owners' rules in business hours may end earlier now: the tick looks at once at what is still to come.
_LOOK: Final = """
UPDATE desk_queueentry entry
SET next_at = least(entry.next_at, entry.waiting_since, entry.last_message_at)
FROM tenants_store store JOIN timers_rule rule ON rule.agency_id = store.agency_id AND rule.is_on AND rule.in_hours
WHERE store.id = entry.store_id AND entry.store_id = ANY(%s) AND entry.next_at IS NOT NULL
"""
# What began lately may be judged by other versions now.
_STIR: Final = """
INSERT INTO score_stirred (store_id, ticket_number)
SELECT DISTINCT store_id, ticket_number FROM score_scoredround
WHERE store_id = ANY(%s) AND began > now() - interval '3 days'
"""


def reckon_anew(store_ids: Collection[int]) -> int:
    """How many open tickets of these stores are due at another time now. Four queries, however many stores.

    The rules of the moment a wait began hold for it, so that a change dated later leaves alone who waits already.
    """
    forget_rules()
    ask(_STIR, [list(store_ids)])
    books = books_of(store_ids)
    waiting = QueueEntry.objects.filter(
        store_id__in=list(books), waiting_since__isnull=False, breached_at__isnull=True
    ).values_list("pk", "store_id", "waiting_since", "clock", "channel", "category", "priority", "due_at", "due_why")
    changed = []
    for pk, store_id, since, clock, channel, category, priority, due_at, due_why in waiting:
        if since is None:  # filtered: for the types alone
            continue
        due = books[store_id].at(since).due(Clock(clock), channel, category, priority, since)
        new = (due.at, due.why_key) if due else (None, "")
        if new != (due_at, due_why):
            changed.append((pk, since, *new))
    if changed:
        ask(_WRITE, [list(column) for column in zip(*changed, strict=True)])
    return len(changed)


def look_anew(store_ids: Collection[int]) -> None:
    """For verbs that change when stores are open. One statement."""
    ask(_LOOK, [list(store_ids)])
