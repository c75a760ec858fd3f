"""lanes: threads that keep their connections, and lose what they should lose."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, transaction

from tenants import lanes
from tenants.context import StoreContextError, as_operator, connection, in_store
from tenants.fleet.owner import owner_connection
from tenants.lanes import Lanes
from tenants.models import Store
from tenants.postgresql.base import DOOR
from tests.scenes import in_a_thread
from tickets.models import Message

Made = Callable[..., Lanes]


@pytest.fixture
def made(django_db_setup: None, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """made(most, at_once): lanes that let go of their connections soon, so that the test's end finds none."""
    monkeypatch.setattr(lanes, "IDLE", 1.0)
    with django_db_blocker.unblock():
        yield lambda most, at_once=None: Lanes(most, "test", at_once=at_once or most)
        time.sleep(1.2)


def session() -> int:
    """PostgreSQL's process behind this thread's connection."""
    with as_operator(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def lane() -> str:
    return threading.current_thread().name


def planned() -> int:
    with as_operator(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0])


def end(pid: int) -> None:
    """As PostgreSQL does when it stops. Whoever has the same login may."""

    def run() -> None:
        connection.enter(DOOR)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

    in_a_thread(run)
    time.sleep(0.2)


def alive(pid: int) -> bool:
    with owner_connection() as owner:
        return bool(owner.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchall())


def test_lane_keeps_its_connection_and_its_plans_until_it_idles(made: Made, real_store: Store) -> None:
    def read() -> int:
        with as_operator(), in_store(real_store):
            Message.objects.exists()
        return session()

    async def scene() -> tuple[set[int], int]:
        one = made(1)
        sessions = {await one.run("p", read) for _ in range(5)}
        return sessions, await one.run("p", planned)

    sessions, plans = asyncio.run(scene())
    assert len(sessions) == 1
    assert plans >= 1
    time.sleep(1.5)
    assert not alive(sessions.pop())


def test_calls_go_where_their_place_was_before(made: Made) -> None:
    async def scene() -> None:
        two = made(2)
        at_p, at_q = await asyncio.gather(two.run("p", lane), two.run("q", lane))
        assert at_p != at_q
        for _ in range(3):
            assert await two.run("q", lane) == at_q
            assert await two.run("p", lane) == at_p

    asyncio.run(scene())


class Work:
    """Takes its time, returns what it was given, and counts how many did so at the same time."""

    def __init__(self, takes: float) -> None:
        self.takes, self.now, self.most = takes, 0, 0
        self.lock = threading.Lock()

    def __call__(self, number: int) -> int:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.takes)
        with self.lock:
            self.now -= 1
        return number


def test_more_calls_than_lanes_wait_for_their_turn(made: Made) -> None:
    work = Work(takes=0.02)

    async def scene() -> list[int]:
        three = made(3)
        return await asyncio.gather(*(three.run(number % 4, partial(work, number)) for number in range(12)))

    assert asyncio.run(scene()) == list(range(12))
    assert work.most == 3


def test_only_so_many_work_at_a_time_and_those_who_wait_are_not_counted(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two wait for a lock, as long as it takes. Others go on beside them, one after the other."""
    monkeypatch.setattr(lanes, "SLOW", 1.0)  # longer than a busy machine lets a call of 2 ms stand
    work, unlocked = Work(takes=0.002), threading.Event()

    async def scene() -> None:
        four = made(4, 1)
        waiters = [asyncio.create_task(four.run("p", lambda: unlocked.wait(10))) for _ in range(2)]
        done = await asyncio.gather(*(four.run("q", partial(work, number)) for number in range(12)))
        assert done == list(range(12))
        assert not any(each.done() for each in waiters)
        unlocked.set()
        assert await asyncio.gather(*waiters) == [True, True]

    asyncio.run(scene())
    assert work.most == 1


def test_where_all_lanes_wait_nobody_is_forgotten(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "SLOW", 0.01)
    unlocked = threading.Event()

    async def scene() -> list[bool]:
        two = made(2, 1)
        asked = [asyncio.create_task(two.run("p", lambda: unlocked.wait(10))) for _ in range(6)]
        await asyncio.sleep(0.1)
        unlocked.set()
        return list(await asyncio.gather(*asked))

    assert asyncio.run(scene()) == [True] * 6


def test_where_no_thread_is_to_be_had_those_that_there_are_go_on(
    made: Made, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> list[str]:
        two = made(2)
        first = await two.run("p", lane)

        def refuse(*_about: object) -> None:
            raise RuntimeError("can't start new thread")

        with monkeypatch.context() as patched:
            patched.setattr(lanes, "_Lane", refuse)
            assert await asyncio.gather(*(two.run("q", lane) for _ in range(3))) == [first] * 3
        at_last = [await each for each in [asyncio.create_task(two.run(name, lane)) for name in "rs"]]
        return [first, *at_last]

    assert len(set(asyncio.run(scene()))) == 2
    assert "no more" in caplog.text


def test_each_call_begins_at_the_door_whatever_the_last_one_did(made: Made, real_store: Store) -> None:
    def breaks_in_the_store() -> None:
        with as_operator(), in_store(real_store):
            Message.objects.exists()
            raise ZeroDivisionError

    def breaks_in_a_transaction() -> None:
        with as_operator(), in_store(real_store), transaction.atomic():
            Message.objects.exists()
            raise ZeroDivisionError

    def where() -> tuple[bool, bool]:
        with pytest.raises(StoreContextError), in_store(real_store):
            pass
        return connection.scope == DOOR, connection.in_atomic_block

    async def scene() -> None:
        one = made(1)
        for bad in (breaks_in_the_store, breaks_in_a_transaction):
            with pytest.raises(ZeroDivisionError):
                await one.run("p", bad)
            assert await one.run("p", where) == (True, False)

    asyncio.run(scene())


def test_session_that_was_ended_is_replaced(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "IDLE", 60.0)
    monkeypatch.setattr(lanes, "TRUSTED", 60.0)

    async def scene() -> None:
        one = made(1)
        first = await one.run("p", session)
        await asyncio.to_thread(end, first)
        with pytest.raises(OperationalError):
            await one.run("p", session)
        second = await one.run("p", session)
        assert second != first
        await one.run("p", lambda: connection.close())  # noqa: PLW0108

    asyncio.run(scene())


def test_connection_that_rested_is_looked_at_before_it_is_used(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "TRUSTED", 0.0)

    async def scene() -> None:
        one = made(1)
        first = await one.run("p", session)
        await asyncio.to_thread(end, first)
        assert await one.run("p", session) != first

    asyncio.run(scene())


def test_whoever_does_not_wait_for_the_answer_takes_no_lane_along(made: Made) -> None:
    goes_on = threading.Event()

    async def scene() -> None:
        one = made(1)
        asked = asyncio.create_task(one.run("p", lambda: goes_on.wait(5)))
        await asyncio.sleep(0.05)
        asked.cancel()
        goes_on.set()
        assert await one.run("p", lambda: 7) == 7

    asyncio.run(scene())
