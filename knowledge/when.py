"""A time as people say it: a wall clock's, in a named time zone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid

COMMON: Final = (
    "Asia/Shanghai",
    "Asia/Bangkok",
    "Asia/Jakarta",
    "Asia/Ho_Chi_Minh",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "UTC",
)


def read_when(said: str, zone: str) -> datetime:
    """`2026-12-01T20:00` in that zone. Raises Invalid (`at`, `time_zone`), also for an hour that clocks leap over.

    Where the clock shows an hour twice, the first one is meant.
    """
    if zone not in available_timezones():
        raise Invalid(_("There is no such time zone."), field="time_zone")
    try:
        local = datetime.fromisoformat(said.strip()).replace(tzinfo=None)
    except ValueError:
        raise Invalid(_("Say the day and the time."), field="at") from None
    if not 2000 < local.year < 2100:
        raise Invalid(_("Say the day and the time."), field="at")
    when = local.replace(tzinfo=ZoneInfo(zone))
    if when.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
        raise Invalid(_("Clocks there leap over this hour. Choose another."), field="at")
    return when.astimezone(UTC)


def zones(of_stores: Sequence[str]) -> list[str]:
    """The stores' own zones first, then common ones; each once."""
    known = available_timezones()
    return [zone for zone in dict.fromkeys([*of_stores, *COMMON]) if zone in known]
