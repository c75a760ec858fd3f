"""plan_import: what a file would do to the roster, without doing it. import_shifts: that, as one act, to be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.errors import Invalid
from tenants.models import User
from tenants.tables.problems import BadTable, Problem
from tickets.clocks.shifts import Span, Wanted
from tickets.roster.actions.shifts import (
    Kind,
    checked_span,
    lock_roster,
    put_shifts,
    troubles,
    wanted_span,
)
from tickets.roster.files import Line, OnClock, heading_of
from tickets.roster.models import RosterEdit, Shift
from tickets.roster.queries.named import folded, people_by_word, stores_by_word
from tickets.roster.queries.week import StoreName, stores_of, usual_zone

Found = TypeVar("Found", int, StoreName)


@dataclass(frozen=True)
class Plan:
    """`new` will be there, `gone` will not be any more, `same` are there as the file says them."""

    new: tuple[Wanted, ...]
    gone: tuple[Shift, ...]
    same: int


def plan_import(agency_id: int, lines: Sequence[Line], *, replace: bool, now: datetime) -> Plan:
    """With `replace`, what these people have in these stores from the file's first shift to its last, and is not in
    it, goes. The same file twice has one effect. Raises BadTable with each row and column that is wrong.
    """
    wanted = _read(agency_id, lines)
    first, last = min(one.span.begins for one in wanted), max(one.span.ends for one in wanted)
    people, stores = {one.person for one in wanted}, {one.store for one in wanted}
    rows = Shift.objects.filter(agency_id=agency_id, person_id__in=people, begins_at__gte=first, ends_at__lte=last)
    there = {(shift.person_id, shift.store_id, shift.begins_at, shift.ends_at): shift for shift in rows}
    keys = [(one.person, one.store, one.span.begins, one.span.ends) for one in wanted]
    asked, seen = set(keys), set[tuple[object, ...]]()
    new = []
    for key, one in zip(keys, wanted, strict=True):
        if key not in there or key in seen:  # a second one of the same meets the first, and says so
            new.append(one)
        seen.add(key)
    gone = [shift for key, shift in there.items() if replace and key not in asked and shift.store_id in stores]
    found = troubles(agency_id, new, {shift.pk for shift in gone}, now=now)
    if found:
        problems = [Problem(new[one.place].row, heading_of(one.field), one.message) for one in found]
        raise BadTable(sorted(problems, key=lambda problem: problem.row))
    return Plan(tuple(new), tuple(gone), len(wanted) - len(new))


@transaction.atomic
def import_shifts(
    agency_id: int, lines: Sequence[Line], *, replace: bool, by: User, now: datetime
) -> RosterEdit | None:
    """None where everything is there as the file says it. Raises BadTable, InTwoPlaces; nothing is done then."""
    lock_roster(agency_id)
    plan = plan_import(agency_id, lines, replace=replace, now=now)
    if not plan.new and not plan.gone:
        return None
    return put_shifts(agency_id, plan.new, by=by, now=now, kind=Kind.IMPORTED, instead=plan.gone)


def _read(agency_id: int, lines: Sequence[Line]) -> list[Wanted]:
    """Words to people, stores and instants. Four queries."""
    stores = stores_of(agency_id)
    usual = usual_zone(stores)
    people, named = people_by_word(agency_id), stores_by_word(stores)
    wanted: list[Wanted] = []
    problems: list[Problem] = []
    for line in lines:
        found, wrong = _wanted(line, people, named, usual)
        wanted.extend(found)
        problems.extend(wrong)
    if problems:
        raise BadTable(problems)
    return wanted


def _wanted(
    line: Line, people: dict[str, set[int]], named: dict[str, set[StoreName]], usual: str
) -> tuple[list[Wanted], list[Problem]]:
    """One shift and nothing wrong, or none and everything that is wrong with its row."""
    person, store, span = None, None, None
    problems: list[Problem] = []

    def wrong(bad: Invalid) -> None:
        problems.append(Problem(line.row, heading_of(bad.field or ""), str(bad)))

    try:
        person = _person(people, line.person)
    except Invalid as bad:
        wrong(bad)
    try:
        store = _store(named, line.store) if line.store else None
    except Invalid as bad:
        wrong(bad)
    zone = line.zone or (store.time_zone if store else usual)
    try:
        span = _span(line, zone)
    except Invalid as bad:
        wrong(bad)
    if problems or person is None or span is None:
        return [], problems
    return [Wanted(person, store.pk if store else None, span, zone, line.row)], []


def _span(line: Line, zone: str) -> Span:
    if isinstance(line.when, OnClock):
        return wanted_span(line.when.day, line.when.begins, line.when.ends, ZoneInfo(zone))
    return checked_span(line.when)


def _person(people: dict[str, set[int]], word: str) -> int:
    many = _("Two people are called so: write the e-mail address.")
    return _one(people, word, _("Nobody who works here is called “%(name)s”.") % {"name": word[:80]}, many, "person")


def _store(named: dict[str, set[StoreName]], word: str) -> StoreName:
    many = _("Two stores are called so: write the short name.")
    return _one(named, word, _("There is no open store “%(name)s”.") % {"name": word[:80]}, many, "store")


def _one(found: dict[str, set[Found]], word: str, none: str, many: str, field: str) -> Found:
    those = found.get(folded(word), set())
    if len(those) != 1:
        raise Invalid(many if those else none, field=field)
    return next(iter(those))
