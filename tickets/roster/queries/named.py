"""People, stores and shifts by the words that a file says them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tenants.models import Membership, Store, User
from tickets.clocks.shifts import Span, Wanted, show_clock, wall
from tickets.roster.files import Told
from tickets.roster.models import Shift
from tickets.roster.queries.week import StoreName


def people_by_word(agency_id: int) -> dict[str, set[int]]:
    """Names and e-mail addresses, folded, of everybody who works here → whose they are. Two queries."""
    members = Membership.objects.filter(agency_id=agency_id, user__is_active=True).values_list("user_id", flat=True)
    found: dict[str, set[int]] = {}
    for user in User.people.filter(pk__in=list(members)):
        for word in (str(user), user.email):
            found.setdefault(folded(word), set()).add(user.pk)
    return found


def stores_by_word(stores: list[StoreName]) -> dict[str, set[StoreName]]:
    """Short names and names, folded. A short name is its store's alone, whatever another is called."""
    found: dict[str, set[StoreName]] = {}
    for store in stores:
        found.setdefault(folded(store.name), set()).add(store)
    return found | {folded(store.slug): {store} for store in stores}


def folded(word: str) -> str:
    return " ".join(word.casefold().split())


def told_shifts(
    agency_id: int,
    begins: datetime,
    ends: datetime,
    stores: list[StoreName],
    *,
    store: int | None = None,
    person: int | None = None,
) -> list[Told]:
    """The shifts that begin in this time, by their beginning. Two queries."""
    rows = Shift.objects.filter(agency_id=agency_id, begins_at__gte=begins, begins_at__lt=ends)
    rows = rows.filter(store=store) if store else rows
    rows = rows.filter(person=person) if person else rows
    shifts = list(rows.order_by("begins_at", "pk"))
    people = {user.pk: user for user in User.people.filter(pk__in={shift.person_id for shift in shifts})}
    names = {one.pk: one for one in stores}
    return [
        Told(
            shift.pk,
            str(people[shift.person_id]),
            people[shift.person_id].email,
            names[shift.store_id].slug if shift.store_id else "",
            names[shift.store_id].name if shift.store_id else "",
            Span(shift.begins_at, shift.ends_at),
            ZoneInfo(shift.time_zone),
        )
        for shift in shifts
        if shift.person_id in people and (shift.store_id is None or shift.store_id in names)
    ]


@dataclass(frozen=True)
class PlannedLine:
    """A shift that a file would put there (`row` says where it stands) or, with row 0, take away."""

    row: int
    name: str
    store: str  # empty: all
    day: date
    begins: str
    ends: str
    time_zone: str


def planned_lines(agency_id: int, new: Sequence[Wanted], gone: Sequence[Shift]) -> list[PlannedLine]:
    """What goes first, then what comes in the order of the file. Two queries."""
    ids = {one.person for one in new} | {shift.person_id for shift in gone}
    names = {user.pk: str(user) for user in User.people.filter(pk__in=ids)}
    stores = dict(Store.objects.filter(agency_id=agency_id).values_list("pk", "name"))

    def line(row: int, person: int, store: int | None, span: Span, zone: str) -> PlannedLine:
        (day, begins), (_end_day, ends) = wall(span.begins, ZoneInfo(zone)), wall(span.ends, ZoneInfo(zone))
        shown = stores.get(store, "–") if store else ""
        return PlannedLine(row, names.get(person, "–"), shown, day, show_clock(begins), show_clock(ends), zone)

    before = [line(0, x.person_id, x.store_id, Span(x.begins_at, x.ends_at), x.time_zone) for x in gone]
    return [*before, *(line(one.row, one.person, one.store, one.span, one.zone) for one in new)]
