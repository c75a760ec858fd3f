"""What the desk shows of events and spikes: a line for each store that has one, and a word on each of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tenants.models import Store
from tickets.events.queries.running import Burst, Running, live_in
from tickets.queries.names import store_ref
from tickets.rows import LiveLine, QueueRow


def live_lines(stores: Mapping[int, Store], now: datetime) -> dict[int, LiveLine]:
    """store → what is under way there, those that end soonest first. One query."""
    found = live_in(list(stores), now)
    order = sorted(found, key=lambda pk: (found[pk].event is None, stores[pk].name))
    lines = {}
    for pk in order:
        live, store = found[pk], stores[pk]
        lines[pk] = LiveLine(
            store_ref(store),
            live.event.name if live.event else "",
            event_text(live.event, ZoneInfo(store.time_zone), now) if live.event else "",
            spike_text(live.spike) if live.spike else "",
        )
    return lines


def tagged(rows: Iterable[QueueRow], lines: Mapping[int, LiveLine]) -> tuple[QueueRow, ...]:
    return tuple(replace(row, live=lines[row.store.pk]) if row.store.pk in lines else row for row in rows)


def event_text(event: Running, zone: ZoneInfo, now: datetime) -> str:
    """“live now, ×3 until 21:00”, on the store's clock."""
    ends = event.ends_at.astimezone(zone)
    is_today = ends.date() == now.astimezone(zone).date()
    until = date_format(ends, "H:i" if is_today else "m-d H:i")
    told = (
        _("live now, ×%(times)s until %(time)s") if event.kind == "live" else _("promotion, ×%(times)s until %(time)s")
    )
    return told % {"times": f"{event.multiplier:g}", "time": until}


def spike_text(spike: Burst) -> str:
    if spike.usual is None:
        return _("spike: %(seen)d messages in 10 min") % {"seen": spike.seen}
    return _("spike: %(seen)d in 10 min, usually %(usual)d") % {"seen": spike.seen, "usual": round(spike.usual)}
