"""A store's schema is gone, or half of it: its doors say so, nobody else notices, and nothing goes into public."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.test import Client
from psycopg import sql

from tenants.fleet.owner import owner_connection
from tenants.models import Store
from tenants.postgresql.base import Unreachable
from tenants.sockets import in_database
from tests.cast import NORTH_HOST, canary
from tests.fence.conftest import Real, host_of
from tests.fence.tally import Tally
from tests.fence.test_interleaved import at_host, read
from tests.scenes import in_a_thread
from tests.test_isolation import ROWS, Row
from tickets import jobs
from tickets.management.commands import clock
from tickets.timers.actions import work as works

TABLES = ("customer", "ticket", "message", "attachment", "event")


@contextmanager
def renamed(statement: str, *names: str) -> Iterator[None]:
    """As good as dropped, and it can be put back: `ALTER … {0} RENAME TO {1}` and the other way round."""

    def run(*in_order: str) -> None:
        with owner_connection() as owner:
            owner.execute("SET lock_timeout = '5s'")
            owner.execute(sql.SQL(statement).format(*map(sql.Identifier, in_order)))

    run(*names)
    try:
        yield
    finally:
        run(names[1], names[0], *names[2:])


# Read and written in public: the library of the agency, and the index, which says why a ticket stands where it stands.
WITHOUT_SCHEMA = {"replies", "reply_keep", "why_here"}
# What the library's verbs write, and what the clock counts beside the test.
BESIDE = "^(knowledge|reports|score)_|^(desk_touched|tenants_change)$"


def public_rows() -> dict[str, int]:
    with owner_connection() as owner:
        tables = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND relname !~ %s",
            [BESIDE],
        )
        counts = {}
        for (table,) in tables.fetchall():
            count = sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table))
            ((counts[table],),) = owner.execute(count).fetchall()
        return counts


def ask(real: Real, host: str, slug: str, row: Row, name: str = "") -> tuple[int, bytes]:
    headers = {"host": host}
    if row.is_api:
        headers["authorization"] = f"Bearer {real.tokens[host]}"
    client = Client(headers=headers, raise_request_exception=False)
    client.cookies["session"] = real.sessions[host]
    path = row.path.format(store=slug, file=UUID(int=1))

    def asked() -> tuple[int, bytes]:
        if row.method == "get":
            answer = client.get(path)
        elif row.is_api:
            answer = client.post(path, row.body, content_type="application/json")
        else:
            answer = client.post(path, row.body)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, content

    return in_a_thread(asked)


def every_page(real: Real, tally: Tally, slug: str) -> None:
    """At the agency's host and at the store's own: an error or nothing, and no canary of anybody."""
    for host in (NORTH_HOST, host_of(real.stores[slug])):
        for name, row in ROWS.items():
            status, content = ask(real, host, slug, row)
            foreign = real.foreign(host, content, slug if row.of_a_store else "")
            tally.that(not foreign, f"{name} at {host}: {status} with {foreign}")
            if row.of_a_store:
                tally.count(f"× {status}")


def others_are_fine(real: Real, tally: Tally) -> None:
    for slug in ("store-q", "store-r"):
        for name in ("api_tickets", "ticket"):
            status, content = ask(real, host_of(real.stores[slug]), slug, ROWS[name])
            seen = canary(real.stores[slug]).encode() in content
            tally.that(status == 200 and seen, f"{name} of {slug}: {status}")


def test_store_whose_schema_is_gone(real: Real) -> None:
    """T07, at every route: an error, and public is as it was."""
    gone = real.stores["store-p"].schema_name
    before = public_rows()
    with (
        renamed("ALTER SCHEMA {0} RENAME TO {1}", gone, f"{gone}_gone"),
        Tally("T07 routes of a dropped schema") as tally,
    ):
        for host in (NORTH_HOST, host_of(real.stores["store-p"])):
            for name, row in ROWS.items():
                if not row.of_a_store or name in WITHOUT_SCHEMA:
                    continue
                status, content = ask(real, host, "store-p", row)
                tally.that(status >= 500 or status == 404, f"{name} at {host}: {status}")
                tally.that(b"CANARY" not in content, f"{name} at {host} shows somebody's row")
        others_are_fine(real, tally)
    assert public_rows() == before


def test_job_socket_and_command_of_a_dropped_schema(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    store = real.stores["store-p"]
    gone, host = store.schema_name, host_of(store)
    before = public_rows()
    ways: dict[str, Callable[[], Any]] = {
        "job": lambda: in_a_thread(lambda: jobs.work_outbox(store.pk)),
        "consumer": lambda: asyncio.run(in_database(at_host, real, host, "store-p", read)),
        "consumer, from elsewhere": lambda: asyncio.run(in_database(at_host, real, NORTH_HOST, "store-p", read)),
    }
    told: list[str] = []
    monkeypatch.setattr(clock, "tick_timers", lambda _now: [each.pk for each in real.stores.values()])
    monkeypatch.setattr(jobs, "mail_due_in", lambda *_: [1])
    monkeypatch.setattr(clock, "WORK_FOR", 60.0)
    do = works.work

    def watched(store: Store, *, now: datetime) -> int:
        done = do(store, now=now)
        told.append(store.slug)
        return done

    monkeypatch.setattr(works, "work", watched)
    with (
        renamed("ALTER SCHEMA {0} RENAME TO {1}", gone, f"{gone}_gone"),
        Tally("T07 ways into a dropped schema") as tally,
    ):
        for name, way in ways.items():
            with pytest.raises(Unreachable):
                way()
            tally.that(True, name)
        in_a_thread(lambda: call_command("clock", once=True))
        tally.that(len(told) == 2, f"the clock worked in {told} of the two stores that are fine")
    assert public_rows() == before


@pytest.mark.parametrize("table", TABLES)
def test_store_that_lost_a_table(real: Real, table: str) -> None:
    """T08, half a migration: what needs the table fails, and is not looked for anywhere else."""
    store, name = real.stores["store-p"], f"tickets_{table}"
    before = public_rows()
    with (
        renamed("ALTER TABLE {2}.{0} RENAME TO {1}", name, f"{name}_gone", store.schema_name),
        Tally(f"T08 routes of a store without {name}") as tally,
    ):
        every_page(real, tally, "store-p")
        failed = sum(count for what, count in tally.about.items() if what[2] == "5")
        tally.that(failed > 0, "nothing needed the table")
        others_are_fine(real, tally)
    after = public_rows()
    changed = {name for name in after if after[name] != before[name]} - {"desk_presence"}  # people's, not the store's
    assert changed <= {"desk_outbox", "desk_delivery", "desk_queueentry"}
    assert not changed or table in ("attachment",), changed
