"""How long a ticket sleeps: what people mean by "tomorrow". Pure: no Django, no clock of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

LONGEST: Final = timedelta(days=60)
MORNING: Final = 9  # o'clock


class For(StrEnum):
    HALF_HOUR = "30m"
    HOUR = "1h"
    THREE_HOURS = "3h"
    TOMORROW = "tomorrow"
    MONDAY = "monday"


_LENGTHS: Final = {
    For.HALF_HOUR: timedelta(minutes=30),
    For.HOUR: timedelta(hours=1),
    For.THREE_HOURS: timedelta(hours=3),
}


def until(wanted: For, now: datetime, zone: str) -> datetime:
    """When that is: a length from now, or nine in the morning of a later day in the store's time zone."""
    if wanted in _LENGTHS:
        return now + _LENGTHS[wanted]
    here = now.astimezone(ZoneInfo(zone))
    days = 1 if wanted == For.TOMORROW else 7 - here.weekday()
    day = here.date() + timedelta(days=days)
    morning = datetime(day.year, day.month, day.day, MORNING, tzinfo=ZoneInfo(zone))
    return morning.astimezone(now.tzinfo)
