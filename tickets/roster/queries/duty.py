"""Who is on duty, where and when. Read at a place or inside a store: public tables alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenants.context import ask
from tickets.clocks.shifts import Span

# A person counts in a store while they work for its agency and may answer there; what they were given is asked anew.
_PRESENT = """
SELECT shift.person_id, shift.begins_at, shift.ends_at
FROM tenants_store store
JOIN roster_shift shift
  ON shift.agency_id = store.agency_id AND (shift.store_id = store.id OR shift.store_id IS NULL)
JOIN tenants_user person ON person.id = shift.person_id AND person.is_active
JOIN tenants_membership member ON member.user_id = shift.person_id AND member.agency_id = store.agency_id
WHERE store.id = %s::bigint AND shift.begins_at < %s::timestamptz AND shift.ends_at > %s::timestamptz
  AND (member.role IN ('owner', 'lead') OR EXISTS (
    SELECT FROM tenants_assignment given
    WHERE given.user_id = shift.person_id AND given.store_id = store.id AND given.role = 'agent'))
"""
_MOMENT = timedelta(microseconds=1)


def on_duty(store_id: int, at: datetime) -> frozenset[int]:
    """The people whose shift in this store, or in all of theirs, is under way. One query."""
    return frozenset(person for person, _begins, _ends in ask(_PRESENT, [store_id, at + _MOMENT, at]))


def shifts_in_store(store_id: int, begins: datetime, ends: datetime) -> list[Span]:
    """Every shift that somebody has in the store in this time. One query."""
    return [Span(first, last) for _person, first, last in ask(_PRESENT, [store_id, ends, begins])]
