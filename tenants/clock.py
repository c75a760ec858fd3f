"""The time, as the database has it: one clock for every web process, worker and machine.

Read from PostgreSQL once an hour and carried on by a counter that no administrator sets and that goes on through a
suspended machine. A web server whose clock is wrong, or jumps, makes no deadline wrong.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

READ_AGAIN: Final = 3600.0  # seconds; a counter drifts by some 0.1 s in that time


class _DatabaseClock:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.read_at = 0.0
        self.then: datetime | None = None

    def now(self) -> datetime:
        with self.lock:
            if self.then is None or _counter() - self.read_at > READ_AGAIN:
                self.then, self.read_at = _read(), _counter()
            return self.then + timedelta(seconds=_counter() - self.read_at)


def _counter() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _read() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        stamp: datetime = cursor.fetchone()[0]
        return stamp


_clock = _DatabaseClock()


def database_now() -> datetime:
    """The time of the database, to some tenths of a second. One query an hour and process."""
    return _clock.now()
