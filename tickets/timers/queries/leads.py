"""Which lead is named when nobody has answered. From a place, before a store is entered: leads work for all stores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush

from tenants.context import ask
from tickets.clocks.timers import ESCALATE
from tickets.queries.presence import FRESH
from tickets.roster.queries.duty import on_duty
from tickets.timers.models import Fired

# What somebody has on their hands: open tickets that are theirs, and those that were escalated to them.
_LEADS = """
SELECT member.user_id, present.seen_at IS NOT NULL,
       (SELECT count(*) FROM desk_queueentry WHERE assignee_id = member.user_id)
       + (SELECT count(*) FROM desk_queueentry
          WHERE escalated_to_id = member.user_id AND assignee_id IS DISTINCT FROM member.user_id)
FROM tenants_store store
JOIN tenants_membership member ON member.agency_id = store.agency_id AND member.role IN ('owner', 'lead')
JOIN tenants_user person ON person.id = member.user_id AND person.is_active
LEFT JOIN desk_presence present
  ON present.person_id = member.user_id AND present.agency_id = store.agency_id AND present.seen_at > %(fresh)s
WHERE store.id = %(store)s
"""


@dataclass
class Leads:
    """Who may be named, the least busy first; whoever is named has one more to look after."""

    people: Iterable[tuple[int, int]]  # how much they have on their hands, who
    _heap: list[tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self._heap = list(self.people)
        heapify(self._heap)

    def take(self, *, but: int | None = None) -> int | None:
        """The least busy of them; somebody else than `but`, who let it come to this, if there is anybody else."""
        if not self._heap:
            return None
        busy, person = heappop(self._heap)
        if person == but and self._heap:
            other = self.take()
            heappush(self._heap, (busy, person))
            return other
        heappush(self._heap, (busy + 1, person))
        return person


def leads_for(store_id: int, *, now: datetime) -> Leads | None:
    """Owners and leads on duty in the store; else those who are at a desk of the agency; else nobody. None: nothing
    is to be escalated there, so nobody was asked for.

    One query where nothing is to be escalated in the store, three where something is.
    """
    if not Fired.objects.filter(store_id=store_id, what=ESCALATE).exists():
        return None
    found = ask(_LEADS, {"store": store_id, "fresh": now - FRESH})
    duty = on_duty(store_id, now)
    on_shift = [(busy, person) for person, _there, busy in found if person in duty]
    return Leads(on_shift or [(busy, person) for person, there, busy in found if there])
