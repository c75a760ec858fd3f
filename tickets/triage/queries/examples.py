"""Closed tickets that can be learned from: what buyers wrote, and the category that people gave it.

A category that only triage gave teaches nothing: it would learn from itself. One that came with the ticket, from the
marketplace or the form before a chat, is a person's word, as is an agent's correction.
"""

from __future__ import annotations

from typing import Final

from tenants.context import ask, current_store
from tenants.models import Store
from tickets.triage.learn import Example
from tickets.triage.queries.waiting import LONGEST, WORDS

A_STORE: Final = 1_000  # the latest labelled tickets of a store; all stores count alike

_EXAMPLES: Final = """
SELECT t.number, t.category, concat_ws(E'\\n', nullif(t.subject, ''), m.bodies)
FROM tickets_ticket t
CROSS JOIN LATERAL (
  SELECT string_agg(body, E'\\n' ORDER BY seq) AS bodies FROM (
    SELECT seq, left(body, %(longest)s) AS body FROM tickets_message
    WHERE ticket_id = t.number AND kind = 'buyer' ORDER BY seq LIMIT %(words)s) first
) m
WHERE t.state = 'closed' AND t.category <> '' AND m.bodies IS NOT NULL
  AND coalesce((SELECT e.by <> 'triage' FROM tickets_event e
                WHERE e.ticket_id = t.number AND e.kind = 'ticket.categorised' ORDER BY e.id DESC LIMIT 1), true)
ORDER BY t.number DESC LIMIT %(limit)s
"""


def examples_here(limit: int = A_STORE) -> list[Example]:
    """Of the entered store, latest first."""
    store = current_store().pk
    rows = ask(_EXAMPLES, {"longest": LONGEST, "words": WORDS, "limit": limit})
    return [Example(text, category, f"{store}/{number}") for number, category, text in rows]


def stores_of(agency_id: int) -> list[Store]:
    """The open ones, in turn."""
    return list(Store.objects.filter(agency_id=agency_id, state=Store.State.OPEN).order_by("pk"))
