"""The other end of `peer_process`: orders go there, seconds come back."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 900.0  # seconds for one order


class Peer:
    """django-tenants, with schemas of its own that our ledger knows nothing of."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.schemas: list[str] = []

    def create(self) -> float:
        """One schema more. Seconds."""
        schema = f"peer_{len(self.schemas)}"
        seconds = self._order("create", schema=schema)
        self.schemas.append(schema)
        return seconds

    def clone(self, number: int) -> float:
        return self._order("clone", base=self.schemas[0], schema=f"clone_{number}")

    def migrate(self, executor: str, schemas: list[str]) -> float:
        """Seconds for each of them."""
        return self._order("migrate", executor=executor, schemas=schemas) / len(schemas)

    def alter(self, state: int) -> None:
        self._order("alter", state=state)

    def halves(self) -> tuple[list[str], list[str]]:
        middle = len(self.schemas) // 2
        return self.schemas[:middle], self.schemas[middle:]

    def _order(self, order: str, **about: Any) -> float:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"order": order, **about}) + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            raise TimeoutError(f"django-tenants did not end {order} within {PATIENCE:.0f} s")
        answer = json.loads(self.process.stdout.readline() or '{"error": "its process ended"}')
        if "error" in answer:
            raise RuntimeError(f"django-tenants, {order}: {answer['error']}")
        return float(answer["seconds"])


@contextmanager
def peer() -> Iterator[Peer]:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "benchmarks.of_fleet.peer_settings", "LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.of_fleet.peer_process"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Peer(process)
    finally:
        process.terminate()
        process.wait(30)
