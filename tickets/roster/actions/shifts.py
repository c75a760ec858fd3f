"""add_shifts, move_shift, remove_shifts, copy_week, undo_edit: the only writers of the roster.

Each is one act with a way back (RosterEdit). Nobody is in two places: what would put them there is refused by name,
and the database holds it against whoever writes at the same moment.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Assignment, Membership, Store, User
from tenants.models.people import Role
from tickets.clocks.shifts import (
    MOST_SHIFTS,
    BadShift,
    Span,
    Wanted,
    checked,
    first_meeting,
    instant,
    moved,
    show_clock,
    span_of,
    wall,
)
from tickets.events.models import Lent
from tickets.roster.models import RosterEdit, Shift

MOST_WEEKS: Final = 26
MOST_TOLD: Final = 60  # a person's shifts that meet others
FURTHEST: Final = timedelta(days=800)

Kind = RosterEdit.Kind


class InTwoPlaces(Conflict):
    code = "in_two_places"


@dataclass(frozen=True)
class Trouble:
    """Why one of those that are wanted can't be: `place` in their list, `field` at fault."""

    place: int
    field: str
    message: str


def zone_of(name: str) -> ZoneInfo:
    """Raises Invalid (`time_zone`)."""
    if name not in available_timezones():
        raise Invalid(_("There is no time zone “%(zone)s”.") % {"zone": name[:64]}, field="time_zone")
    return ZoneInfo(name)


def wanted_span(day: date, begins: int, ends: int, zone: ZoneInfo) -> Span:
    """Raises Invalid (`begins` or `ends`), which says what is wrong in words."""
    try:
        return span_of(day, begins, ends, zone)
    except BadShift as bad:
        raise _refused(bad, begins, ends) from bad


def checked_span(span: Span) -> Span:
    """The same of two instants."""
    try:
        return checked(span)
    except BadShift as bad:
        raise _refused(bad) from bad


def _refused(bad: BadShift, begins: int = 0, ends: int = 0) -> Invalid:
    told = {
        "negative": _("It ends %(hours)s h before it begins. A shift over midnight may be 16 h long at most."),
        "empty": _("It ends when it begins."),
        "short": _("A shift is at least 15 minutes long."),
        "long": _("It would be %(hours)s h long; a shift is 16 h long at most."),
        "skipped": _("The clocks are put forward over these times that night: there is no such time."),
    }
    hours = f"{abs(bad.hours):.2f}".rstrip("0").rstrip(".")
    return Invalid(told[bad.code] % {"hours": hours}, field="begins" if bad.code == "skipped" else "ends")


# ---------------------------------------------------------------- verbs


@transaction.atomic
def add_shifts(
    agency_id: int,
    *,
    person: int,
    store: int | None,
    days: Collection[date],
    begins: int,
    ends: int,
    time_zone: str,
    weeks: int = 1,
    by: User,
    now: datetime,
) -> RosterEdit:
    """A shift on each of these days and, with `weeks`, on the same weekdays of the weeks after. Times in minutes.

    Raises Invalid with the field, InTwoPlaces.
    """
    zone = zone_of(time_zone)
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid(_("Between 1 and %(most)d weeks.") % {"most": MOST_WEEKS}, field="weeks")
    if not days:
        raise Invalid(_("Choose a day."), field="day")
    spans = [
        wanted_span(day + timedelta(weeks=week), begins, ends, zone) for week in range(weeks) for day in sorted(days)
    ]
    return put_shifts(agency_id, [Wanted(person, store, span, time_zone) for span in spans], by=by, now=now)


@transaction.atomic
def move_shift(
    agency_id: int,
    pk: int,
    *,
    store: int | None,
    day: date,
    begins: int,
    ends: int,
    time_zone: str,
    by: User,
    now: datetime,
) -> RosterEdit:
    """The same person's shift with another place or time. Raises NotFound, Invalid, InTwoPlaces."""
    lock_roster(agency_id)
    old = _those(agency_id, [pk])
    wanted = Wanted(old[0].person_id, store, wanted_span(day, begins, ends, zone_of(time_zone)), time_zone)
    return put_shifts(agency_id, [wanted], by=by, now=now, kind=Kind.CHANGED, instead=old)


