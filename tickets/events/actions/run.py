"""begin_due, end_due: an event begins and ends once, whoever looks. Each one statement, however many begin.

Beginning lends people (an assignment for who had none) and makes the tick look at all who wait, for warnings come
earlier from now on. Ending takes away what was added, and nothing else. The claim is the UPDATE: of two clocks one gets
a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from tenants.context import ask
from tickets.clocks.timers import FIRST_SHARE

# Who owns or leads the agency has every store; who left it meanwhile is passed over.
_LEND: Final = """
  INSERT INTO tenants_assignment (user_id, store_id, role, alias)
  SELECT lent.person_id, lent.store_id, 'agent', ''
  FROM events_lent lent JOIN begun ON begun.id = lent.event_id
  JOIN tenants_store store ON store.id = lent.store_id
  JOIN tenants_membership member
    ON member.user_id = lent.person_id AND member.agency_id = store.agency_id AND member.role = 'agent'
  WHERE lent.over_at IS NULL AND lent.added_assignment IS NULL
  ON CONFLICT (user_id, store_id) DO NOTHING RETURNING id, user_id, store_id
"""
_NOTE: Final = """
  UPDATE events_lent lent SET added_assignment = given.id FROM given, begun
  WHERE lent.event_id = begun.id AND lent.person_id = given.user_id AND lent.store_id = given.store_id
"""
_BEGIN: Final = f"""
WITH begun AS (
  UPDATE events_liveevent SET begun_at = %(now)s WHERE begun_at IS NULL AND id IN (
    SELECT event.id FROM events_liveevent event JOIN tenants_store store ON store.id = event.store_id
    WHERE event.begun_at IS NULL AND event.ended_at IS NULL AND event.begins_at <= %(now)s AND event.ends_at > %(now)s
      AND store.state = 'open' AND event.id = coalesce(%(event)s::bigint, event.id)
      AND NOT EXISTS (SELECT FROM events_liveevent other  -- whose end no clock has seen yet: it waits for that
                      WHERE other.store_id = event.store_id AND other.begun_at IS NOT NULL AND other.ended_at IS NULL)
    ORDER BY event.id FOR NO KEY UPDATE OF event SKIP LOCKED
  ) RETURNING id, store_id
), given AS ({_LEND}), noted AS ({_NOTE}), looked AS (
  UPDATE desk_queueentry entry SET next_at = least(entry.next_at, %(now)s::timestamptz) FROM begun
  WHERE entry.store_id = begun.store_id AND entry.due_at IS NOT NULL
)
SELECT id FROM begun ORDER BY id
"""
# People who are lent or taken out while the event runs already.
_LEND_NOW: Final = f"""
WITH begun AS (
  SELECT id, store_id FROM events_liveevent
  WHERE id = %(event)s AND begun_at IS NOT NULL AND ended_at IS NULL
), given AS ({_LEND}), noted AS ({_NOTE} RETURNING lent.id)
SELECT id FROM noted
"""
_TAKE: Final = """
  UPDATE events_lent lent SET over_at = %(now)s FROM ended
  WHERE lent.event_id = ended.id AND lent.over_at IS NULL AND lent.person_id = coalesce(ended.person, lent.person_id)
  RETURNING lent.added_assignment, lent.person_id, lent.store_id
"""
_GONE: Final = """
  DELETE FROM tenants_assignment given USING taken
  WHERE given.id = taken.added_assignment AND given.user_id = taken.person_id AND given.store_id = taken.store_id
    AND given.role = 'agent'
"""
# One that lay wholly in a time in which no clock ran ends without having begun.
_END: Final = f"""
WITH ended AS (
  UPDATE events_liveevent SET ended_at = %(now)s WHERE ended_at IS NULL AND id IN (
    SELECT id FROM events_liveevent
    WHERE ended_at IS NULL AND ends_at <= %(now)s AND id = coalesce(%(event)s::bigint, id)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
  ) RETURNING id, NULL::bigint AS person
), taken AS ({_TAKE}), gone AS ({_GONE})
SELECT id FROM ended ORDER BY id
"""
_TAKE_NOW: Final = f"""
WITH ended AS (SELECT %(event)s::bigint AS id, person FROM unnest(%(people)s::bigint[]) AS person),
taken AS ({_TAKE}), gone AS ({_GONE})
SELECT person_id FROM taken
"""
_LOOK: Final = """
UPDATE desk_queueentry SET next_at = least(next_at, %(now)s::timestamptz)
WHERE store_id = %(store)s AND due_at IS NOT NULL
"""
# A verb that was under way while an event began may have reckoned without it what it wrote afterwards: a wait of which
# nothing is told, and that is to be looked at later than an event lets it (as tickets.actions.record has it). What was
# looked at since is not found again.
_LATE: Final = """
UPDATE desk_queueentry entry SET next_at = %(now)s
FROM events_liveevent event JOIN tenants_store store ON store.id = event.store_id
LEFT JOIN timers_plan plan ON plan.agency_id = store.agency_id
WHERE event.begun_at >= %(now)s::timestamptz - %(while)s AND event.begun_at < %(now)s AND event.ended_at IS NULL
  AND entry.store_id = event.store_id AND entry.due_at IS NOT NULL AND entry.told = '{}'
  AND entry.next_at > greatest(%(now)s::timestamptz, entry.waiting_since + (entry.due_at - entry.waiting_since)
    * (CASE WHEN plan.id IS NULL THEN %(share)s ELSE coalesce(plan.first_share, 100) END * event.alarm_share / 10000.0)
    + interval '1 s')
RETURNING entry.id
"""
LONGEST_VERB: Final = timedelta(seconds=20)  # a statement of ours may take 15


def begin_due(now: datetime, *, event: int | None = None) -> list[int]:
    """Begins what is due, or that one if it is. The events that began."""
    return [pk for (pk,) in ask(_BEGIN, {"now": now, "event": event})]


def look_at_the_late(now: datetime) -> int:
    """Waits that were written while their store's event began. How many."""
    return len(ask(_LATE, {"now": now, "while": LONGEST_VERB, "share": FIRST_SHARE}))


def end_due(now: datetime, *, event: int | None = None) -> list[int]:
    """Ends what is over, or that one if it is. The events that ended."""
    return [pk for (pk,) in ask(_END, {"now": now, "event": event})]


def lend_now(event: int) -> None:
    """Gives the store to whoever is lent for an event that runs and was not lent to it yet."""
    ask(_LEND_NOW, {"event": event})


def take_now(event: int, people: Sequence[int], *, now: datetime) -> None:
    """Takes these people out of it again."""
    ask(_TAKE_NOW, {"event": event, "people": list(people), "now": now})


def look_anew(store: int, *, now: datetime) -> None:
    """Warnings of the store come at other times from now on: the tick looks at whoever waits."""
    ask(_LOOK, {"store": store, "now": now})
