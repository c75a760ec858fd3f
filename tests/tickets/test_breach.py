"""breach and the clock process: a wait becomes too long exactly once, whoever notices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from tenants.context import as_operator, in_store
from tenants.models import Store
from tenants.postgresql.base import Unreachable
from tests.cast import NOON, Cast
from tests.scenes import buyer_writes, clock_ticks, entry_of, in_a_thread, kinds_of, left, waiting_ticket
from tickets.actions.assign import assign
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.desk.models import QueueEntry
from tickets.management.commands import clock
from tickets.models import Event, Ticket
from tickets.timers.actions import work as works
from tickets.timers.actions.tick import tick as tick_all
from tickets.timers.actions.work import work
from tickets.timers.models import Fired

DUE = NOON + timedelta(seconds=30)
BREACHED = Event.Kind.BREACHED


@pytest.fixture(autouse=True)
def nobody_else_waits(db: None) -> None:
    QueueEntry.objects.all().delete()


def tick(store: Store, at: object) -> int:
    with left():
        return clock_ticks(store, at).count("breach")  # type: ignore[arg-type]


def test_wait_breaches_at_its_time_and_once(store_a: Store, ticket: Ticket) -> None:
    assert tick(store_a, DUE - timedelta(microseconds=1)) == 0
    assert tick(store_a, DUE) == 1
    assert tick(store_a, DUE + timedelta(hours=1)) == 0
    event = ticket.events.get(kind=BREACHED)
    assert (event.by, event.actor, event.at) == ("clock", None, DUE)
    assert event.after == {"clock": "first", "due_at": DUE.isoformat()}
    row = entry_of(ticket)
    assert row is not None
    assert row.breached_at == DUE


def test_only_stores_in_which_something_came_due_are_entered(cast: Cast, store_a: Store, ticket: Ticket) -> None:
    with left():
        assert tick_all(NOON) == []
        assert tick_all(DUE) == [cast.a.pk]
        assert tick_all(DUE) == []


def test_suspended_store_is_left_alone_and_told_once_it_is_open_again(cast: Cast, ticket: Ticket) -> None:
    with left():
        Store.objects.filter(pk=cast.a.pk).update(state=Store.State.SUSPENDED)
        assert tick_all(DUE) == []
        assert not Fired.objects.exists()
        Store.objects.filter(pk=cast.a.pk).update(state=Store.State.OPEN)
        assert tick_all(DUE + timedelta(minutes=1)) == [cast.a.pk]


def test_buyer_who_writes_again_is_not_late_twice(cast: Cast, store_a: Store, ticket: Ticket) -> None:
    tick(store_a, DUE)
    buyer_writes("x-2", "？？", at=DUE + timedelta(seconds=1))
    ticket.refresh_from_db()
    assign(ticket, to=cast.bo, by=cast.ann, now=DUE)
    assert tick(store_a, DUE + timedelta(minutes=1)) == 0


def test_next_question_is_a_new_wait(cast: Cast, store_a: Store, ticket: Ticket) -> None:
    tick(store_a, DUE)
    reply_to_ticket(ticket, author=cast.bo, body="ok", client_key="k", seen_seq=None, now=DUE)
    buyer_writes("x-2", "几点？", at=DUE)
    assert tick(store_a, DUE + timedelta(minutes=3)) == 1
    clocks = [event.after["clock"] for event in ticket.events.filter(kind=BREACHED).order_by("pk")]
    assert clocks == ["first", "next"]


def test_answer_that_came_too_late_writes_the_breach_itself(cast: Cast, store_a: Store, ticket: Ticket) -> None:
    reply_to_ticket(ticket, author=cast.bo, body="ok", client_key="k", seen_seq=None, now=DUE + timedelta(seconds=1))
    assert kinds_of(ticket)[-2:] == [BREACHED, Event.Kind.REPLIED]
    assert tick(store_a, DUE + timedelta(minutes=1)) == 0


def test_answer_in_time_breaches_nothing(cast: Cast, store_a: Store, ticket: Ticket) -> None:
    reply_to_ticket(ticket, author=cast.bo, body="ok", client_key="k", seen_seq=None, now=DUE - timedelta(seconds=1))
    assert tick(store_a, DUE + timedelta(hours=1)) == 0
    assert BREACHED not in kinds_of(ticket)


def test_two_stores_with_the_same_numbers_do_not_mix(cast: Cast, store_a: Store, ticket: Ticket) -> None:
    with left(), in_store(cast.b):
        other = waiting_ticket()
    tick(store_a, DUE)
    assert kinds_of(ticket).count(BREACHED) == 1
    with left(), in_store(cast.b):
        assert BREACHED not in kinds_of(other)


def test_clock_once_ticks_by_the_databases_time(store_a: Store) -> None:
    late = waiting_ticket(at=timezone.now() - timedelta(hours=1))
    fresh = waiting_ticket(key="x-2", customer_id="fresh", channel=Channel.EMAIL, at=timezone.now())
    with left():
        call_command("clock", "--once")
    assert (kinds_of(late).count(BREACHED), kinds_of(fresh).count(BREACHED)) == (1, 0)


@pytest.fixture
def late_in(real_store: Store) -> Store:
    """A committed store in which thirty buyers have waited too long."""

    def write() -> None:
        with in_store(real_store):
            for index in range(30):
                buyer_writes(f"late-{index}", customer_id=f"late-{index}", at=timezone.now() - timedelta(days=2))

    in_a_thread(write)
    return real_store


def test_two_clock_processes_tell_each_wait_once(late_in: Store) -> None:
    now = timezone.now()

    def one(_: int) -> None:
        try:
            with as_operator():
                tick_all(now, store=late_in.pk)
                work(late_in, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(8)))

    def written() -> tuple[int, int]:
        with in_store(late_in):
            return Event.objects.filter(kind=BREACHED).count(), Fired.objects.count()

    assert in_a_thread(written) == (30, 0)


def test_only_one_clock_process_works_at_a_time(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [clock.LOCK])
        assert in_a_thread(clock.database_now) is None


def test_one_broken_store_does_not_stop_the_clock_of_the_others(
    cast: Cast, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A schema that is gone, or half restored: the stores behind it are told in time all the same."""
    with left(), in_store(cast.b):
        waiting_ticket()
    told = []

    do = works.work

    def broken(store: Store, *, now: datetime) -> int:
        if store == cast.a:
            raise Unreachable("gone")
        told.append(store.slug)
        return do(store, now=now)

    monkeypatch.setattr(works, "work", broken)
    with left():
        clock.tick(reconcile=False)
    assert told == ["store-b"]
    assert Fired.objects.filter(store=cast.a).exists()  # not lost: done when it can be entered again
