"""A real deployment, in processes of its own: for browser tests, and for benchmarks."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from django.conf import settings

from config.databases import app_address
from config.embedded import Servers

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Deployment:
    """Servers, a port, and the processes started on it. Addresses are those of `127.0.0.1`, hosts go into headers."""

    servers: Servers
    data: Path
    port: int
    settings: str = "config.settings"
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CHAT_CONVERSATIONS_PER_ADDRESS": "100000",  # every buyer comes from this machine
            **os.environ,
            "DJANGO_SETTINGS_MODULE": self.settings,
            "DATABASE_URL": self.servers.database_url,  # the owner's: for commands
            "REDIS_URL": self.servers.redis_url,
            "DESKFLEET_DATA": str(self.data),
            "PORT": str(self.port),
            "DEBUG": "0",
            "LOG_LEVEL": "ERROR",
        }

    def run(self, *arguments: str) -> str:
        """Runs a Python command to its end and returns what it printed. Raises with its errors if it failed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        app = app_address(self.servers.database_url, settings.SECRET_KEY)
        environment = self.environment | {"APP_DATABASE_URL": app, "DATABASE_URL": ""}
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment)
        self.processes.append(process)
        return process

    def start_web(self, processes: int = 1) -> subprocess.Popen[bytes]:
        """The ASGI server, ready to answer."""
        web = self.start(
            "-m", "config.web", "--port", str(self.port), "--workers", str(processes), "--log-level", "error"
        )  # fmt: skip
        self.wait_until_ready()
        return web

    def wait_until_ready(self) -> None:
        for _ in range(300):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).status_code == 200:
                    return
            time.sleep(0.1)
        raise RuntimeError("the server did not become ready")

    def stop(self, process: subprocess.Popen[bytes], how: int = signal.SIGTERM) -> None:
        process.send_signal(how)
        process.wait(30)
        self.processes.remove(process)

    def client(self, token: str, host: str = "north.localhost") -> httpx.Client:
        headers = {"Host": host, "Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30)

    def address(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.port}{path}"


@contextmanager
def deployed(servers: Servers, data: Path, settings: str = "config.settings") -> Iterator[Deployment]:
    """Migrates and collects, yields, and leaves no process behind."""
    deployment = Deployment(servers, data, free_port(), settings)
    try:
        deployment.run("manage.py", "migrate", "--noinput", "-v0")
        deployment.run("manage.py", "collectstatic", "--noinput", "-v0")
        yield deployment
    finally:
        for process in list(deployment.processes):
            deployment.stop(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
