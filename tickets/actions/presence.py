"""presence: a person is at a desk, takes chats or does not, says when they are back, and how their list is ordered.

At an agency's place.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from tenants.access import Caller
from tenants.context import UNHURRIED, ask_unhurried
from tenants.errors import Invalid, NotFound
from tenants.hosts import Kind
from tenants.models.people import Role
from tickets.desk.models import Presence

LONGEST_AWAY: Final = timedelta(hours=24)

# Owners and leads look at a desk without meaning to take chats; agents come to take them.
_TOUCH = f"""
INSERT INTO desk_presence (person_id, agency_id, status, seen_at, taken_back)
SELECT %(person)s, %(agency)s, CASE WHEN role = %(agent)s THEN 'online' ELSE 'away' END, %(now)s, 0
FROM tenants_membership CROSS JOIN {UNHURRIED} WHERE user_id = %(person)s AND agency_id = %(agency)s
ON CONFLICT (person_id, agency_id) DO UPDATE SET seen_at = greatest(desk_presence.seen_at, EXCLUDED.seen_at)
"""


def touch(caller: Caller, *, now: datetime) -> None:
    """A desk of the caller's is connected at this moment. On a store's host, which takes no chats, nothing happens."""
    if caller.place.kind != Kind.AGENCY:
        return
    values = {"person": caller.person.pk, "agency": caller.place.agency_id, "agent": Role.AGENT, "now": now}
    ask_unhurried(_TOUCH, values)


def set_presence(caller: Caller, status: str, *, back_in: int | None = None, now: datetime) -> None:
    """Online, or away; `back_in` minutes, if the caller says when they are back. Raises Invalid, NotFound."""
    if caller.place.kind != Kind.AGENCY:
        raise NotFound
    if status not in Presence.Status.values:
        raise Invalid(_("Online or away."), field="status")
    if back_in is not None and not 0 < back_in * 60 <= LONGEST_AWAY.total_seconds():
        raise Invalid(_("Up to 24 hours."), field="back_in")
    touch(caller, now=now)
    back_at = now + timedelta(minutes=back_in) if status == Presence.Status.AWAY and back_in else None
    mine = Presence.objects.filter(person=caller.person.pk, agency=caller.place.agency_id)
    mine.update(status=status, back_at=back_at)


def order_desk(caller: Caller, *, by_time: bool, now: datetime) -> None:
    """How the caller's list is ordered from now on, on all their screens. Raises NotFound on a store's host."""
    if caller.place.kind != Kind.AGENCY:
        raise NotFound
    touch(caller, now=now)
    Presence.objects.filter(person=caller.person.pk, agency=caller.place.agency_id).update(by_time=by_time)


def heard_of_losses(caller: Caller) -> None:
    """The caller was told how many chats went to colleagues while they were gone."""
    mine = Presence.objects.filter(person=caller.person.pk, agency=caller.place.agency_id)
    mine.exclude(taken_back=0).update(taken_back=0)
