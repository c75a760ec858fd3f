"""One in twenty switches fails, under load, on the real server: an error is told, and no row of another store (V5)."""

from __future__ import annotations

import logging
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings

from tenants.context import connection, in_store
from tenants.models import Store
from tenants.postgresql.base import ENTER_STORE, SWITCH
from tenants.postgresql.planned import numbered
from tests.cast import NORTH_HOST, SOUTH_HOST, canary
from tests.fence.conftest import Real, host_of
from tests.fence.tally import Tally
from tests.fence.web import CLEAN, serving, state
from tests.scenes import in_a_thread
from tickets.models import Message

# The cheap ones often: it is the switches that count.
KINDS = ["write", "list", "list", "desk", "queue", "messages", *["ticket"] * 6, *["stores"] * 5]
SEED, CLIENTS, ONE_IN = 20261120, 8, 20
SWITCHES = {form for switch in (SWITCH, ENTER_STORE) for form in (switch, numbered(switch)[0])}
REQUESTS = int(os.environ.get("FENCE_REQUESTS", "2000"))


class Faults:
    """Stands in for psycopg's execute: one switch in twenty is cancelled, or finds its connection closed."""

    def __init__(self, seed: int) -> None:
        self.execute, self.lock, self.random = psycopg.Cursor.execute, Lock(), random.Random(seed)
        self.switches = self.made = 0

    def installed(self) -> Any:
        faults = self

        def execute(cursor: Any, query: Any, params: Any = None, **more: Any) -> Any:
            if query in SWITCHES:
                faults.strike(cursor)
            return faults.execute(cursor, query, params, **more)

        return execute

    def strike(self, cursor: Any) -> None:
        with self.lock:
            self.switches += 1
            fault = self.random.randrange(ONE_IN * 2)
            self.made += fault < 2
        if fault == 0:
            raise psycopg.errors.QueryCanceled("canceling statement due to statement timeout")
        if fault == 1:
            cursor.connection.close()


@dataclass(frozen=True)
class Ask:
    method: str
    host: str
    path: str
    slug: str = ""
    json: Any = None


def asks(real: Real, seed: int, count: int) -> list[Ask]:
    """Reads and writes, by programs and on the desk, at agencies' and stores' hosts; some ask for a store of others."""
    chance, found = random.Random(seed), []
    places = {NORTH_HOST: ["store-p", "store-q"], SOUTH_HOST: ["store-r"]}
    places |= {host_of(store): [slug] for slug, store in real.stores.items()}
    for number in range(count):
        host = chance.choice(list(places))
        slug = chance.choice(places[host]) if chance.random() < 0.9 else chance.choice(list(real.stores))
        api = f"/api/v1/stores/{slug}/"
        kind = chance.choice(KINDS)
        if kind == "write":
            mark = canary(real.stores[slug])
            body = {"external_id": f"f-{number}", "customer": {"id": "fault"}, "text": f"{mark} {number}"}
            found.append(Ask("POST", host, f"{api}messages/", slug, body))
        elif kind in ("stores", "queue"):
            found.append(Ask("GET", host, f"/api/v1/{kind}/"))
        else:
            paths = {"list": f"{api}tickets/", "ticket": f"{api}tickets/1/", "messages": f"{api}tickets/1/messages/"}
            found.append(Ask("GET", host, paths.get(kind, f"/desk/{slug}/1/messages/"), slug))
    return found


def answer_of(client: httpx.Client, real: Real, ask: Ask) -> httpx.Response:
    is_api = ask.path.startswith("/api/")
    name = settings.SESSION_COOKIE_NAME
    own = (
        {"Authorization": f"Bearer {real.tokens[ask.host]}"}
        if is_api
        else {"Cookie": f"{name}={real.sessions[ask.host]}"}
    )
    return client.request(ask.method, ask.path, headers={"Host": ask.host, **own}, json=ask.json)


def violation(real: Real, ask: Ask, answer: httpx.Response) -> str:
    """What is wrong with the answer, or nothing."""
    if foreign := real.foreign(ask.host, answer.content, ask.slug):
        return f"{ask} was answered {answer.status_code} with {foreign}"
    is_own = not ask.slug or canary(real.stores[ask.slug]) in real.sees[ask.host]
    if answer.status_code in (200, 201):
        return "" if is_own else f"{ask} of another's store was answered {answer.status_code}"
    if answer.status_code == 404 and not is_own:
        return ""
    if answer.status_code not in (500, 503):
        return f"{ask} was answered {answer.status_code}"
    if ask.path.startswith("/api/") and answer.json()["error"]["code"] not in ("unavailable", "server_error"):
        return f"{ask} failed in another shape: {answer.text[:200]}"
    return ""


def test_failed_switches_show_no_row_of_another_store(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults(SEED)
    work = asks(real, SEED, REQUESTS)
    with serving() as port, Tally(f"V5 requests while 1 switch in {ONE_IN} fails", SEED) as tally:

        def run(mine: list[Ask]) -> list[tuple[Ask, httpx.Response]]:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                return [(ask, answer_of(client, real, ask)) for ask in mine]

        logging.getLogger("django.request").setLevel(logging.CRITICAL)  # a traceback each
        with monkeypatch.context() as patched, ThreadPoolExecutor(CLIENTS) as clients:
            patched.setattr(psycopg.Cursor, "execute", faults.installed())
            answers = [pair for part in clients.map(run, [work[n::CLIENTS] for n in range(CLIENTS)]) for pair in part]
        for ask, answer in answers:
            tally.that(not (wrong := violation(real, ask, answer)), wrong)
            tally.count(f"× {answer.status_code}")
        tally.count("switches", faults.switches)
        tally.count("of them failed", faults.made)
        assert faults.made > 0
        wrong_rows(real, tally, answers)
        afterwards = run(asks(real, SEED + 1, 200))
        assert {answer.status_code for _ask, answer in afterwards} <= {200, 201, 404}
    logging.getLogger("django.request").setLevel(logging.ERROR)
    in_a_thread(pool_is_healthy)


def wrong_rows(real: Real, tally: Tally, answers: list[tuple[Ask, httpx.Response]]) -> None:
    """Every message stands in the store that it was sent to, and what was answered 201 stands there once."""
    for slug, store in real.stores.items():
        own = canary(store)

        def bodies(store: Store = store) -> list[str]:
            with in_store(store):
                return list(Message.objects.filter(external_id__startswith="f-").values_list("body", flat=True))

        found = in_a_thread(bodies)
        for body in found:
            tally.that(body.startswith(own), f"{slug} holds {body}")
        taken = [ask.json["text"] for ask, answer in answers if answer.status_code == 201 and ask.slug == slug]
        assert sorted(set(taken) - set(found)) == []
        assert len(set(found)) == len(found)


def pool_is_healthy() -> None:
    """Every connection came back, and each is as new."""
    for _ in range(50):
        stats = connection.pool.get_stats()
        if stats["pool_available"] == stats["pool_size"]:
            break
        time.sleep(0.1)
    assert stats["pool_available"] == stats["pool_size"] > 0
    assert stats.get("requests_waiting", 0) == 0
    for _ in range(8):
        _pid, found = state()
        assert found == CLEAN
