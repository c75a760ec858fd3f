"""tick: what has come due among all open tickets of all stores. From the operator's place, in public alone.

Two statements a batch, however many stores: one claims, one writes what became of it; beside them, plans and rules,
and now and then the hours of the stores whose owner has a rule that counts business hours. What must be done inside a
store is a row of `Fired`, written with the claim; `work` does it. Two clocks share the rows between them (SKIP LOCKED),
and one that is killed leaves them as they were.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from tenants.context import ask
from tickets.clocks.rules import Looked
from tickets.clocks.timers import ALWAYS_OPEN, BREACH, Facts, Plan, Step, step
from tickets.policies.book import Book
from tickets.policies.queries import books_known
from tickets.timers.actions.follow_up import claim_follow_ups
from tickets.timers.queries.plans import plans_of

AT_ONCE: Final = 1000  # rows that are claimed together; a verb on one of them waits for some 0.1 s
BATCHES: Final = 20  # of one tick; the next one goes on

# A store that is not open is looked at again in a minute: nothing of it fires, and it keeps nobody else waiting.
_CLAIM: Final = """
SELECT entry.id, entry.store_id, store.agency_id, store.state = 'open', entry.state, entry.priority, entry.channel,
       entry.category, entry.assignee_id, entry.last_message_at, entry.waiting_since, entry.due_at,
       entry.breached_at IS NOT NULL, entry.snoozed_until, entry.told, event.alarm_share
FROM desk_queueentry entry JOIN tenants_store store ON store.id = entry.store_id
LEFT JOIN events_liveevent event
  ON event.store_id = entry.store_id AND event.begun_at IS NOT NULL AND event.ended_at IS NULL
WHERE entry.next_at <= %(now)s AND entry.store_id = coalesce(%(store)s::bigint, entry.store_id)
ORDER BY entry.next_at LIMIT %(most)s FOR NO KEY UPDATE OF entry SKIP LOCKED
"""
_WRITE: Final = """
WITH seen AS (
  SELECT * FROM jsonb_to_recordset(%(seen)s::jsonb) AS seen(
    id bigint, again timestamptz, what text, told text[], breached boolean, wakes boolean, fired jsonb)
), moved AS (
  UPDATE desk_queueentry entry SET next_at = seen.again, next_what = seen.what, told = seen.told,
    breached_at = CASE WHEN seen.breached THEN %(now)s ELSE entry.breached_at END,
    snoozed_until = CASE WHEN seen.wakes THEN %(now)s ELSE entry.snoozed_until END
  FROM seen WHERE entry.id = seen.id
  RETURNING entry.id, entry.store_id, entry.ticket_number, entry.clock, entry.waiting_since, entry.last_message_at,
            entry.due_at, entry.last_seq
)
INSERT INTO timers_fired (store_id, ticket_number, what, at, fired_at, since, clock, due_at, last_seq, tries)
SELECT moved.store_id, moved.ticket_number, thing.what, thing.at, %(now)s,
       coalesce(moved.waiting_since, moved.last_message_at), moved.clock, moved.due_at, moved.last_seq, 0
FROM moved JOIN seen ON seen.id = moved.id, jsonb_to_recordset(seen.fired) AS thing(what text, at timestamptz)
RETURNING store_id
"""
_LATER: Final = "UPDATE desk_queueentry SET next_at = %(now)s + interval '1 minute' WHERE id = ANY(%(ids)s)"


def tick(now: datetime, *, store: int | None = None) -> list[int]:
    """Claims all that is due, of one store if that is named. The stores in which there is something to do.

    Exactly once: a row is claimed, moved on and its things written in one transaction. `now` is the database's.
    """
    stores: dict[int, None] = {}
    for _ in range(BATCHES):
        seen, found = _batch(now, store)
        stores.update(dict.fromkeys(found))
        if seen < AT_ONCE:
            break
    stores.update(dict.fromkeys(claim_follow_ups(now, store=store)))
    return list(stores)


@transaction.atomic
def _batch(now: datetime, store: int | None) -> tuple[int, list[int]]:
    rows = ask(_CLAIM, {"now": now, "store": store, "most": AT_ONCE})
    if not rows:
        return 0, []
    plans = plans_of({row[2] for row in rows})
    books = books_known({row[1] for row in rows if plans[row[2]].counts_hours})
    seen = [_seen(row, plans[row[2]], books.get(row[1]), now) for row in rows if row[3]]
    closed = [row[0] for row in rows if not row[3]]
    if closed:
        ask(_LATER, {"now": now, "ids": closed})
    found = ask(_WRITE, {"seen": json.dumps(seen), "now": now}) if seen else []
    return len(rows), [pk for (pk,) in found]


def _seen(row: tuple[Any, ...], plan: Plan, book: Book | None, now: datetime) -> dict[str, Any]:
    *known, alarm_share = row
    facts = _facts(known)
    hours = book.hours_at(facts.since) if book else ALWAYS_OPEN
    came = step(facts, plan.tightened(alarm_share), now=now, hours=hours)
    return {
        "id": row[0],
        "again": came.again and came.again.at.isoformat(),
        "what": came.again.what if came.again else "",
        "told": sorted(came.told),
        "breached": any(thing.what == BREACH for thing in came.fired),
        "wakes": came.wakes,
        "fired": _fired(came),
    }


def _fired(came: Step) -> list[dict[str, str]]:
    return [{"what": thing.what, "at": thing.at.isoformat()} for thing in came.fired]


def _facts(row: Sequence[Any]) -> Facts:
    _pk, _store, _agency, _is_open, state, priority, channel, category, assignee, last_at, since, due, late, *rest = row
    snoozed_until, told = rest
    return Facts(
        looked=Looked(state, priority, channel, category, assignee),
        last_message_at=last_at,
        waiting_since=since,
        due_at=due,
        snoozed_until=snoozed_until,
        told=frozenset([*told, BREACH] if late else told),
    )
