"""Weeks of work in real stores, written as the verbs would have written it, but by the database itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tenants.context import in_store
from tenants.models import Store

# A day's shape: few at night, most in the evening; weekends more. Waits are mostly seconds, some hours; one in fifteen
# is never answered, two of three are closed, one in ten comes back.
_TICKETS = """
WITH made AS (
  SELECT day, n, day + make_interval(secs => 86400 * (0.32 + 0.65 * power(random(), 0.7))) AS opened_at,
    random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5
  FROM generate_series(%(first)s::timestamptz, %(last)s::timestamptz, '1 day') day,
    generate_series(1, (%(daily)s * (0.7 + 0.6 * random()
      + CASE WHEN extract(dow FROM day) IN (0, 6) THEN 0.4 ELSE 0 END))::int) n
), customer AS (
  INSERT INTO tickets_customer (channel, external_id, name, email, language, created_at)
  SELECT %(channel)s, 'filled-' || day::date || '-' || n, '', '', '', opened_at FROM made WHERE opened_at < %(now)s
  RETURNING id, external_id
)
INSERT INTO tickets_ticket (customer_id, channel, subject, category, priority, state, last_seq, openings, opened_at,
  waiting_since, first_response_at, last_message_at, closed_at)
SELECT c.id, CASE WHEN r1 < 0.78 THEN %(channel)s WHEN r1 < 0.92 THEN 'widget' ELSE 'email' END, '',
  (ARRAY['', 'logistics', 'logistics', 'size', 'quality', 'refund', 'refund', 'pre_sale', 'usage', 'ad_mismatch'])
    [1 + floor(r2 * 10)::int], 3,
  CASE WHEN r5 < 0.66 THEN 'closed' WHEN r3 < 0.93 THEN 'answered' ELSE 'waiting' END, 3, 1, opened_at,
  CASE WHEN r5 >= 0.66 AND r3 >= 0.93 THEN opened_at END,
  CASE WHEN r3 < 0.93 AND opened_at + wait < %(now)s THEN opened_at + wait END, opened_at,
  CASE WHEN r5 < 0.66 AND opened_at + wait + interval '20 min' < %(now)s THEN opened_at + wait + interval '20 min' END
FROM made JOIN customer c ON c.external_id = 'filled-' || day::date || '-' || n,
  LATERAL (SELECT make_interval(secs => exp(2.3 + 2.2 * r4 + 3.6 * power(r4, 12))) AS wait) waits
ORDER BY opened_at
"""
_EVENTS = """
INSERT INTO tickets_event (ticket_id, kind, by, before, after, at)
SELECT number, kind, by, '{}', after, at FROM (
  SELECT number, 1 AS place, 'ticket.opened' AS kind, '' AS by, jsonb_build_object('since', opened_at) AS after,
    opened_at AS at FROM tickets_ticket WHERE number > %(after)s
  UNION ALL SELECT number, 2, 'message.received', '', '{"seq": 1}', opened_at
  FROM tickets_ticket WHERE number > %(after)s
  UNION ALL SELECT number, 3, 'message.acknowledged', 'acknowledgement', '{"seq": 2}', opened_at
  FROM tickets_ticket WHERE number > %(after)s
  UNION ALL SELECT number, 4, 'clock.breached', 'clock', '{"clock": "first"}', opened_at + goal FROM tickets_ticket,
    LATERAL (SELECT CASE channel WHEN 'email' THEN interval '24 h' WHEN 'tiktok_shop' THEN interval '66 min'
      ELSE interval '30 s' END AS goal) goals
  WHERE number > %(after)s AND opened_at + goal < coalesce(first_response_at, closed_at, %(now)s)
  UNION ALL SELECT number, 5, 'message.replied', '', '{"seq": 3, "first": true}', first_response_at FROM tickets_ticket
  WHERE number > %(after)s AND first_response_at IS NOT NULL
  UNION ALL SELECT number, 6, 'ticket.closed', '', '{}', closed_at FROM tickets_ticket
  WHERE number > %(after)s AND closed_at IS NOT NULL
) told ORDER BY at, place
"""


def fill(store: Store, *, first: datetime, last: datetime, daily: int, now: datetime, channel: str) -> None:
    """So many tickets a day, about, from the first day to the last, with their events."""
    values: dict[str, Any] = {"first": first, "last": last, "daily": daily, "now": now, "channel": channel}
    with in_store(store), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(number), 0) FROM tickets_ticket")
        after = cursor.fetchone()[0]
        cursor.execute(_TICKETS, values)
        cursor.execute("UPDATE tickets_ticket SET state = 'answered' WHERE number > %s AND state = 'closed'"
                       " AND closed_at IS NULL", [after])  # fmt: skip
        cursor.execute(_EVENTS, {**values, "after": after})