@transaction.atomic
def remove_shifts(agency_id: int, ids: Collection[int], *, by: User, now: datetime) -> RosterEdit:
    """Raises NotFound where one is not there any more."""
    lock_roster(agency_id)
    return put_shifts(agency_id, [], by=by, now=now, kind=Kind.REMOVED, instead=_those(agency_id, ids))


@transaction.atomic
def copy_week(
    agency_id: int, *, monday: date, weeks: int, store: int | None, time_zone: str, by: User, now: datetime
) -> RosterEdit:
    """The week's shifts, of one store or of all, in each of so many weeks after it, at the same times of day.

    `time_zone` says when the week begins. Raises Invalid (`weeks`, or that there is nothing to copy), InTwoPlaces.
    """
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid(_("Between 1 and %(most)d weeks.") % {"most": MOST_WEEKS}, field="weeks")
    zone = zone_of(time_zone)
    rows = Shift.objects.filter(
        agency_id=agency_id,
        begins_at__gte=instant(monday, 0, zone),
        begins_at__lt=instant(monday + timedelta(days=7), 0, zone),
    )
    shifts = list(rows.filter(store=store) if store else rows)
    if not shifts:
        raise Invalid(_("There is no shift in this week."), field="weeks")
    wanted = [_later(shift, 7 * week) for week in range(1, weeks + 1) for shift in shifts]
    return put_shifts(agency_id, wanted, by=by, now=now, kind=Kind.COPIED)


def _later(shift: Shift, days: int) -> Wanted:
    try:
        span = moved(Span(shift.begins_at, shift.ends_at), days, ZoneInfo(shift.time_zone))
    except BadShift as bad:
        raise _refused(bad) from bad
    return Wanted(shift.person_id, shift.store_id, span, shift.time_zone)


@transaction.atomic
def undo_edit(agency_id: int, pk: int, *, by: User, now: datetime) -> RosterEdit:
    """What it put there goes, and what it took away comes back. Raises NotFound, and Conflict where either is not as
    it left it any more; nothing is done then.
    """
    lock_roster(agency_id)
    edit = RosterEdit.objects.filter(agency_id=agency_id, pk=pk).first()
    if edit is None:
        raise NotFound(field="edit")
    if edit.undone_at is not None:
        raise Conflict(_("This was undone already."))
    put = [_read(one) for one in edit.added]
    found = {_key(shift): shift for shift in _near(agency_id, put)}
    gone = [found[key] for one in put if (key := (one.person, one.store, one.span)) in found]
    if len(gone) != len(put):
        raise Conflict(_("Some of these shifts have been changed since. Change them one by one."))
    back = [_read(one) for one in edit.removed]
    _check(agency_id, back, {shift.pk for shift in gone})
    _write(agency_id, back, gone)
    edit.undone_at = now
    edit.save(update_fields=["undone_at"])
    return edit


@transaction.atomic
def put_shifts(
    agency_id: int,
    wanted: Sequence[Wanted],
    *,
    by: User,
    now: datetime,
    kind: str = Kind.ADDED,
    instead: Sequence[Shift] = (),
) -> RosterEdit:
    """All of these, and those of `instead` no more; or none. Raises Invalid, InTwoPlaces."""
    lock_roster(agency_id)
    _check(agency_id, wanted, {shift.pk for shift in instead}, now=now)
    _write(agency_id, wanted, instead)
    return RosterEdit.objects.create(
        agency_id=agency_id,
        person=by,
        kind=kind,
        at=now,
        removed=[_written(_of(shift)) for shift in instead],
        added=[_written(one) for one in wanted],
    )


# ---------------------------------------------------------------- what is wrong with them


