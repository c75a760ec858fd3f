"""The roster's verbs: nobody is in two places, every act has a way back, and only the agency's own are put anywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tenants.context import in_store
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Assignment, Membership
from tests.cast import NOON, Cast
from tickets.roster.actions.shifts import InTwoPlaces, add_shifts, copy_week, move_shift, remove_shifts, undo_edit
from tickets.roster.models import RosterEdit, Shift
from tickets.roster.queries.duty import on_duty
from tickets.roster.queries.week import latest_edits, stores_of, week_of

MONDAY = date(2026, 11, 23)
H = 60


def add(cast: Cast, **more: Any) -> RosterEdit:
    values: dict[str, Any] = {
        "person": cast.bo.pk,
        "store": cast.a.pk,
        "days": [MONDAY],
        "begins": 9 * H,
        "ends": 17 * H,
        "time_zone": "Asia/Shanghai",
        "by": cast.ann,
        "now": NOON,
    }
    return add_shifts(cast.north.pk, **{**values, **more})


def times() -> list[str]:
    return [f"{shift.begins_at:%m-%d %H:%M}" for shift in Shift.objects.order_by("begins_at")]


def test_shifts_are_made_week_after_week(cast: Cast) -> None:
    add(cast, days=[MONDAY, MONDAY + timedelta(days=2)], weeks=2)
    assert times() == ["11-23 01:00", "11-25 01:00", "11-30 01:00", "12-02 01:00"]


def test_weeks_keep_the_time_of_day_when_clocks_change(cast: Cast) -> None:
    add(cast, days=[date(2026, 10, 26)], time_zone="America/New_York", weeks=2)
    assert times() == ["10-26 13:00", "11-02 14:00"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"begins": 10 * H, "ends": 9 * H}, "ends"),
        ({"ends": 9 * H}, "ends"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"weeks": 0}, "weeks"),
        ({"weeks": 27}, "weeks"),
        ({"days": []}, "day"),
        ({"days": [date(2036, 1, 1)]}, "day"),
    ],
)
def test_what_cannot_be_names_its_field(cast: Cast, more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(cast, **more)
    assert refused.value.field == field
    assert not Shift.objects.exists()


def test_people_and_stores_must_be_of_the_agency(cast: Cast) -> None:
    for more, field in (
        ({"person": cast.cy.pk}, "person"),
        ({"person": cast.di.pk}, "person"),
        ({"store": cast.c.pk}, "store"),
        ({"store": cast.b.pk}, "store"),  # Bo was not given it
    ):
        with pytest.raises(Invalid) as refused:
            add(cast, **more)
        assert refused.value.field == field
    add(cast, person=cast.ann.pk, store=cast.b.pk)


def test_nobody_is_in_two_places(cast: Cast) -> None:
    add(cast)
    with pytest.raises(InTwoPlaces, match=r"Bo would be in two places: they work on 2026-11-23 09:00–17:00") as refused:
        add(cast, store=None, begins=16 * H, ends=20 * H)
    assert refused.value.field == "begins"
    add(cast, store=None, begins=17 * H, ends=20 * H)  # the end is outside
    add(cast, person=cast.ann.pk)


def test_nor_by_ones_own_repetition(cast: Cast) -> None:
    with pytest.raises(InTwoPlaces):
        add(cast, days=[MONDAY, MONDAY], begins=22 * H, ends=6 * H)
    assert not Shift.objects.exists()


def test_the_database_holds_it_too(cast: Cast) -> None:
    add(cast)
    row = Shift.objects.get()
    row.pk, row.ends_at = None, row.ends_at + timedelta(hours=1)
    with pytest.raises(IntegrityError, match="shift_in_one_place"), transaction.atomic():
        row.save(force_insert=True)


def test_what_was_done_is_undone(cast: Cast) -> None:
    add(cast)
    pk = Shift.objects.get().pk
    moved = move_shift(
        cast.north.pk,
        pk,
        store=None,
        day=MONDAY,
        begins=10 * H,
        ends=18 * H,
        time_zone="Asia/Shanghai",
        by=cast.ann,
        now=NOON,
    )
    assert times() == ["11-23 02:00"]
    undo_edit(cast.north.pk, moved.pk, by=cast.ann, now=NOON)
    assert times() == ["11-23 01:00"]
    assert Shift.objects.get().store_id == cast.a.pk
    removed = remove_shifts(cast.north.pk, [Shift.objects.get().pk], by=cast.ann, now=NOON)
    assert times() == []
    undo_edit(cast.north.pk, removed.pk, by=cast.ann, now=NOON)
    assert times() == ["11-23 01:00"]
    with pytest.raises(Conflict, match="already"):
        undo_edit(cast.north.pk, removed.pk, by=cast.ann, now=NOON)
    assert [(line.added, line.removed, line.is_undone) for line in latest_edits(cast.north.pk)] == [
        (0, 1, True),
        (1, 1, True),
        (1, 0, False),
    ]


def test_what_has_changed_since_is_not_undone(cast: Cast) -> None:
    added = add(cast, weeks=2)
    remove_shifts(cast.north.pk, [Shift.objects.order_by("pk")[0].pk], by=cast.ann, now=NOON)
    with pytest.raises(Conflict, match="changed since"):
        undo_edit(cast.north.pk, added.pk, by=cast.ann, now=NOON)
    assert times() == ["11-30 01:00"]


def test_an_undo_puts_nobody_in_two_places(cast: Cast) -> None:
    add(cast)
    removed = remove_shifts(cast.north.pk, [Shift.objects.get().pk], by=cast.ann, now=NOON)
    add(cast, begins=12 * H, ends=20 * H)
    with pytest.raises(InTwoPlaces):
        undo_edit(cast.north.pk, removed.pk, by=cast.ann, now=NOON)
    assert times() == ["11-23 04:00"]


def test_a_week_is_copied_whole_or_not_at_all(cast: Cast) -> None:
    add(cast, days=[MONDAY, MONDAY + timedelta(days=6)])
    values: dict[str, Any] = {"monday": MONDAY, "store": None, "time_zone": "Asia/Shanghai"}
    copied = copy_week(cast.north.pk, weeks=2, by=cast.ann, now=NOON, **values)
    assert times() == ["11-23 01:00", "11-29 01:00", "11-30 01:00", "12-06 01:00", "12-07 01:00", "12-13 01:00"]
    with pytest.raises(InTwoPlaces):
        copy_week(cast.north.pk, weeks=3, by=cast.ann, now=NOON, **values)
    undo_edit(cast.north.pk, copied.pk, by=cast.ann, now=NOON)
    assert len(times()) == 2
    with pytest.raises(Invalid):
        copy_week(cast.north.pk, weeks=1, by=cast.ann, now=NOON, **{**values, "monday": MONDAY - timedelta(days=7)})


def test_anothers_roster_is_out_of_reach(cast: Cast) -> None:
    added = add(cast)
    pk = Shift.objects.get().pk
    for call in (
        lambda: remove_shifts(cast.south.pk, [pk], by=cast.cy, now=NOON),
        lambda: undo_edit(cast.south.pk, added.pk, by=cast.cy, now=NOON),
    ):
        with pytest.raises(NotFound):
            call()
    assert Shift.objects.exists()


def test_on_duty(cast: Cast) -> None:
    add(cast)
    add(cast, person=cast.ann.pk, store=None, begins=12 * H, ends=20 * H)
    at = datetime(2026, 11, 23, 0, 59, 59, tzinfo=UTC)  # 08:59:59 in Shanghai
    assert on_duty(cast.a.pk, at) == frozenset()
    assert on_duty(cast.a.pk, at + timedelta(seconds=1)) == {cast.bo.pk}
    noon = at.replace(hour=4, minute=30)
    assert on_duty(cast.a.pk, noon) == {cast.bo.pk, cast.ann.pk}
    assert on_duty(cast.b.pk, noon) == {cast.ann.pk}
    assert on_duty(cast.c.pk, noon) == frozenset()
    with in_store(cast.a):
        assert on_duty(cast.a.pk, noon) == {cast.bo.pk, cast.ann.pk}
    assert on_duty(cast.a.pk, at.replace(hour=9, minute=0, second=0)) == {cast.ann.pk}  # 17:00: Bo's end is outside


def test_who_lost_the_store_is_not_on_duty(cast: Cast) -> None:
    add(cast)
    at = datetime(2026, 11, 23, 2, tzinfo=UTC)
    Assignment.objects.filter(user=cast.bo, store=cast.a).delete()
    assert on_duty(cast.a.pk, at) == frozenset()
    Assignment.objects.create(user=cast.bo, store=cast.a, role="agent")
    assert on_duty(cast.a.pk, at) == {cast.bo.pk}
    Membership.objects.filter(user=cast.bo).delete()
    assert on_duty(cast.a.pk, at) == frozenset()


def test_the_week_as_a_grid(cast: Cast) -> None:
    add(cast, begins=22 * H, ends=6 * H)
    add(cast, person=cast.ann.pk, store=None, time_zone="UTC", begins=1 * H, ends=3 * H)
    stores = stores_of(cast.north.pk)
    week = week_of(cast.north.pk, monday=MONDAY, time_zone="Asia/Shanghai", stores=stores, store=None)
    assert [(one.name, one.hours) for one in week] == [("Ann", 2.0), ("Bo", 8.0)]
    line = week[1].days[0][0]
    assert (line.begins, line.ends, line.days_later, line.store.name if line.store else "") == (
        "22:00",
        "06:00",
        1,
        "Store A",
    )
    assert week[0].days[0][0].own_time == "01:00–03:00 UTC"
    of_b = week_of(cast.north.pk, monday=MONDAY, time_zone="Asia/Shanghai", stores=stores, store=cast.b.pk)
    assert [one.name for one in of_b] == ["Ann"]
