"""The real server in a thread of the test's process, over the test database and a small pool."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from config.asgi import application
from tenants.context import connection
from tests.deployment import free_port


@contextmanager
def small_pool(size: int) -> Iterator[None]:
    """A new one, of so many connections at most, for every thread that has none at the moment."""
    options = connection.settings_dict["OPTIONS"]
    before = options["pool"]
    connection.close()
    connection.close_pool()
    options["pool"] = {**before, "max_size": size}
    try:
        yield
    finally:
        connection.close()
        connection.close_pool()
        options["pool"] = before


@contextmanager
def serving() -> Iterator[int]:
    """The port on 127.0.0.1."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_level="critical", access_log=False))
    thread = Thread(target=server.run, name="uvicorn")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        yield port
    finally:
        server.should_exit = True
        thread.join(20)


STATE = """
SELECT pg_backend_pid(), current_user = session_user, current_setting('search_path'),
       coalesce(current_setting('fence.agency', true), ''), coalesce(current_setting('fence.store', true), ''),
       coalesce(current_setting('app.tenant', true), ''), current_setting('statement_timeout'),
       (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), pg_my_temp_schema()::int,
       (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_listening_channels())
"""
CLEAN = (True, "public", "", "", "", "15s", 0, 0, 0, 0)


def state() -> tuple[int, tuple[object, ...]]:
    """What a borrower finds, before anything of ours has touched it."""
    with connection.pool.connection() as raw:
        pid, *found = raw.execute(STATE, prepare=False).fetchone()
        return pid, (found[0], str(found[1]).replace('"', ""), *found[2:])