def troubles(agency_id: int, wanted: Sequence[Wanted], but: Collection[int] = (), *, now: datetime) -> list[Trouble]:
    """Everything that is wrong with them, each with its place in the list; `but` are shifts that will be gone."""
    return [
        *_strangers(agency_id, wanted),
        *_too_far(wanted, now),
        *_in_two_places(agency_id, wanted, set(but)),
    ]


def _check(agency_id: int, wanted: Sequence[Wanted], but: Collection[int], *, now: datetime | None = None) -> None:
    if len(wanted) > MOST_SHIFTS:
        raise Invalid(_("At most %(most)d shifts at once.") % {"most": MOST_SHIFTS}, field="weeks")
    found = troubles(agency_id, wanted, but, now=now) if now else _in_two_places(agency_id, wanted, set(but))
    if found:
        error = InTwoPlaces if found[0].field == "begins" else Invalid
        raise error(found[0].message, field=found[0].field)


def _strangers(agency_id: int, wanted: Sequence[Wanted]) -> list[Trouble]:
    """Who does not work here, stores that are not ours, agents in stores that they were not given, nor are lent to
    for an event in that time. Four queries.
    """
    people, stores = {one.person for one in wanted}, {one.store for one in wanted if one.store}
    members = Membership.objects.filter(agency_id=agency_id, user_id__in=people, user__is_active=True)
    roles = dict(members.values_list("user_id", "role"))
    ours = set(Store.objects.filter(agency_id=agency_id, pk__in=stores).values_list("pk", flat=True))
    given = set(
        Assignment.objects.filter(user_id__in=people, store_id__in=stores, role=Role.AGENT).values_list(
            "user_id", "store_id"
        )
    )
    lent = _lent(people, stores)
    found = []
    for place, one in enumerate(wanted):
        if one.person not in roles:
            found.append(Trouble(place, "person", _("They do not work here.")))
        elif one.store and one.store not in ours:
            found.append(Trouble(place, "store", _("There is no such store.")))
        elif (
            one.store
            and roles[one.person] == Role.AGENT
            and (one.person, one.store) not in given
            and not any(span.meets(one.span) for span in lent.get((one.person, one.store), ()))
        ):
            found.append(Trouble(place, "store", _("They were not given this store.")))
    return found


def _lent(people: Collection[int], stores: Collection[int]) -> dict[tuple[int, int], list[Span]]:
    """(person, store) → when live events lend them there. One query."""
    rows = Lent.objects.filter(person__in=people, store__in=stores, over_at__isnull=True, event__ended_at__isnull=True)
    found: dict[tuple[int, int], list[Span]] = {}
    for person, store, *times in rows.values_list("person_id", "store_id", "event__begins_at", "event__ends_at"):
        found.setdefault((person, store), []).append(Span(*times))
    return found


def _too_far(wanted: Sequence[Wanted], now: datetime) -> list[Trouble]:
    told = _("That is more than two years away.")
    return [Trouble(place, "day", told) for place, one in enumerate(wanted) if abs(one.span.begins - now) > FURTHEST]


def _in_two_places(agency_id: int, wanted: Sequence[Wanted], but: set[int]) -> list[Trouble]:
    """Two queries, or none."""
    if not wanted:
        return []
    there = [shift for shift in _near(agency_id, wanted) if shift.pk not in but]
    by_person: dict[int, list[tuple[int, Span]]] = {}
    for place, one in enumerate(wanted):
        by_person.setdefault(one.person, []).append((place, one.span))
    for number, shift in enumerate(there, start=1):
        by_person.setdefault(shift.person_id, []).append((-number, Span(shift.begins_at, shift.ends_at)))
    met = [pair for spans in by_person.values() for pair in _all_meetings(spans)]
    if not met:
        return []
    ids = {one.person for one in wanted}
    names = {user.pk: str(user) for user in User.people.filter(pk__in=ids)}
    return sorted((_told(pair, wanted, there, names) for pair in met), key=lambda one: one.place)


