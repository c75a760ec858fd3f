"""An embedded pair of servers of one's own, which may be killed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from config import embedded
from config.embedded import Servers, place, processes

FOLDERS = {"postgres": "postgres", "valkey-server": "valkey"}


@contextmanager
def own_servers(data: Path) -> Iterator[Servers]:
    """A durable pair with nothing in it; it and its data are gone afterwards."""
    embedded.stop(data)
    shutil.rmtree(data, ignore_errors=True)
    try:
        yield embedded.start(data)
    finally:
        embedded.stop(data)
        shutil.rmtree(data, ignore_errors=True)


def kill(data: Path, program: str) -> None:
    """SIGKILL to `postgres` (the first of its processes, whose death ends the others) or to `valkey-server`."""
    folder = place.choose(data.resolve()).home / FOLDERS[program]
    for process in processes.serving(folder, program)[:1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    processes.wait_until_gone(folder, program, patience=30)
