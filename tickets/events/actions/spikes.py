"""follow_spikes: bursts that nobody announced, against a store's own hour of the week. From the operator's place."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from tenants.context import ask
from tickets.clocks.demand import FLOOR, WINDOW, Window, is_spike, usual_of

WEEKS: Final = 4

# One statement, however many stores: those with many messages in the window, or a spike that is under way. Only for
# them it counts the same hour of the weeks before, on the store's own clock, around the middle of the window. A store
# has as many weeks as have gone by since its first message.
_LOOK: Final = """
WITH busy AS MATERIALIZED (
  SELECT store.id, store.time_zone, seen.count AS seen, spike.id AS spike
  FROM tenants_store store
  LEFT JOIN events_spike spike ON spike.store_id = store.id AND spike.ended_at IS NULL
  CROSS JOIN LATERAL (
    SELECT count(*) FROM score_happening one
    WHERE one.store_id = store.id AND one.kind = 'buyer' AND one.at > %(since)s AND one.at <= %(now)s
  ) seen
  WHERE store.state = 'open' AND (seen.count >= %(floor)s OR spike.id IS NOT NULL)
)
SELECT busy.id, busy.seen, busy.spike, known.weeks, past.count, coalesce(event.multiplier, 1)
FROM busy
LEFT JOIN events_liveevent event
  ON event.store_id = busy.id AND event.begun_at IS NOT NULL AND event.ended_at IS NULL
CROSS JOIN LATERAL (
  SELECT coalesce(least(%(weeks)s, floor(extract(epoch FROM %(now)s - min(one.at)) / 604800)), 0)::int AS weeks
  FROM score_happening one WHERE one.store_id = busy.id AND one.kind = 'buyer'
) known
CROSS JOIN LATERAL (
  SELECT coalesce(sum(hour.count), 0)::int AS count FROM generate_series(1, known.weeks) AS back(weeks)
  CROSS JOIN LATERAL (
    SELECT ((%(now)s::timestamptz AT TIME ZONE busy.time_zone) - make_interval(weeks => back.weeks))
      AT TIME ZONE busy.time_zone - interval '5 minutes' AS at
  ) middle
  CROSS JOIN LATERAL (  -- counted for each week by itself, or all of the store's messages would be read
    SELECT count(*) FROM score_happening one WHERE one.store_id = busy.id AND one.kind = 'buyer'
      AND one.at > middle.at - interval '30 minutes' AND one.at <= middle.at + interval '30 minutes'
  ) hour
) past
"""
_WRITE: Final = """
WITH found AS (
  SELECT * FROM jsonb_to_recordset(%(found)s::jsonb)
    AS found(store bigint, seen int, usual float8, goes_on boolean, is_new boolean)
), kept AS (
  UPDATE events_spike spike SET seen = greatest(spike.seen, found.seen), now_seen = found.seen,
    ended_at = CASE WHEN found.goes_on THEN NULL ELSE %(now)s::timestamptz END
  FROM found WHERE spike.store_id = found.store AND spike.ended_at IS NULL
  RETURNING spike.store_id
)
INSERT INTO events_spike (store_id, began_at, usual, seen, now_seen)
SELECT found.store, %(now)s, found.usual, found.seen, found.seen FROM found
WHERE found.is_new
ON CONFLICT (store_id) WHERE ended_at IS NULL DO NOTHING
"""


def follow_spikes(now: datetime) -> int:
    """One look; in how many stores a spike began, went on or ended. One statement, and one more where there is one."""
    rows = ask(_LOOK, {"now": now, "since": now - WINDOW, "floor": FLOOR, "weeks": WEEKS})
    found = [one for row in rows if (one := _judged(row))]
    if found:
        ask(_WRITE, {"found": json.dumps(found), "now": now})
    return len(found)


def _judged(row: tuple[Any, ...]) -> dict[str, Any] | None:
    store, seen, spike, weeks, counts, times = row
    usual = usual_of(counts, weeks, times=times)
    goes_on = is_spike(Window(seen, usual, is_open=spike is not None))
    if not goes_on and spike is None:
        return None
    # What was open when it was looked at is never opened anew: another clock may have closed it meanwhile.
    return {"store": store, "seen": seen, "usual": usual, "goes_on": goes_on, "is_new": goes_on and spike is None}
