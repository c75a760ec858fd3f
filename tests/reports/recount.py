"""The figures counted once more, in plain SQL over a store's messages, by other ways than the product's.

An opening begins at a buyer's message that is followed at once by an automatic word, and ends where the next begins.
Nothing of it is taken from the product's events but breaches and closings, which messages can't tell, and which
automatic words are about a delay.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection

from tenants.context import in_store
from tenants.models import Store

GOALS = {"tmall": 30, "taobao": 30, "douyin": 30, "widget": 30, "tiktok_shop": 300, "amazon": 15120, "ebay": 21600}

_RECOUNT = """
WITH bots AS (
  SELECT ticket_id, seq FROM tickets_message m WHERE kind = 'bot' AND NOT EXISTS (
    SELECT FROM tickets_event e WHERE e.ticket_id = m.ticket_id AND e.kind = 'clock.told_of_delay'
      AND (e.after->>'seq')::int = m.seq)
), begun AS (
  SELECT buyer.ticket_id, buyer.seq, least(buyer.sent_at, buyer.created_at) AS at, buyer.created_at AS filed_at,
    coalesce((SELECT min(later.seq) - 1 FROM bots later
              WHERE later.ticket_id = buyer.ticket_id AND later.seq > bot.seq), 1e15) AS ends
  FROM bots bot JOIN tickets_message buyer
    ON buyer.ticket_id = bot.ticket_id AND buyer.seq = bot.seq - 1 AND buyer.kind = 'buyer'
), answered AS (
  SELECT begun.*, ticket.channel, ticket.category, ticket.state,
    (begun.at AT TIME ZONE %(zone)s)::date AS day, date_part('hour', begun.at AT TIME ZONE %(zone)s)::int AS hour,
    begun.seq > (SELECT min(seq) FROM tickets_message m WHERE m.ticket_id = begun.ticket_id) AS again,
    (SELECT min(m.created_at) FROM tickets_message m WHERE m.ticket_id = begun.ticket_id AND m.kind = 'agent'
       AND m.seq > begun.seq AND m.seq < begun.ends) AS first_word,
    (SELECT min(later.filed_at) FROM begun later
     WHERE later.ticket_id = begun.ticket_id AND later.seq > begun.seq) AS next_at
  FROM begun JOIN tickets_ticket ticket ON ticket.number = begun.ticket_id
), judged AS (
  SELECT answered.*, trunc(extract(epoch FROM first_word - at))::int AS waited,
    EXISTS (SELECT FROM tickets_event e WHERE e.ticket_id = answered.ticket_id AND e.kind = 'clock.breached'
      AND e.at >= filed_at AND (next_at IS NULL OR e.at < next_at)) AS breached,
    CASE WHEN next_at IS NOT NULL THEN true ELSE state = 'closed' END AS closed
  FROM answered
)
SELECT count(*), count(*) FILTER (WHERE again), count(*), count(first_word),
  count(*) FILTER (WHERE extract(epoch FROM first_word - at) < (%(goals)s::jsonb->>channel)::int),
  count(*) FILTER (WHERE breached), count(*) FILTER (WHERE closed),
  percentile_disc(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE first_word IS NOT NULL),
  percentile_disc(0.9) WITHIN GROUP (ORDER BY waited) FILTER (WHERE first_word IS NOT NULL),
  (SELECT array_agg(n ORDER BY h) FROM (
    SELECT h, count(j.hour) AS n FROM generate_series(0, 23) h LEFT JOIN judged j
      ON j.hour = h AND j.day = ANY(%(days)s)
      AND (%(channel)s = '' OR (j.channel, j.category) = (%(channel)s, %(category)s))
    GROUP BY h) of_hours)
FROM judged WHERE day = ANY(%(days)s) AND (%(channel)s = '' OR (channel, category) = (%(channel)s, %(category)s))
"""


def recount(store: Store, days: list[date], goals: str, channel: str = "", category: str = "") -> tuple[Any, ...]:
    """(opened, reopened, acknowledged, answered, within, breached, closed, p50, p90, by hour) of these days."""
    values = {"zone": store.time_zone, "days": days, "goals": goals, "channel": channel, "category": category}
    with in_store(store), connection.cursor() as cursor:
        cursor.execute(_RECOUNT, values)
        return tuple(cursor.fetchone())
