"""A deployment to measure: durable embedded servers, the real ASGI server, an agency with empty stores."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config import embedded

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data" / "bench"
HOST = "north.localhost"


@dataclass(frozen=True)
class Deployment:
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
def deployment(*, web_processes: int = 2, stores: int = 4) -> Iterator[Deployment]:
    """Starts everything anew, yields it when it is ready, and leaves nothing running."""
    embedded.stop(DATA)
    shutil.rmtree(DATA, ignore_errors=True)
    servers = embedded.start(DATA)
    port = _free_port()
    os.environ.update(
        DESKFLEET_DATA=str(DATA),
        DATABASE_URL=servers.database_url,
        REDIS_URL=servers.redis_url,
        DJANGO_SETTINGS_MODULE="benchmarks.settings",
        PORT=str(port),
        LOG_LEVEL="CRITICAL",
    )
    try:
        for command in ("migrate", "collectstatic"):
            _manage(command, "--noinput", "-v0")
        made = subprocess.run(
            [sys.executable, "-m", "benchmarks.prepare", str(stores)],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout.splitlines()  # fmt: skip
        rows = [line.split() for line in made[1:]]
        with _web(port, web_processes):
            yield Deployment(port, made[0], servers.database_url, tuple((int(r[0]), r[1], r[2]) for r in rows))
    finally:
        embedded.stop(DATA)
        shutil.rmtree(DATA, ignore_errors=True)


@contextmanager
def _web(port: int, processes: int) -> Iterator[None]:
    command = [
        sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port),
        "--workers", str(processes), "--no-access-log", "--log-level", "error",
    ]  # fmt: skip
    web = subprocess.Popen(command, cwd=ROOT)
    try:
        _wait_until_ready(port)
        yield
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait(20)


def _wait_until_ready(port: int) -> None:
    for _ in range(200):
        try:
            asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            asked.request("GET", "/health/ready")
            if asked.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the server did not become ready")


def _manage(*arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, check=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
