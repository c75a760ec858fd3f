"""The feed loses nothing and counts nothing twice: killed in between, two clocks at once, a store in trouble."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from reports.actions import roll_up as rolling
from reports.actions.follow import follow
from reports.actions.roll_up import roll_up
from reports.actions.take_up import take_up
from reports.models import Opening
from reports.queries.events import openings_of
from tenants.context import as_operator, in_store
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.reports.scenes import answers, asks, closes, counted, figures, rows_of, rows_of_group
from tests.scenes import buyer_writes, in_a_thread
from tickets.desk.models import Touched

MINUTE = timedelta(minutes=1)


class Killed(RuntimeError):
    """Stands for a process that is gone."""


def test_killed_before_the_commit_counts_at_the_next_tick(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    counted(at=NOON)
    asks(cast.a, "x-1", at=NOON)
    before = rows_of(cast.a)

    def killed(*_args: object) -> None:
        raise Killed

    monkeypatch.setattr(rolling, "count", killed)
    with pytest.raises(Killed):
        roll_up(cast.a)
    assert Touched.objects.filter(store=cast.a).count() == 1
    assert rows_of(cast.a) == before
    monkeypatch.undo()
    assert roll_up(cast.a) == 1
    assert figures(cast.a, date(2026, 11, 20)).opened == 1


def test_verb_that_is_undone_feeds_nothing(cast: Cast) -> None:
    counted(at=NOON)
    before = rows_of(cast.a)
    with pytest.raises(Killed), in_store(cast.a):
        undone()
    assert follow(NOON) == 0
    assert rows_of(cast.a) == before


def undone() -> None:
    with transaction.atomic():
        buyer_writes("x-1")
        raise Killed


def test_whoever_read_too_early_leaves_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clock reads, the other counts what came after, then the first goes on: the newer stands."""
    counted(at=NOON)
    number = asks(cast.a, "x-1", at=NOON)

    def slowly(store: Store, numbers: list[int]) -> object:
        read = openings_of(store, numbers)
        monkeypatch.setattr(rolling, "openings_of", openings_of)
        answers(cast.a, number, by=cast.ann, at=NOON + MINUTE)
        assert roll_up(store) == 1
        return read

    monkeypatch.setattr(rolling, "openings_of", slowly)
    assert roll_up(cast.a) == 0
    assert figures(cast.a, date(2026, 11, 20)).answered == 1


def test_two_clocks_at_once(real_store: Store) -> None:
    """Twelve buyers, two clocks on connections of their own, at the same moment: each is counted once."""

    def write(first: int) -> None:
        with in_store(real_store):
            for index in range(first, first + 6):
                buyer_writes(f"x-{index}", at=datetime.now(UTC), customer_id=f"b{index}")

    together(lambda: write(0), lambda: write(6))
    in_a_thread(lambda: take_up(real_store))
    together(lambda: roll_up(real_store), lambda: roll_up(real_store), lambda: roll_up(real_store, tickets=3))
    assert in_a_thread(lambda: figures(real_store).opened) == 12
    assert in_a_thread(lambda: Opening.objects.filter(store=real_store).count()) == 12
    assert in_a_thread(lambda: Touched.objects.filter(store=real_store).count()) == 0
    assert in_a_thread(lambda: rows_of(real_store) == rows_of_group(real_store))


def together(*works: Callable[[], object]) -> None:
    barrier = Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            with as_operator():
                barrier.wait(10)
                work()
        finally:
            connection.close()

    threads = [Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---------------------------------------------------------------- days that are 23 or 25 hours long


@pytest.mark.parametrize(
    ("at", "day", "hour"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), date(2026, 3, 29), 1),  # Berlin, before the gap
        (datetime(2026, 3, 29, 1, 1, tzinfo=UTC), date(2026, 3, 29), 3),  # and after it
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25), 2),  # the hour that comes twice
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 25), 2),
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), date(2026, 10, 25), 0),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25), 23),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26), 0),
    ],
)
def test_hours_are_the_stores_own(cast: Cast, at: datetime, day: date, hour: int) -> None:
    Store.objects.filter(pk=cast.a.pk).update(time_zone="Europe/Berlin")
    cast.a.refresh_from_db()
    counted(at=at)
    number = asks(cast.a, "x-1", at=at)
    closes(cast.a, number, by=cast.ann, at=at + MINUTE)
    counted(at=at)
    assert figures(cast.a, day).opened == 1
    assert figures(cast.a, day).hours()[hour] == 1
