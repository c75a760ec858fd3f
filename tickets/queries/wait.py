"""What the entered store may tell a buyer about the wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenants.context import ask
from tickets.clocks.wait import SHARE, expected_wait

_WAITS = """
WITH answered AS (
  SELECT greatest(first_response_at - opened_at, interval '0') AS wait FROM tickets_ticket
  WHERE first_response_at > %(since)s AND first_response_at <= %(now)s AND channel = %(channel)s
  ORDER BY first_response_at DESC LIMIT 200
), summed AS (
  SELECT count(*) AS samples, percentile_cont(%(share)s) WITHIN GROUP (ORDER BY wait) AS wait FROM answered
)
SELECT samples, wait, (
  SELECT %(now)s - opened_at FROM tickets_ticket
  WHERE first_response_at IS NULL AND closed_at IS NULL AND channel = %(channel)s
  ORDER BY opened_at OFFSET samples / 4 LIMIT 1
) FROM summed
"""


def expected_wait_now(channel: str, now: datetime) -> timedelta | None:
    """What the entered store may tell a buyer on this channel, from its last hour. One statement over 200 rows."""
    values = {"share": SHARE, "since": now - timedelta(hours=1), "now": now, "channel": channel}
    [(samples, answered, waiting)] = ask(_WAITS, values)
    return expected_wait(samples=samples, answered=answered, waiting=waiting)
