"""What is measured: durable embedded servers, the real ASGI server, an agency with empty stores."""

from __future__ import annotations

import http.client
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config import embedded
from tests.deployment import ROOT, deployed

DATA = ROOT / ".data" / "bench"
HOST = "north.localhost"
SETTINGS = "benchmarks.settings"


@dataclass(frozen=True)
class Target:
    port: int
    token: str
    database_url: str
    stores: tuple[tuple[int, str, str], ...]  # id, slug, schema

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    @property
    def headers(self) -> dict[str, str]:
        return {"Host": HOST, "Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


@contextmanager
def target(*, web_processes: int = 2, stores: int = 4) -> Iterator[Target]:
    """Starts everything anew, yields it when it is ready, and leaves nothing running."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)  # for the key that the processes' password comes from
    embedded.stop(DATA)
    shutil.rmtree(DATA, ignore_errors=True)
    try:
        with deployed(embedded.start(DATA), DATA, SETTINGS) as deployment:
            token, *made = deployment.run("-m", "benchmarks.prepare", str(stores)).splitlines()
            rows = [line.split() for line in made]
            deployment.start_web(web_processes)
            opened = tuple((int(pk), slug, schema) for pk, slug, schema in rows)
            yield Target(deployment.port, token, deployment.servers.database_url, opened)
    finally:
        embedded.stop(DATA)
        shutil.rmtree(DATA, ignore_errors=True)
