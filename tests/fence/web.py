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
    pool = connection.pool
    pool.resize(1, size)
    try:
        yield
    finally:
        pool.resize(1, 16)


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
