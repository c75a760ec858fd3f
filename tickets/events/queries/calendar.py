"""The calendar: an agency's events that come, run and are over; who is lent; bursts of the last days. At its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count

from tenants.errors import NotFound
from tickets.events.models import Lent, LiveEvent, Spike
from tickets.roster.queries.week import StoreName

PAST_SHOWN: Final = 50
COMING_SHOWN: Final = 200
SPIKES: Final = timedelta(days=14)
SPIKES_SHOWN: Final = 20


@dataclass(frozen=True)
class EventLine:
    """Times are on the store's clock. `state`: coming, running, over."""

    pk: int
    name: str
    kind: str
    kind_label: str
    store: StoreName
    begins_at: datetime
    ends_at: datetime
    multiplier: float
    alarm_share: int
    lent: int
    state: str


@dataclass(frozen=True)
class Calendar:
    running: tuple[EventLine, ...]
    coming: tuple[EventLine, ...]
    over: tuple[EventLine, ...]


@dataclass(frozen=True)
class SpikeLine:
    store: StoreName
    began_at: datetime
    ended_at: datetime | None
    usual: float | None
    seen: int


_STORE: Final = ("store_id", "store__slug", "store__name", "store__band", "store__time_zone")


def calendar_of(agency_id: int, *, store: int | None = None) -> Calendar:
    """Those that run, those to come, soonest first, and the latest that are over. Three queries."""
    rows = LiveEvent.objects.filter(store__agency_id=agency_id).select_related("store")
    rows = rows.filter(store=store) if store else rows
    ahead = list(rows.filter(ended_at__isnull=True).order_by("begins_at", "pk")[:COMING_SHOWN])
    over = list(rows.filter(ended_at__isnull=False).order_by("-begins_at", "-pk")[:PAST_SHOWN])
    counts = _lent_counts([*ahead, *over])
    lines = [_line(row, counts.get(row.pk, 0)) for row in ahead]
    return Calendar(
        tuple(line for line in lines if line.state == "running"),
        tuple(line for line in lines if line.state == "coming"),
        tuple(_line(row, counts.get(row.pk, 0)) for row in over),
    )


def _lent_counts(events: list[LiveEvent]) -> dict[int, int]:
    rows = Lent.objects.filter(event__in=[event.pk for event in events])
    return dict(rows.values_list("event_id").annotate(Count("pk")).order_by())


def _line(row: LiveEvent, lent: int) -> EventLine:
    store = row.store
    zone = ZoneInfo(store.time_zone)
    state = "over" if row.ended_at else "running" if row.begun_at else "coming"
    return EventLine(
        row.pk,
        row.name,
        row.kind,
        str(LiveEvent.Kind(row.kind).label),
        StoreName(store.pk, store.slug, store.name, store.band, store.time_zone),
        row.begins_at.astimezone(zone),
        row.ends_at.astimezone(zone),
        row.multiplier,
        row.alarm_share,
        lent,
        state,
    )


def event_of(agency_id: int, pk: int) -> LiveEvent:
    """One of the agency's, with its store. Raises NotFound."""
    found = LiveEvent.objects.filter(pk=pk, store__agency_id=agency_id).select_related("store").first()
    if found is None:
        raise NotFound(field="event")
    return found


def event_line(event: LiveEvent) -> EventLine:
    """One query."""
    return _line(event, _lent_counts([event]).get(event.pk, 0))


def lent_to(event: int) -> set[int]:
    """The people who are lent for it, or will be. One query."""
    return set(Lent.objects.filter(event=event, over_at__isnull=True).values_list("person_id", flat=True))


def spikes_of(agency_id: int, now: datetime) -> list[SpikeLine]:
    """Those of the last days, latest first. One query."""
    rows = Spike.objects.filter(store__agency_id=agency_id, began_at__gte=now - SPIKES).order_by("-began_at", "-pk")
    return [
        SpikeLine(
            StoreName(*store),
            began.astimezone(ZoneInfo(store[-1])),
            ended and ended.astimezone(ZoneInfo(store[-1])),
            usual,
            seen,
        )
        for *store, began, ended, usual, seen in rows.values_list(*_STORE, "began_at", "ended_at", "usual", "seen")[
            :SPIKES_SHOWN
        ]
    ]
