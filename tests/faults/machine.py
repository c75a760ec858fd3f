"""`manage.py up` with servers of its own, in a folder of its own: everything in it may be killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.of_chat.servers import kill
from config import embedded
from config.management.supervisor import MARK, NAME
from tests.deployment import ROOT, free_port

SECONDS_TO_START = 300.0  # tables and static files are made first, beside whatever else is busy
# What a test run sets for itself and a person's terminal does not have.
OF_TESTS = {"DATABASE_URL", "REDIS_URL", "DESKFLEET_DATA", "DEBUG", "EMAIL_URL", "DJANGO_SETTINGS_MODULE"}


class Machine:
    """What runs, who of it can be killed, and whether it works."""

    def __init__(self, data: Path, *, demo: bool = False) -> None:
        self.data = data.resolve()
        self.port = free_port()
        ours = {name: value for name, value in os.environ.items() if name not in OF_TESTS}
        ours |= {"CHAT_CONVERSATIONS_PER_ADDRESS": "100000"}  # every buyer comes from this machine
        self.environment = ours | {"DESKFLEET_DATA": str(self.data), "PORT": str(self.port)}
        self.environment |= {} if demo else {"DESKFLEET_DEMO": "0"}
        self.said = self.data.with_name(f"{self.data.name}.log")
        with self.said.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=ROOT, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def database_url(self) -> str:
        """The owner's."""
        servers = embedded.running(self.data)
        assert servers, "PostgreSQL or Valkey is away"
        return servers.database_url

    def prepare(self, *, stores: int, desks: int) -> dict[str, Any]:
        """What `benchmarks.of_chat.prepare` makes."""
        made: dict[str, Any] = json.loads(self.run("-m", "benchmarks.of_chat.prepare", str(stores), str(desks)))
        return made

    def run(self, *arguments: str) -> str:
        """Runs a Python command to its end and returns what it printed."""
        command = [sys.executable, *arguments]
        environment = self.environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def wait_until_ready(self, seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not self.is_ready():
            assert self.process.poll() is None, self.said.read_text()[-2000:]
            assert time.monotonic() < end, f"not ready within {seconds} s: {self.said.read_text()[-2000:]}"
            time.sleep(0.1)

    def is_ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return (
                httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5, trust_env=False).status_code == 200
            )
        return False

    def parent_of(self, name: str) -> psutil.Process:
        """The process that `up` has started under this name."""
        return next(each for each in self._marked(name) if each.ppid() == self.process.pid)

    def web_processes(self) -> list[psutil.Process]:
        """Those that answer."""
        return [each for each in self._marked("web") if "spawn_main" in " ".join(each.cmdline())]

    def kill(self, name: str) -> None:
        """SIGKILL to `web`, `worker`, `postgres` or `valkey`, or to `one-web`, one of the processes that answer."""
        match name:
            case "postgres":
                kill(self.data, "postgres")
            case "valkey":
                kill(self.data, "valkey-server")
            case "one-web":
                self.web_processes()[0].kill()
            case _:
                self.parent_of(name).kill()

    def drain(self) -> None:
        """SIGTERM to the web server, as a deployment does; `up` starts it again."""
        self.parent_of("web").send_signal(signal.SIGTERM)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        embedded.stop(self.data)

    def _marked(self, name: str) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                environment = process.environ()
                if environment.get(MARK) == str(self.data) and environment.get(NAME) == name:
                    yield process


@contextmanager
def machine(data: Path, *, demo: bool = False) -> Iterator[Machine]:
    """Runs and is ready; leaves nothing running."""
    made = Machine(data, demo=demo)
    try:
        made.wait_until_ready(SECONDS_TO_START)
        yield made
    finally:
        made.stop()
