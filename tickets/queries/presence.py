"""Who is at a desk: in public, from an agency's place or for the whole deployment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from tenants.access import Caller
from tenants.models import Store
from tickets.desk.models import Presence

FRESH: Final = timedelta(seconds=30)  # since a desk of theirs was last connected: they are there
GONE: Final = timedelta(seconds=60)  # … they are not, and their chats go to the next, unless a plan says other


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
