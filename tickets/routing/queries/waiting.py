"""What waits to be given, and what people who are gone still have. From the operator's place, in public alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tenants.context import ask
from tickets.clocks.routing import Waiting
from tickets.queries.presence import FRESH

MOST_OF_A_STORE: Final = 200  # that are looked at in a second, the longest waits first …
MOST: Final = 10_000  # … and of all together, as many of each store
MOST_OF_THE_GONE: Final = 200  # that are looked at in a second
LATELY: Final = timedelta(minutes=10)  # a chat that has been still for longer stays with whoever had it


@dataclass(frozen=True)
class Found:
    """A ticket with whose it is. `holder`: from whom it is taken; None: nobody has it."""

    agency: int
    marketplace: str
    ticket: Waiting
    holder: int | None = None


_COLUMNS: Final = """
  store.agency_id, store.marketplace, entry.store_id, entry.ticket_number, entry.channel,
  coalesce(entry.waiting_since, entry.last_message_at), entry.due_at, entry.category, entry.language, entry.priority,
  entry.urgency
"""
_LAST: Final = """LEFT JOIN LATERAL (
  SELECT said.person_id FROM score_happening said
  WHERE said.store_id = entry.store_id AND said.ticket_number = entry.ticket_number AND said.kind = 'human'
  ORDER BY said.at DESC, said.id DESC LIMIT 1
) last ON true"""
# Chats of everybody by their index; other channels only in stores of agencies that want them given, store by store.
_NOBODYS: Final = f"""
WITH entry AS (
  SELECT * FROM (
    SELECT chat.*, row_number() OVER (PARTITION BY chat.store_id ORDER BY chat.waiting_since, chat.id) AS place
    FROM desk_queueentry chat
    WHERE chat.channel = 'widget' AND chat.assignee_id IS NULL AND chat.waiting_since <= %(now)s::timestamptz
  ) chats WHERE place <= %(most)s
  UNION ALL
  SELECT others.* FROM routing_plan plan
  JOIN tenants_store store ON store.agency_id = plan.agency_id AND store.state = 'open'
  CROSS JOIN LATERAL (
    SELECT other.*, row_number() OVER (ORDER BY other.waiting_since) AS place FROM desk_queueentry other
    WHERE other.store_id = store.id AND other.channel = ANY(plan.channels) AND other.channel <> 'widget'
      AND other.assignee_id IS NULL AND other.waiting_since <= %(now)s::timestamptz
    ORDER BY other.waiting_since LIMIT %(most)s
  ) others
  WHERE plan.channels <> '{{widget}}'
)
SELECT {_COLUMNS}, coalesce(last.person_id, entry.last_agent_id), NULL
FROM entry
JOIN tenants_store store ON store.id = entry.store_id AND store.state = 'open'
LEFT JOIN routing_plan plan ON plan.agency_id = store.agency_id
{_LAST}
WHERE (plan.id IS NULL OR entry.channel = ANY(plan.channels))
  AND (entry.snoozed_until IS NULL OR entry.snoozed_until <= %(now)s::timestamptz)
  AND store.agency_id IN (
    SELECT agency_id FROM desk_presence WHERE status = 'online' AND seen_at > %(fresh)s::timestamptz)
ORDER BY entry.place, entry.waiting_since LIMIT %(most_of_all)s
"""
# What nobody may have stays, and is found again: of each agency as many, so that none keeps back another's.
_GONES: Final = f"""
WITH gone AS (
  SELECT entry.*, present.agency_id AS of_agency FROM desk_presence present
  LEFT JOIN routing_plan plan ON plan.agency_id = present.agency_id
  JOIN desk_queueentry entry ON entry.channel = 'widget' AND entry.assignee_id = present.person_id
  WHERE present.seen_at <= %(now)s::timestamptz - interval '1 s' * coalesce(plan.take_back_s, %(chats_s)s)
    AND (entry.waiting_since IS NOT NULL OR entry.last_message_at > %(lately)s::timestamptz)
  UNION ALL
  SELECT entry.*, present.agency_id FROM routing_plan plan
  JOIN desk_presence present ON present.agency_id = plan.agency_id
  JOIN desk_queueentry entry ON entry.assignee_id = present.person_id AND entry.channel <> 'widget'
  WHERE present.seen_at <= %(now)s::timestamptz - interval '1 min' * plan.take_back_others_min
    AND EXISTS (SELECT FROM desk_presence here
      WHERE here.agency_id = plan.agency_id AND here.status = 'online' AND here.seen_at > %(fresh)s::timestamptz)
    AND entry.waiting_since IS NOT NULL
    AND (entry.snoozed_until IS NULL OR entry.snoozed_until <= %(now)s::timestamptz)
)
SELECT {_COLUMNS}, NULL, entry.assignee_id
FROM gone entry
JOIN tenants_store store ON store.id = entry.store_id AND store.agency_id = entry.of_agency AND store.state = 'open'
ORDER BY entry.channel <> 'widget', row_number() OVER (
  PARTITION BY store.agency_id, entry.channel <> 'widget' ORDER BY entry.waiting_since NULLS LAST, entry.id
) LIMIT %(most)s
"""


def nobodys(now: datetime) -> list[Found]:
    """Tickets that are given by themselves and that nobody has, whose buyer waits, of agencies where somebody is there.

    One query over the deployment.
    """
    values = {"now": now, "fresh": now - FRESH, "most": MOST_OF_A_STORE, "most_of_all": MOST}
    return _found(ask(_NOBODYS, values))


def of_the_gone(now: datetime, chats_s: int) -> list[Found]:
    """Chats of people whose last desk has been gone for a while, where the buyer waits or was written with lately; and
    what waits in other channels where the agency wants it back. `chats_s`: the while where no plan says. One query.
    """
    values = {"now": now, "fresh": now - FRESH, "lately": now - LATELY, "chats_s": chats_s, "most": MOST_OF_THE_GONE}
    return _found(ask(_GONES, values))


def _found(rows: Iterable[tuple[Any, ...]]) -> list[Found]:
    return [_one(*row) for row in rows]


def _one(agency: int, marketplace: str, *row: Any) -> Found:
    store, number, channel, since, due_at, category, language, priority, urgency, last, holder = row
    ticket = Waiting(
        store,
        number,
        channel,
        since,
        due_at,
        category=category,
        language=language,
        priority=priority,
        urgency=urgency,
        last_agent=last,
        is_taken_back=holder is not None,
    )
    return Found(agency, marketplace, ticket, holder)
