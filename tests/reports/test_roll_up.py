"""What happens to tickets becomes figures: once, late events too, and the same again from the beginning."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reports.actions.follow import check, follow
from reports.actions.rebuild import rebuild, rebuild_groups
from reports.actions.restore import restore_group
from reports.actions.running import Cell
from reports.models import Counting, GroupDay, Opening, StoreDay
from reports.queries.feed import groups_broken
from tenants.context import in_store
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.reports.scenes import answers, asks, closes, counted, figures, rows_of, rows_of_group
from tests.scenes import clock_ticks
from tickets.actions.reopen import reopen
from tickets.desk.models import Touched
from tickets.models import Ticket

TODAY = date(2026, 11, 20)  # NOON is 20:00 in Shanghai
SECONDS, MINUTES, HOURS, DAYS = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))


def test_day_of_a_store(cast: Cast) -> None:
    first = asks(cast.a, "x-1", at=NOON, category="size")
    second = asks(cast.a, "y-1", at=NOON + MINUTES)
    answers(cast.a, first, by=cast.ann, at=NOON + 20 * SECONDS)
    answers(cast.a, second, by=cast.ann, at=NOON + 3 * MINUTES)
    closes(cast.a, first, by=cast.ann, at=NOON + HOURS)
    counted(at=NOON)
    day = figures(cast.a, TODAY)
    assert day.counts() == (2, 0, 2, 2, 1, 1, 1, 1)
    assert (day.p50, day.p90) == (20, 120)
    assert day.hours()[20] == 2
    assert figures(cast.a, TODAY, Cell("tmall", "size")).counts() == (1, 0, 1, 1, 1, 0, 0, 1)
    assert Touched.objects.filter(store=cast.a).count() == 0


def test_counting_twice_counts_once(cast: Cast) -> None:
    asks(cast.a, "x-1", at=NOON)
    counted(at=NOON)
    before = rows_of(cast.a), rows_of_group(cast.a), list(Opening.objects.order_by("pk").values())
    rebuild(cast.a, now=NOON)
    counted(at=NOON)
    assert (rows_of(cast.a), rows_of_group(cast.a), list(Opening.objects.order_by("pk").values())) == before


def test_late_event_counts_on_its_own_day(cast: Cast) -> None:
    asks(cast.a, "x-1", at=NOON)
    counted(at=NOON)
    asks(cast.a, "y-1", at=NOON, sent_at=NOON - 2 * DAYS)
    counted(at=NOON)
    assert figures(cast.a, TODAY).opened == 1
    assert figures(cast.a, TODAY - 2 * DAYS).opened == 1
    assert figures(cast.a, TODAY - 2 * DAYS).late == 0  # nobody has looked at the clock yet
    clock_ticks(cast.a, NOON)
    counted(at=NOON)
    assert figures(cast.a, TODAY - 2 * DAYS).late == 1


def test_reopening_by_the_buyer_is_an_opening_and_by_us_is_none(cast: Cast) -> None:
    number = asks(cast.a, "x-1", at=NOON)
    closes(cast.a, number, by=cast.ann, at=NOON + MINUTES)
    counted(at=NOON)
    assert figures(cast.a, TODAY).closed == 1
    with in_store(cast.a):
        reopen(Ticket.objects.get(pk=number), by=cast.ann, now=NOON + 2 * MINUTES)
    counted(at=NOON)
    assert (figures(cast.a, TODAY).opened, figures(cast.a, TODAY).closed) == (1, 0)
    closes(cast.a, number, by=cast.ann, at=NOON + 3 * MINUTES)
    asks(cast.a, "x-2", at=NOON + DAYS)
    counted(at=NOON)
    assert figures(cast.a, TODAY).closed == 1
    assert figures(cast.a, TODAY + DAYS).counts() == (1, 1, 1, 0, 0, 0, 0, 0)


def test_chat_that_goes_on_writes_no_feed(cast: Cast) -> None:
    number = asks(cast.a, "x-1", at=NOON)
    answers(cast.a, number, by=cast.ann, at=NOON + MINUTES)
    counted(at=NOON)
    for turn in range(3):
        asks(cast.a, f"x-{turn + 2}", at=NOON + (2 + turn) * MINUTES)
        answers(cast.a, number, by=cast.ann, at=NOON + (2 + turn) * MINUTES + SECONDS)
    assert Touched.objects.count() == 0


def test_store_in_another_time_zone_is_counted_by_other_days(cast: Cast) -> None:
    asks(cast.a, "x-1", at=NOON)
    counted(at=NOON)
    Store.objects.filter(pk=cast.a.pk).update(time_zone="Pacific/Auckland")
    counted(at=NOON)
    assert figures(cast.a, TODAY).opened == 0
    assert figures(cast.a, TODAY + DAYS).opened == 1
    assert rows_of(cast.a) == rows_of_group(cast.a)
    assert rows_of(cast.b) == rows_of_group(cast.b)
    assert figures(cast.b).opened == 1  # the cast's own ticket


def test_store_that_is_closed_waits(cast: Cast) -> None:
    counted(at=NOON)
    asks(cast.a, "x-1", at=NOON)
    Store.objects.filter(pk=cast.a.pk).update(state=Store.State.SUSPENDED)
    assert follow(NOON) == 0
    assert Touched.objects.filter(store=cast.a).count() == 1
    Store.objects.filter(pk=cast.a.pk).update(state=Store.State.OPEN)
    assert follow(NOON) == 1


@pytest.mark.parametrize("wrong", ["openings", "days", "group"])
def test_rebuilding_puts_right(cast: Cast, wrong: str) -> None:
    number = asks(cast.a, "x-1", at=NOON)
    answers(cast.a, number, by=cast.ann, at=NOON + MINUTES)
    counted(at=NOON)
    right = rows_of(cast.a), rows_of_group(cast.a)
    if wrong == "openings":
        Opening.objects.filter(store=cast.a, ticket_number=number).update(late=True, within=False)
    elif wrong == "days":
        StoreDay.objects.filter(store=cast.a).update(opened=9)
    else:
        GroupDay.objects.all().update(answered=9)
    assert rebuild(cast.a, now=NOON).tickets == 2
    rebuild_groups([cast.a])
    assert (rows_of(cast.a), rows_of_group(cast.a)) == right


def test_what_is_behind_is_found(cast: Cast) -> None:
    number = asks(cast.a, "x-1", at=NOON)
    counted(at=NOON)
    Opening.objects.filter(store=cast.a, ticket_number=number).delete()
    assert check(cast.a, now=NOON) is False
    counted(at=NOON)
    assert check(cast.a, now=NOON) is True


def test_deleted_store_goes_out_of_its_group(cast: Cast) -> None:
    counted(at=NOON)
    Counting.objects.filter(store=cast.b).delete()
    StoreDay.objects.filter(store=cast.b).delete()
    group = Counting.objects.get(store=cast.a).group
    assert groups_broken() == [group.pk]
    assert restore_group(group.pk) is True
    assert rows_of_group(cast.a) == rows_of(cast.a)
    assert groups_broken() == []