def _all_meetings(spans: list[tuple[int, Span]]) -> list[tuple[int, int]]:
    """Each that overlaps another one, with that; none is told twice, and of very many the first MOST_TOLD."""
    found: list[tuple[int, int]] = []
    left = list(spans)
    while len(found) < MOST_TOLD and (pair := first_meeting(left)) is not None:
        blamed = pair[1] if pair[1] >= 0 else pair[0]
        if blamed < 0:  # two that are there already: not this act's doing
            left = [one for one in left if one[0] != pair[1]]
            continue
        found.append((blamed, pair[0] if blamed == pair[1] else pair[1]))
        left = [one for one in left if one[0] != blamed]
    return found


def _told(pair: tuple[int, int], wanted: Sequence[Wanted], there: Sequence[Shift], names: dict[int, str]) -> Trouble:
    one, place = wanted[pair[0]], pair[1]
    other = wanted[place] if place >= 0 else _of(there[-place - 1])
    zone = ZoneInfo(one.zone)
    day, begins = wall(other.span.begins, zone)
    _end_day, ends = wall(other.span.ends, zone)
    values = {"name": names.get(one.person, ""), "day": day.isoformat(), "row": other.row}
    values |= {"begins": show_clock(begins), "ends": show_clock(ends)}
    if other.row:
        said = _("%(name)s would be in two places: see row %(row)d, %(day)s %(begins)s–%(ends)s.") % values
    else:
        said = _("%(name)s would be in two places: they work on %(day)s %(begins)s–%(ends)s already.") % values
    return Trouble(pair[0], "begins", said)


# ---------------------------------------------------------------- rows


def lock_roster(agency_id: int) -> None:
    """One writer of an agency's roster at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"roster {agency_id}"])


def _those(agency_id: int, ids: Collection[int]) -> list[Shift]:
    found = list(Shift.objects.filter(agency_id=agency_id, pk__in=ids).order_by("begins_at"))
    if not found or len(found) != len(set(ids)):
        raise NotFound(field="shift")
    return found


def _near(agency_id: int, wanted: Sequence[Wanted]) -> list[Shift]:
    """Shifts of these people in the time that all of these take."""
    if not wanted:
        return []
    first, last = min(one.span.begins for one in wanted), max(one.span.ends for one in wanted)
    people = {one.person for one in wanted}
    rows = Shift.objects.filter(agency_id=agency_id, person_id__in=people, begins_at__lt=last, ends_at__gt=first)
    return list(rows.order_by("begins_at"))


def _write(agency_id: int, wanted: Sequence[Wanted], instead: Sequence[Shift]) -> None:
    Shift.objects.filter(pk__in=[shift.pk for shift in instead]).delete()
    rows = [
        Shift(
            agency_id=agency_id,
            person_id=one.person,
            store_id=one.store,
            begins_at=one.span.begins,
            ends_at=one.span.ends,
            time_zone=one.zone,
        )
        for one in wanted
    ]
    try:
        with transaction.atomic():
            Shift.objects.bulk_create(rows)
    except IntegrityError as error:
        if "shift_in_one_place" not in str(error):
            raise
        raise InTwoPlaces(_("They work somewhere else then."), field="begins") from error


def _key(shift: Shift) -> tuple[int, int | None, Span]:
    return shift.person_id, shift.store_id, Span(shift.begins_at, shift.ends_at)


def _of(shift: Shift) -> Wanted:
    return Wanted(shift.person_id, shift.store_id, Span(shift.begins_at, shift.ends_at), shift.time_zone)


def _written(one: Wanted) -> dict[str, Any]:
    begins, ends = one.span.begins.isoformat(), one.span.ends.isoformat()
    return {"person": one.person, "store": one.store, "begins": begins, "ends": ends, "zone": one.zone}


def _read(kept: dict[str, Any]) -> Wanted:
    span = Span(datetime.fromisoformat(kept["begins"]), datetime.fromisoformat(kept["ends"]))
    return Wanted(kept["person"], kept["store"], span, kept["zone"])
