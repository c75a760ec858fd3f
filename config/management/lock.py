"""One `up` a folder: the lock that says so, and how another one is asked to stop."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config import embedded
from config.embedded.place import make_folder
from config.management.supervisor import Failed, kill_marked

SECONDS_TO_STOP = 40


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it when we die."""
    make_folder(data)
    with (data / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Failed(
                f"It is running already in this folder (process {file.read().strip()}): use that one, "
                "or stop it with Ctrl-C there or 'make stop' here."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def stop_other(data: Path) -> None:
    """Ask the `up` of this folder to stop, wait until it has, and end what a killed one left."""
    with suppress(FileNotFoundError, ValueError, ProcessLookupError):
        pid = int((data / "up.lock").read_text())
        with suppress(Failed), alone(data):
            pid = 0  # Nobody holds the folder: the number is an old one and may belong to anybody.
        if pid:
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_STOP
    while True:
        try:
            with alone(data):
                kill_marked(str(data))
                embedded.stop(data)
                return
        except Failed:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
