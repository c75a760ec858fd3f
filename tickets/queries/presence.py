"""Who is at a desk: in public, from an agency's place or for the whole deployment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from tenants.access import Caller
from tenants.models import Store
from tickets.desk.models import Presence

FRESH: Final = timedelta(seconds=30)  # since a desk of theirs was last connected: they are there
GONE: Final = timedelta(seconds=60)  # … they are not, and their chats go to the next
RINGS_FOR: Final = timedelta(seconds=10)  # before a chat that nobody accepted is given to somebody
MOST_CHATS: Final = 6  # that are given to one person; they may accept more


@dataclass(frozen=True)
class PresenceRow:
    """A person's own presence, as their desk shows it."""

    status: str
    back_at: datetime | None
    taken_back: int
    by_time: bool = False  # how they want their list ordered


def presence_of(caller: Caller) -> PresenceRow | None:
    """The caller's own; None for somebody who was never at a desk here, and for a store's host. One query."""
    row = Presence.objects.filter(person=caller.person.pk, agency=caller.place.agency_id).first()
    return PresenceRow(row.status, row.back_at, row.taken_back, row.by_time) if row else None


@dataclass(frozen=True)
class Colleague:
    person: int
    status: str  # online, away, or empty: at no desk
    back_at: datetime | None
    chats: int


_COLLEAGUES = """
SELECT present.person_id, CASE WHEN present.seen_at > %(fresh)s THEN present.status ELSE '' END, present.back_at,
       (SELECT count(*) FROM desk_queueentry WHERE channel = 'widget' AND assignee_id = present.person_id)
FROM desk_presence present
JOIN tenants_membership member ON member.user_id = present.person_id AND member.agency_id = present.agency_id
JOIN tenants_user person ON person.id = present.person_id AND person.is_active
WHERE present.agency_id = %(agency)s AND (member.role <> 'agent' OR EXISTS (
  SELECT FROM tenants_assignment given
  WHERE given.user_id = present.person_id AND given.store_id = %(store)s AND given.role = 'agent'))
"""


def colleagues_present(store: Store, now: datetime) -> dict[int, Colleague]:
    """person → what colleagues may know of their being there, of those who work in this store today.

    One query, from the agency's place.
    """
    values = {"agency": store.agency_id, "store": store.pk, "fresh": now - FRESH}
    with connection.cursor() as cursor:
        cursor.execute(_COLLEAGUES, values)
        return {row[0]: Colleague(*row) for row in cursor.fetchall()}


@dataclass(frozen=True)
class Ringing:
    """A chat that nobody has accepted, and who would be given it: None while nobody is free."""

    store: int
    ticket: int
    person: int | None


# The least busy of those who were assigned to the store, are there, take chats and have room. Leads and owners are not
# given chats: they accept them.
_NEXT = """
SELECT present.person_id FROM desk_presence present
JOIN tenants_assignment given ON given.user_id = present.person_id AND given.store_id = entry.store_id
  AND given.role = 'agent'
JOIN tenants_membership member ON member.user_id = present.person_id AND member.agency_id = present.agency_id
JOIN tenants_user person ON person.id = present.person_id AND person.is_active
CROSS JOIN LATERAL (
  SELECT count(*) AS chats, max(held.last_message_at) AS latest FROM desk_queueentry held
  WHERE held.channel = 'widget' AND held.assignee_id = present.person_id
) load
WHERE present.agency_id = store.agency_id AND present.status = 'online' AND present.seen_at > %(fresh)s
  AND load.chats < %(most)s AND present.person_id <> coalesce(%(but)s, 0)
ORDER BY load.chats, load.latest NULLS FIRST, present.person_id LIMIT 1
"""
_RINGING = f"""
SELECT entry.store_id, entry.ticket_number, ({_NEXT}) FROM desk_queueentry entry
JOIN tenants_store store ON store.id = entry.store_id AND store.state = 'open'
WHERE entry.channel = 'widget' AND entry.assignee_id IS NULL AND entry.waiting_since <= %(since)s
ORDER BY entry.waiting_since LIMIT %(limit)s
"""


def longest_ringing(now: datetime, *, skip: set[tuple[int, int]]) -> Ringing | None:
    """The chat that has rung longest, beyond RINGS_FOR, for whom somebody is free. Over the deployment; one query."""
    values: dict[str, Any] = {
        "fresh": now - FRESH,
        "since": now - RINGS_FOR,
        "most": MOST_CHATS,
        "but": None,
        "limit": len(skip) + 20,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RINGING, values)
        found = [Ringing(*row) for row in cursor.fetchall()]
    return next((ring for ring in found if ring.person and (ring.store, ring.ticket) not in skip), None)


@dataclass(frozen=True)
class Stranded:
    """A chat whose agent is gone."""

    store: int
    ticket: int
    person: int


_STRANDED = """
SELECT entry.store_id, entry.ticket_number, entry.assignee_id FROM desk_presence present
JOIN desk_queueentry entry ON entry.channel = 'widget' AND entry.assignee_id = present.person_id
JOIN tenants_store store ON store.id = entry.store_id AND store.agency_id = present.agency_id AND store.state = 'open'
WHERE present.seen_at <= %(gone)s AND (entry.waiting_since IS NOT NULL OR entry.last_message_at > %(lately)s)
ORDER BY entry.waiting_since NULLS LAST LIMIT 200
"""
LATELY: Final = timedelta(minutes=10)  # a chat that has been still for longer stays with whoever had it


def stranded_chats(now: datetime) -> list[Stranded]:
    """Chats of people whose last desk has been gone for GONE: the buyer waits, or was written with lately."""
    with connection.cursor() as cursor:
        cursor.execute(_STRANDED, {"gone": now - GONE, "lately": now - LATELY})
        return [Stranded(*row) for row in cursor.fetchall()]


_NEXT_OF = f"""
SELECT ({_NEXT}) FROM (SELECT %(store)s::bigint AS store_id) entry
JOIN tenants_store store ON store.id = entry.store_id
"""


def next_for(store: Store, *, but: int | None, now: datetime) -> int | None:
    """Who would be given the next chat of this store: the person's id, or None while nobody is free. In public."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_OF, {"store": store.pk, "fresh": now - FRESH, "most": MOST_CHATS, "but": but})
        row = cursor.fetchone()
    return row[0] if row else None
