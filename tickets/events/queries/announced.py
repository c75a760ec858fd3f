"""What a seller reads of their store's live events: what is on and what comes. Who is lent is the agency's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from tenants.models import Store
from tickets.events.models import LiveEvent

MOST: Final = 200


@dataclass(frozen=True)
class Announced:
    """Times are on the store's clock. `multiplier`: times the usual, as the agency expects it."""

    name: str
    kind_label: str
    begins_at: datetime
    ends_at: datetime
    multiplier: float
    is_running: bool


def announced_in(store: Store, now: datetime) -> list[Announced]:
    """What is under way and what comes, soonest first. At the store's place, by its gate. One query."""
    rows = LiveEvent.objects.filter(store_id=store.pk, ended_at__isnull=True, ends_at__gt=now)
    zone = ZoneInfo(store.time_zone)
    fields = ("name", "kind", "begins_at", "ends_at", "multiplier", "begun_at")
    return [
        Announced(
            name,
            str(LiveEvent.Kind(kind).label),
            begins.astimezone(zone),
            ends.astimezone(zone),
            times,
            begun is not None,
        )
        for name, kind, begins, ends, times, begun in rows.order_by("begins_at", "pk").values_list(*fields)[:MOST]
    ]
