"""What a store's own events say about its tickets: the truth that everything in reports is counted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from reports.sums import Sums, one
from tenants.context import in_store
from tenants.models import Store


@dataclass(frozen=True)
class Counted:
    """One opening by a buyer. `day` and `hour` are of the store's time zone."""

    ticket_number: int
    opening: int
    opened_at: datetime
    day: date
    hour: int
    channel: str
    category: str
    first_response_s: int | None
    acknowledged: bool
    within: bool
    late: bool
    breached: bool
    closed: bool

    @property
    def key(self) -> tuple[int, int]:
        return self.ticket_number, self.opening

    def sums(self) -> Sums:
        return one(
            hour=self.hour,
            is_reopening=self.opening > 1,
            acknowledged=self.acknowledged,
            first_response_s=self.first_response_s,
            within=self.within,
            late=self.late,
            breached=self.breached,
            closed=self.closed,
        )


# An opening ends where the next begins. A person who takes a closing back opens nothing: their event says what was
# before, a buyer's does not. An answer was in time unless the clock, or the answer itself, has written that it was not.
_OPENINGS = """
WITH opened AS (
  SELECT ticket_id, id, coalesce((after->>'since')::timestamptz, at) AS opened_at,
         row_number() OVER of_ticket AS opening, lead(id) OVER of_ticket AS next_id
  FROM tickets_event
  WHERE ticket_id = ANY(%(numbers)s) AND (kind = 'ticket.opened' OR kind = 'ticket.reopened' AND before = '{}')
  WINDOW of_ticket AS (PARTITION BY ticket_id ORDER BY id)
), seen AS (
  SELECT o.*, came.* FROM opened o CROSS JOIN LATERAL (
    SELECT min(e.at) FILTER (WHERE e.kind = 'message.replied') AS replied_at,
           bool_or(e.kind = 'message.acknowledged') AS acknowledged,
           bool_or(e.kind = 'clock.breached') AS breached,
           bool_or(e.kind = 'clock.breached' AND e.after->>'clock' = 'first') AS late,
           max(e.id) FILTER (WHERE e.kind = 'ticket.closed') AS closing,
           max(e.id) FILTER (WHERE e.kind = 'ticket.reopened') AS taken_back
    FROM tickets_event e
    WHERE e.ticket_id = o.ticket_id AND e.id > o.id AND (o.next_id IS NULL OR e.id < o.next_id)
  ) came
)
SELECT t.number, s.opening, s.opened_at, (s.opened_at AT TIME ZONE %(zone)s)::date,
       extract(hour FROM s.opened_at AT TIME ZONE %(zone)s)::int, t.channel, t.category,
       CASE WHEN s.replied_at IS NOT NULL
         THEN greatest(0, floor(extract(epoch FROM s.replied_at - s.opened_at)))::int END,
       coalesce(s.acknowledged, false),
       s.replied_at IS NOT NULL AND NOT coalesce(s.late, false), coalesce(s.late, false),
       coalesce(s.breached, false), coalesce(s.closing > coalesce(s.taken_back, 0), false)
FROM seen s JOIN tickets_ticket t ON t.number = s.ticket_id
"""


def openings_of(store: Store, numbers: Sequence[int]) -> list[Counted]:
    """Every opening of these tickets. Enters the store by itself; one statement there."""
    with in_store(store), connection.cursor() as cursor:
        cursor.execute(_OPENINGS, {"numbers": list(numbers), "zone": store.time_zone})
        return [Counted(*row) for row in cursor.fetchall()]


def numbers_from(store: Store, first: int, limit: int) -> list[int]:
    """The next tickets of a store by number. Enters the store by itself."""
    return _numbers(store, "number >= %s", [first], limit)


def numbers_since(store: Store, since: datetime, first: int, limit: int) -> list[int]:
    """The same, of those to which something has happened since."""
    happened = "number >= %s AND EXISTS (SELECT FROM tickets_event WHERE ticket_id = number AND at >= %s)"
    return _numbers(store, happened, [first, since], limit)


def _numbers(store: Store, condition: str, params: Sequence[Any], limit: int) -> list[int]:
    with in_store(store), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT number FROM tickets_ticket WHERE {condition} ORDER BY number LIMIT %s", [*params, limit]
        )
        return [number for (number,) in cursor.fetchall()]


@dataclass(frozen=True)
class Checked:
    """What a store must have been counted as: cheap to ask of either side, and different as soon as one is behind."""

    openings: int
    answered: int
    closed: int


_STORE_SAYS = """
SELECT coalesce(sum(openings), 0), count(first_response_at), count(*) FILTER (WHERE state = 'closed')
FROM tickets_ticket
"""
_WE_SAY = """
SELECT count(*), count(last.number) FILTER (WHERE first_response_s IS NOT NULL),
       count(last.number) FILTER (WHERE closed)
FROM reports_opening o LEFT JOIN (
  SELECT ticket_number AS number, max(opening) AS opening FROM reports_opening WHERE store_id = %(store)s GROUP BY 1
) last ON last.number = o.ticket_number AND last.opening = o.opening
WHERE o.store_id = %(store)s
"""


def store_says(store: Store) -> Checked:
    """By the tickets themselves. Enters the store."""
    with in_store(store), connection.cursor() as cursor:
        cursor.execute(_STORE_SAYS)
        return Checked(*cursor.fetchone())


def we_say(store: Store) -> Checked:
    """By what was counted. In public."""
    with connection.cursor() as cursor:
        cursor.execute(_WE_SAY, {"store": store.pk})
        return Checked(*cursor.fetchone())
