"""What the roster's addresses say: which week, which store, in whose time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotFound
from tickets.clocks.shifts import monday_of, read_clock
from tickets.roster.queries.week import StoreName, stores_of, usual_zone

LISTED = 100  # stores that a select shows; beyond it their short name is typed


@dataclass(frozen=True)
class Asked:
    """A week of one store, or of all, on its clock."""

    monday: date
    stores: tuple[StoreName, ...]
    store: StoreName | None
    time_zone: str
    words: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def days(self) -> list[date]:
        return [self.monday + timedelta(days=number) for number in range(7)]

    @property
    def has_list(self) -> bool:
        return len(self.stores) <= LISTED

    def query(self, *, weeks: int = 0) -> str:
        """The address of the same some weeks on."""
        kept = {"week": (self.monday + timedelta(weeks=weeks)).isoformat()}
        kept |= {"store": self.store.slug} if self.store else {}
        kept |= {"q": self.words} if self.words else {}
        return urlencode(kept)

    @property
    def here(self) -> str:
        return self.query()

    @property
    def before(self) -> str:
        return self.query(weeks=-1)

    @property
    def after(self) -> str:
        return self.query(weeks=1)


def asked_week(agency_id: int, values: Mapping[str, str], now: datetime) -> Asked:
    """Whatever is no week is this one. Raises NotFound for a store that is not the agency's."""
    stores = tuple(stores_of(agency_id))
    slug = values.get("store", "").strip()
    store = next((one for one in stores if one.slug == slug), None)
    if slug and store is None:
        raise NotFound(field="store")
    zone = store.time_zone if store else usual_zone(stores)
    day = read_day(values.get("week", "")) or now.astimezone(ZoneInfo(zone)).date()
    words = " ".join(values.get("q", "").replace("\x00", "").split())[:80]
    return Asked(monday_of(day), stores, store, zone, words)


def read_day(text: str) -> date | None:
    """A date as forms write it, between 2000 and 2100; None for what is none."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def the_day(text: str) -> date:
    """Raises Invalid (`day`)."""
    day = read_day(text)
    if day is None:
        raise Invalid(_("A date is written as 2026-11-20."), field="day")
    return day


def the_clock(text: str, field: str) -> int:
    """Raises Invalid."""
    minutes = read_clock(text)
    if minutes is None:
        raise Invalid(_("A time is written as 09:30."), field=field)
    return minutes


def the_number(text: str, field: str) -> int:
    """Raises Invalid."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(_("A number is needed here."), field=field)
    return int(text)
