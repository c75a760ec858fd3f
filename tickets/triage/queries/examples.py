"""What people said of buyers' words, in the entered store: the only thing that teaches.

What triage alone said teaches nothing: it would learn from itself. A category that came with the ticket, from the
marketplace or the form before a chat, is a person's word, as are an agent's correction and agreement, and the stars
that a buyer gave for a comment of their own. Stars teach and judge nothing: they are of other words than those that
triage hears, and a version is to be good at these.
"""

from __future__ import annotations

from typing import Final

from tenants.context import ask, current_store
from tenants.models import Store
from tickets.moods import Mood
from tickets.triage.learn import Example
from tickets.triage.models import Subject
from tickets.triage.queries.waiting import LATEST, LONGEST, WORDS, sounding

A_STORE: Final = 1_000  # the latest labelled tickets of a store; all stores count alike

_CATEGORIES: Final = """
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
# Of the same words, what was said last. The words are those that triage would have heard: none that were judged before.
_MOODS: Final = """
WITH said AS (
  SELECT DISTINCT ON (ticket_id, seq) ticket_id, seq, after->>'mood' AS mood, id FROM (
    SELECT id, ticket_id, after, (
      SELECT max(m.seq) FROM tickets_message m
      WHERE m.ticket_id = e.ticket_id AND m.kind = 'buyer' AND m.seq <= (e.after->>'seq')::bigint
    ) AS seq FROM tickets_event e WHERE e.kind = 'ticket.mood_said' AND e.by <> 'triage'
  ) heard WHERE seq IS NOT NULL ORDER BY ticket_id, seq, id DESC
)
SELECT said.ticket_id, said.mood, m.bodies
FROM said CROSS JOIN LATERAL (
  SELECT array_agg(body ORDER BY seq) AS bodies FROM (
    SELECT seq, left(body, %(longest)s) AS body FROM tickets_message
    WHERE ticket_id = said.ticket_id AND kind = 'buyer' AND seq <= said.seq
      AND seq > coalesce((SELECT max(b.seq) FROM said b WHERE b.ticket_id = said.ticket_id AND b.seq < said.seq), 0)
    ORDER BY seq DESC LIMIT %(latest)s) heard
) m
ORDER BY said.id DESC LIMIT %(limit)s
"""
_RATINGS: Final = """
SELECT ticket_id, score, left(comment, %(longest)s) FROM tickets_chat
WHERE score <> 3 AND comment <> '' ORDER BY ticket_id DESC LIMIT %(limit)s
"""


def examples_here(subject: Subject, limit: int = A_STORE) -> list[Example]:
    """Of the entered store, latest first; one of a ticket, so that what is in three texts is in three tickets."""
    if subject == Subject.CATEGORY:
        return _categories(limit)
    found = dict[str, Example]()
    for example in (*_moods(limit), *_ratings(limit)):
        found.setdefault(example.mark, example)
    return list(found.values())


def _categories(limit: int) -> list[Example]:
    rows = ask(_CATEGORIES, {"longest": LONGEST, "words": WORDS, "limit": limit})
    return [Example(text, category, _mark(number)) for number, category, text in rows]


def _moods(limit: int) -> list[Example]:
    rows = ask(_MOODS, {"longest": LONGEST, "latest": LATEST, "limit": limit})
    return [Example(sounding(bodies), mood, _mark(number)) for number, mood, bodies in rows if any(bodies)]


def _ratings(limit: int) -> list[Example]:
    rows = ask(_RATINGS, {"longest": LONGEST, "limit": limit})
    return [
        Example(comment, (Mood.PLEASED if score > 3 else Mood.UNHAPPY).slug, _mark(number), is_judge=False)
        for number, score, comment in rows
    ]


def _mark(number: int) -> str:
    """One ticket's words are on one side, taught or held out."""
    return f"{current_store().pk}/{number}"


def stores_of(agency_id: int) -> list[Store]:
    """The open ones, in turn."""
    return list(Store.objects.filter(agency_id=agency_id, state=Store.State.OPEN).order_by("pk"))
