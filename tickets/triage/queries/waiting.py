"""What waits to be triaged, and what its buyers wrote. The first of it public, the words inside the entered store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F, QuerySet

from tenants.context import ask
from tenants.models import Store
from tickets.desk.models import QueueEntry

WORDS: Final = 10  # a buyer's latest messages that are read
LONGEST: Final = 1_000  # characters of each
LATEST: Final = 3  # messages that tell how a buyer feels


@dataclass(frozen=True)
class Said:
    """`seq`: up to where the ticket was read; `mood_seq`: up to where a person has said how the words sound."""

    number: int
    seq: int
    subject: str
    messages: tuple[str, ...]  # oldest first
    unjudged: tuple[str, ...]  # those of them that came after `mood_seq`
    mood_seq: int = 0

    @property
    def text(self) -> str:
        return "\n".join(filter(None, (self.subject, *self.messages)))

    @property
    def latest(self) -> str:
        """What tells how they feel now, as far as no person has said it."""
        return sounding(self.unjudged)


def sounding(messages: Sequence[str]) -> str:
    """Of a buyer's messages, the words whose mood is told: by what judges it, and in what teaches it."""
    return "\n".join(messages[-LATEST:])


def _untriaged() -> QuerySet[QueueEntry]:
    """As the index queue_untriaged has them."""
    return QueueEntry.objects.filter(last_seq__gt=F("triaged_seq")).exclude(clock="")


def agencies_waiting() -> list[int]:
    """Agencies with open stores in which something waits to be triaged. One query, from the operator's place."""
    waiting = _untriaged().filter(store__state=Store.State.OPEN)
    return sorted(set(waiting.values_list("store__agency_id", flat=True).distinct()))


def stores_waiting(agency_id: int) -> list[int]:
    waiting = _untriaged().filter(store__state=Store.State.OPEN, store__agency_id=agency_id)
    return sorted(set(waiting.values_list("store_id", flat=True).distinct()))


def numbers_waiting(store_id: int, limit: int) -> list[int]:
    found = _untriaged().filter(store_id=store_id).order_by("waiting_since")
    return list(found.values_list("ticket_number", flat=True)[:limit])


_SAID: Final = """
SELECT t.number, t.last_seq, t.subject, coalesce(m.bodies, '{}'), coalesce(m.unjudged, '{}'), felt.seq
FROM tickets_ticket t CROSS JOIN LATERAL (
  SELECT coalesce((SELECT (after->>'seq')::bigint FROM tickets_event
    WHERE ticket_id = t.number AND kind = 'ticket.mood_said' AND by <> 'triage' ORDER BY id DESC LIMIT 1), 0) AS seq
) felt LEFT JOIN LATERAL (
  SELECT array_agg(body ORDER BY seq) AS bodies,
    array_agg(body ORDER BY seq) FILTER (WHERE latest.seq > felt.seq) AS unjudged
  FROM (
    SELECT seq, left(body, %(longest)s) AS body FROM tickets_message
    WHERE ticket_id = t.number AND kind = 'buyer' ORDER BY seq DESC LIMIT %(words)s) latest
) m ON true
WHERE t.number = ANY(%(numbers)s) ORDER BY t.number
"""


def said_in(numbers: Iterable[int]) -> list[Said]:
    """What the buyers of these tickets wrote, in the entered store."""
    rows = ask(_SAID, {"numbers": list(numbers), "longest": LONGEST, "words": WORDS})
    return [
        Said(number, seq, subject, tuple(bodies), tuple(unjudged), mood_seq)
        for number, seq, subject, bodies, unjudged, mood_seq in rows
    ]
