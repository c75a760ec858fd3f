"""What is under way in stores this moment. Read at a place or inside a store: public rows, one query each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tenants.context import ask
from tickets.clocks.coverage import Rise
from tickets.clocks.shifts import Span
from tickets.events.models import RUNNING, LiveEvent


@dataclass(frozen=True)
class Running:
    """An event that has begun and not ended. `multiplier`: times the usual; `alarm_share`: per cent."""

    event: int
    name: str
    ends_at: datetime
    multiplier: float
    alarm_share: int
    kind: str = LiveEvent.Kind.LIVE
    pack: str = ""
    ack_zh: str = ""
    ack_en: str = ""


_FIELDS: Final = ("pk", "name", "ends_at", "multiplier", "alarm_share", "kind", "pack", "ack_zh", "ack_en")


def under_way(store_ids: Collection[int], now: datetime) -> dict[int, Running]:
    """store → the event that runs there, of those that have one. One query."""
    rows = LiveEvent.objects.filter(RUNNING, store_id__in=list(store_ids), ends_at__gt=now)
    return {store: Running(*values) for store, *values in rows.values_list("store_id", *_FIELDS)}


@dataclass(frozen=True)
class Planned:
    """An event as coverage shows it."""

    pk: int
    name: str
    rise: Rise


def events_between(store_id: int, begins: datetime, ends: datetime) -> list[Planned]:
    """The store's events of this time, whether they are over or to come. One query."""
    rows = LiveEvent.objects.filter(store_id=store_id, begins_at__lt=ends, ends_at__gt=begins).order_by("begins_at")
    return [Planned(row.pk, row.name, Rise(Span(row.begins_at, row.ends_at), row.multiplier)) for row in rows]


# Once it has begun the store is theirs, and their shifts count as everybody's.
_LENT: Final = """
SELECT greatest(shift.begins_at, event.begins_at), least(shift.ends_at, event.ends_at)
FROM events_lent lent
JOIN events_liveevent event ON event.id = lent.event_id AND event.begun_at IS NULL AND event.ended_at IS NULL
JOIN tenants_store store ON store.id = lent.store_id
JOIN tenants_membership member
  ON member.user_id = lent.person_id AND member.agency_id = store.agency_id AND member.role = 'agent'
JOIN roster_shift shift ON shift.person_id = lent.person_id AND shift.agency_id = store.agency_id
  AND (shift.store_id = store.id OR shift.store_id IS NULL)
  AND shift.begins_at < event.ends_at AND shift.ends_at > event.begins_at
WHERE lent.store_id = %(store)s AND event.begins_at < %(ends)s AND event.ends_at > %(begins)s
  AND NOT EXISTS (SELECT FROM tenants_assignment given
                  WHERE given.user_id = lent.person_id AND given.store_id = store.id AND given.role = 'agent')
"""


def shifts_to_come(store_id: int, begins: datetime, ends: datetime) -> list[Span]:
    """When those who will be lent for the store's coming events are at work in it. At a place. One query."""
    return [Span(*row) for row in ask(_LENT, {"store": store_id, "begins": begins, "ends": ends})]


@dataclass(frozen=True)
class Burst:
    """A spike that is under way: so many messages in the last ten minutes; usually that many, None: nobody knows."""

    seen: int
    usual: float | None
    began_at: datetime


@dataclass(frozen=True)
class Live:
    """What of both is under way in a store."""

    event: Running | None
    spike: Burst | None


_NOW: Final = """
SELECT event.store_id, event.id, event.name, event.ends_at, event.multiplier, event.alarm_share, event.kind,
       NULL::int AS seen, NULL::float8 AS usual, NULL::timestamptz AS began
FROM events_liveevent event
WHERE event.begun_at IS NOT NULL AND event.ended_at IS NULL AND event.ends_at > %(now)s
  AND event.store_id = ANY(%(stores)s)
UNION ALL
SELECT spike.store_id, NULL, NULL, NULL, NULL, NULL, NULL, spike.now_seen, spike.usual, spike.began_at
FROM events_spike spike WHERE spike.ended_at IS NULL AND spike.store_id = ANY(%(stores)s)
"""


def live_in(store_ids: Collection[int], now: datetime) -> dict[int, Live]:
    """store → its event and its spike, of those that have either. One query."""
    found: dict[int, dict[str, Any]] = {}
    for store, pk, name, ends_at, times, share, kind, seen, usual, began in ask(
        _NOW, {"now": now, "stores": list(store_ids)}
    ):
        here = found.setdefault(store, {"event": None, "spike": None})
        if pk is not None:
            here["event"] = Running(pk, name, ends_at, times, share, kind)
        else:
            here["spike"] = Burst(seen, usual, began)
    return {store: Live(**here) for store, here in found.items()}
