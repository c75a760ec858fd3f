"""Finding and ending the processes of a server whose starter may be long dead."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil

SECONDS_TO_DIE = 5  # What SIGKILL may take while the disk is busy.


def serving(folder: Path, name: str) -> list[psutil.Process]:
    """Living processes called `name` that work in `folder`, oldest first.

    Both servers change to their data folder, so this finds them whatever a stale pid file says, even when the
    folder was deleted under them. A pid alone proves nothing: after a reboot it belongs to somebody else.
    """
    found = [process for process in psutil.process_iter() if _works_in(process, folder, name)]
    return sorted(found, key=lambda process: process.pid)


def end(processes: list[psutil.Process], *, patience: float) -> None:
    """Ask with SIGTERM, wait `patience` seconds, then SIGKILL; returns when none runs."""
    for process in processes:
        _quietly(process.terminate)
    _wait(processes, patience)
    for process in processes:
        _quietly(process.kill)
    _wait(processes, SECONDS_TO_DIE)


def wait_until_gone(folder: Path, name: str, *, patience: float) -> bool:
    """True as soon as nothing called `name` works in `folder`; False after `patience` seconds."""
    return _wait(serving(folder, name), patience)


def _wait(processes: list[psutil.Process], patience: float) -> bool:
    """psutil's own wait would also wait until a parent that may be slow has buried the dead."""
    deadline = time.monotonic() + patience
    while any(_runs(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _works_in(process: psutil.Process, folder: Path, name: str) -> bool:
    try:
        # The name is cut at 15 letters by the kernel and is the cheap question, so it comes first.
        return bool(process.name().startswith(name[:15]) and _runs(process) and process.cwd() == str(folder))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _quietly(act: Callable[[], None]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        act()
