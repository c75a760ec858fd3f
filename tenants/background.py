"""Sending behind an answer's back: what Redis is told must never make a person wait for Redis."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

log = logging.getLogger(__name__)

Key = TypeVar("Key")
Value = TypeVar("Value")

MOST_UNSENT: Final = 1000  # keys; what comes beyond them is dropped


class Background(Generic[Key, Value]):
    """A thread that hands `send` what was posted, and in one go what came meanwhile or within `gathering` seconds.

    In no order; what was posted twice under a key is the later, or what `merge` makes of both.

    For what may be lost: beyond MOST_UNSENT, and where `send` raises, it is dropped with a warning. The thread is a
    daemon and does not outlive its process: an ordinary exit waits a second for it, os._exit only by `flush`.
    """

    def __init__(
        self,
        name: str,
        send: Callable[[dict[Key, Value]], None],
        *,
        gathering: float = 0,
        merge: Callable[[Value, Value], Value] = lambda _earlier, later: later,
    ) -> None:
        self.name = name
        self.send = send
        self.merge = merge
        self.gathering = gathering
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.flush)

    def _begin(self) -> None:
        """Nothing unsent and no thread: at first, and in a forked process, into which threads do not come along."""
        self._changed = threading.Condition()
        self._unsent: dict[Key, Value] = {}
        self._dropped = 0
        self._sending = False
        self._thread: threading.Thread | None = None

    def post(self, key: Key, value: Value) -> None:
        """Returns at once."""
        self.post_all({key: value})

    def post_all(self, items: Mapping[Key, Value]) -> None:
        """Returns at once. What is posted together is handed over together."""
        with self._changed:
            for key, value in items.items():
                if key in self._unsent:
                    self._unsent[key] = self.merge(self._unsent[key], value)
                elif len(self._unsent) < MOST_UNSENT:
                    self._unsent[key] = value
                else:
                    self._dropped += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout: float = 1.0) -> bool:
        """Waits until all that was posted has been handed over, `timeout` seconds at most. Whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._unsent or self._sending), timeout)

    def _run(self) -> None:
        while True:
            self._hand_over(self._gather())
            with self._changed:
                self._sending = False
                self._changed.notify_all()

    def _gather(self) -> dict[Key, Value]:
        with self._changed:
            self._changed.wait_for(lambda: self._unsent)
        time.sleep(self.gathering)
        with self._changed:
            unsent, self._unsent = self._unsent, {}
            dropped, self._dropped = self._dropped, 0
            self._sending = True
        if dropped:
            log.warning("%s: %s dropped, too many at once", self.name, dropped)
        return unsent

    def _hand_over(self, unsent: dict[Key, Value]) -> None:
        try:
            self.send(unsent)
        except Exception as error:  # Redis may vanish at any point; PostgreSQL holds what this was about
            log.warning("%s: %s not sent: %s", self.name, len(unsent), type(error).__name__)
