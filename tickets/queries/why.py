"""Why a ticket stands where it stands in the desk's order, in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tenants.errors import NotFound
from tenants.models import Store
from tickets.clocks.urgency import pressing, weight_of
from tickets.desk.models import QueueEntry
from tickets.policies.names import name_of, why
from tickets.queries.names import store_ref
from tickets.reasons import roughly, stake_of, time_of
from tickets.rows import StoreRef
from tickets.score.queries.scores import tightest_of


@dataclass(frozen=True)
class WhyHere:
    """What the order is made of. `left`: how long until the miss or, where `is_over`, since; `weighs`: as it counts."""

    store: StoreRef
    number: int
    time: str
    goal: str
    due_at: datetime | None
    left: str
    is_over: bool
    policy: str
    stake: str
    weight: float
    weighs: str


def why_here_for(store: Store, number: int, *, now: datetime) -> WhyHere:
    """Of a store that came past the gate; in public, two queries. Raises NotFound for a ticket that is not open."""
    entry = QueueEntry.objects.filter(store=store, ticket_number=number).first()
    if entry is None:
        raise NotFound(field="number")
    tightest = tightest_of([store.pk]).get(store.pk)
    left = None if entry.due_at is None else (entry.due_at - now).total_seconds()
    weight = weight_of(tightest.headroom if tightest else None)
    return WhyHere(
        store=store_ref(store),
        number=number,
        time=time_of(left, entry.due_why, waits=entry.waiting_since is not None),
        goal=why(entry.due_why),
        due_at=entry.due_at,
        left="" if left is None else roughly(abs(left)),
        is_over=left is not None and left <= 0,
        policy=name_of("policy", tightest.policy) if tightest else "",
        stake=stake_of(tightest),
        weight=weight,
        weighs="" if left is None else roughly(abs(pressing(left, weight) or 0)),
    )
