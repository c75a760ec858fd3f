"""The roster's grid: people by day of a week, and what was done to it last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from tenants.errors import NotFound
from tenants.models import Assignment, Membership, Store, User
from tenants.models.people import Role
from tickets.clocks.shifts import instant, show_clock, wall
from tickets.events.models import Lent
from tickets.roster.models import RosterEdit, Shift


@dataclass(frozen=True)
class StoreName:
    pk: int
    slug: str
    name: str
    band: int
    time_zone: str


@dataclass(frozen=True)
class ShiftLine:
    """A shift as the grid's clock shows it. `days_later`: 1 where it ends after midnight. `store` None: all."""

    pk: int
    person: int
    store: StoreName | None
    day: date
    begins: str
    ends: str
    days_later: int
    time_zone: str
    own_time: str  # in the zone that it was written in, where that is another one
    hours: float


@dataclass(frozen=True)
class PersonWeek:
    person: int
    name: str
    role: str
    days: tuple[tuple[ShiftLine, ...], ...]  # seven
    hours: float


@dataclass(frozen=True)
class EditLine:
    pk: int
    kind: str
    who: str
    at: datetime
    added: int
    removed: int
    is_undone: bool


def stores_of(agency_id: int) -> list[StoreName]:
    """The agency's open stores, by name. One query."""
    rows = Store.objects.filter(agency_id=agency_id, state=Store.State.OPEN).order_by("name", "pk")
    return [StoreName(*row) for row in rows.values_list("pk", "slug", "name", "band", "time_zone")]


def usual_zone(stores: Sequence[StoreName]) -> str:
    """The time zone of most of them."""
    counted = Counter(store.time_zone for store in stores)
    return counted.most_common(1)[0][0] if counted else "Asia/Shanghai"


def week_of(
    agency_id: int, *, monday: date, time_zone: str, stores: Sequence[StoreName], store: int | None, words: str = ""
) -> list[PersonWeek]:
    """People by name with their shifts of the week; of one store: those who may work there or are lent to it, and its
    and their everywhere-shifts. Two or three queries.
    """
    zone = ZoneInfo(time_zone)
    members = Membership.objects.filter(agency_id=agency_id, user__is_active=True)
    if store:
        given = Assignment.objects.filter(store_id=store, role=Role.AGENT).values_list("user_id", flat=True)
        lent = Lent.objects.filter(store_id=store, over_at__isnull=True, event__ended_at__isnull=True)
        agents = members.filter(Q(user_id__in=list(given)) | Q(user_id__in=lent.values("person_id")))
        members = members.exclude(role=Role.AGENT) | agents
    names = dict(members.values_list("user_id", "role"))
    people = sorted((str(user), user.pk) for user in User.people.filter(pk__in=names))
    lines: dict[int, list[ShiftLine]] = {}
    for line in shift_lines(agency_id, monday, zone, stores):
        if store is None or line.store is None or line.store.pk == store:
            lines.setdefault(line.person, []).append(line)
    found = words.casefold()
    return [_person(pk, name, names[pk], lines.get(pk, []), monday) for name, pk in people if found in name.casefold()]


def _person(pk: int, name: str, role: str, lines: Sequence[ShiftLine], monday: date) -> PersonWeek:
    days = tuple(tuple(line for line in lines if line.day == monday + timedelta(days=number)) for number in range(7))
    return PersonWeek(pk, name, role, days, sum(line.hours for line in lines))


def shift_lines(
    agency_id: int,
    monday: date,
    zone: ZoneInfo,
    stores: Sequence[StoreName],
    *,
    days: int = 7,
    person: int | None = None,
) -> list[ShiftLine]:
    """The shifts that begin in these days, by their beginning. One query."""
    rows = Shift.objects.filter(
        agency_id=agency_id,
        begins_at__gte=instant(monday, 0, zone),
        begins_at__lt=instant(monday + timedelta(days=days), 0, zone),
    )
    if person is not None:
        rows = rows.filter(person_id=person)
    known = {store.pk: store for store in stores}
    return [_line(row, zone, known) for row in rows.order_by("begins_at", "pk")]


def _line(row: Shift, zone: ZoneInfo, stores: dict[int, StoreName]) -> ShiftLine:
    (day, begins), (end_day, ends) = wall(row.begins_at, zone), wall(row.ends_at, zone)
    own = ""
    if row.time_zone != zone.key:
        there = ZoneInfo(row.time_zone)
        own_begins, own_ends = wall(row.begins_at, there)[1], wall(row.ends_at, there)[1]
        if own_begins != begins:
            own = f"{show_clock(own_begins)}–{show_clock(own_ends)} {row.time_zone}"
    store = stores.get(row.store_id) if row.store_id else None
    if row.store_id and store is None:  # suspended or archived meanwhile
        store = StoreName(row.store_id, "", "–", 0, row.time_zone)
    hours = (row.ends_at - row.begins_at) / timedelta(hours=1)
    later = (end_day - day).days
    return ShiftLine(
        row.pk,
        row.person_id,
        store,
        day,
        show_clock(begins),
        show_clock(ends),
        later,
        row.time_zone,
        own,
        hours,
    )


def latest_edits(agency_id: int, most: int = 8) -> list[EditLine]:
    """What was done last, by whom. Two queries."""
    rows = RosterEdit.objects.filter(agency_id=agency_id).order_by("-pk")[:most]
    edits = list(rows)
    people = {edit.person_id for edit in edits if edit.person_id}
    names = {user.pk: str(user) for user in User.people.filter(pk__in=people)}
    return [
        EditLine(
            edit.pk,
            edit.get_kind_display(),
            names.get(edit.person_id or 0, "–"),
            edit.at,
            len(edit.added),
            len(edit.removed),
            edit.undone_at is not None,
        )
        for edit in edits
    ]


def shift_of(agency_id: int, pk: int, stores: Sequence[StoreName]) -> ShiftLine:
    """One shift, in the zone that it was written in. Raises NotFound."""
    row = Shift.objects.filter(agency_id=agency_id, pk=pk).first()
    if row is None:
        raise NotFound(field="shift")
    return _line(row, ZoneInfo(row.time_zone), {store.pk: store for store in stores})


def stores_of_person(agency_id: int, person: int, stores: Sequence[StoreName]) -> tuple[str, list[StoreName]]:
    """(name, the stores in which they may work). Raises NotFound for who does not work here. Three queries."""
    member = Membership.objects.filter(agency_id=agency_id, user_id=person, user__is_active=True).first()
    if member is None:
        raise NotFound(field="person")
    name = str(User.people.get(pk=person))
    if member.role != Role.AGENT:
        return name, list(stores)
    given = set(Assignment.objects.filter(user_id=person, role=Role.AGENT).values_list("store_id", flat=True))
    return name, [store for store in stores if store.pk in given]
