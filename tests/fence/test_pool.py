"""Two connections for everybody, and browsers that go away in the middle: nothing outlives a checkout (T10, V6b)."""

from __future__ import annotations

import random
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError

from tenants.context import connection, in_store
from tenants.postgresql.base import DOOR
from tests.fence.conftest import Real, host_of
from tests.fence.tally import Tally
from tests.fence.test_switch_failures import Ask, answer_of, asks, httpx, violation
from tests.fence.web import CLEAN, serving, small_pool, state
from tests.scenes import in_a_thread
from tickets.models import Message

SEED, REQUESTS = 11, 600


def test_nothing_survives_a_checkout(real: Real) -> None:
    """Each connection is left in a store, with whatever a careless piece of code could set on it."""
    stores = list(real.stores.values())

    def leave_dirty(number: int) -> int:
        with in_store(stores[number % 3]), connection.cursor() as cursor:
            assert Message.objects.exists()
            cursor.execute("SELECT set_config('app.tenant', 'p', false), set_config('statement_timeout', '99', false)")
            cursor.execute("SELECT pg_advisory_lock(42), pg_advisory_lock(%s)", [number])
            cursor.execute("LISTEN sight")
            cursor.execute("PREPARE sight AS SELECT 1")
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
            connection.close()  # from inside the store
        return int(pid)

    def scene() -> None:
        with Tally("V6b checkouts after a dirty one, of a pool of 2") as tally:
            for number in range(50):
                dirty = leave_dirty(number)
                for _ in range(20):  # until the very session comes back
                    pid, found = state()
                    tally.that(found == CLEAN, f"{found}")
                    if pid == dirty:
                        tally.count("times the same session")
                        break
            assert tally.about["times the same session"] > 40

    with small_pool(2):
        in_a_thread(scene)


def test_nobody_makes_a_temporary_table(real: Real) -> None:
    def scene() -> None:
        with in_store(real.stores["store-p"]), pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE sight (id int)")
        connection.close()
        assert connection.scope != DOOR  # as tests are: the operator's place
        with in_store(real.stores["store-p"]):
            assert Message.objects.exists()

    in_a_thread(scene)


def test_browsers_that_go_away_leave_nothing_behind(real: Real) -> None:
    work = asks(real, SEED, REQUESTS)
    chance = random.Random(SEED)
    aborted = {number for number in range(REQUESTS) if chance.random() < 0.3}
    tally = Tally("T10 requests over a pool of 2, a third of them aborted", SEED)
    with small_pool(2), serving() as port:

        def abort(ask: Ask) -> None:
            store = next(
                store for store in real.stores.values() if host_of(store) == ask.host or store.slug == ask.slug
            )
            head = f"GET /api/v1/stores/{store.slug}/tickets/ HTTP/1.1\r\nHost: {ask.host}\r\n"
            head += f"Authorization: Bearer {real.tokens[ask.host]}\r\n\r\n"
            with socket.create_connection(("127.0.0.1", port)) as raw:
                raw.sendall(head.encode()[: len(head) if len(ask.path) % 2 else len(head) // 2])

        def run(mine: int) -> None:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                for number in range(mine, REQUESTS, 6):
                    ask = work[number]
                    if number in aborted and ask.slug:
                        abort(ask)
                        continue
                    wrong = violation(real, ask, answer_of(client, real, ask))
                    tally.that(not wrong, wrong)

        with ThreadPoolExecutor(6) as clients:
            list(clients.map(run, range(6)))
        tally.count("aborted", REQUESTS - tally.tried)
        for _ in range(10):
            _pid, found = in_a_thread(state)
            tally.that(found == CLEAN, f"{found}")
    tally.close()
