"""What is measured: durable embedded servers, the real ASGI server, an agency with empty stores."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
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
def fresh() -> Iterator[embedded.Servers]:
    """New servers without a row, and nothing left of them afterwards."""
    embedded.stop(DATA)
    shutil.rmtree(DATA, ignore_errors=True)
    try:
        yield embedded.start(DATA)
    finally:
        embedded.stop(DATA)
        shutil.rmtree(DATA, ignore_errors=True)


def run_beside(module: str, *arguments: object) -> int:
    """Runs a module over a migrated database of its own; its exit code."""
    with fresh() as servers, deployed(servers, DATA) as deployment:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=deployment.environment, check=False).returncode


@contextmanager
def target(*, web_processes: int = 2, stores: int = 4) -> Iterator[Target]:
    """Starts everything anew, yields it when it is ready, and leaves nothing running."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)  # for the key that the processes' password comes from
    with fresh() as servers, deployed(servers, DATA, SETTINGS) as deployment:
        token, *made = deployment.run("-m", "benchmarks.prepare", str(stores)).splitlines()
        rows = [line.split() for line in made]
        deployment.start_web(web_processes)
        opened = tuple((int(pk), slug, schema) for pk, slug, schema in rows)
        yield Target(deployment.port, token, deployment.servers.database_url, opened)
