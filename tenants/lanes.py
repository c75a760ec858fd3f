"""Threads for what sockets ask of the database: each keeps its connection while there is work for it.

Borrowing a connection, proving that it lives and cleaning it costs more than what a chat asks of it, and cleaning
throws away what PostgreSQL has planned. A lane's connection is its own, beside the pool, and lasts from call to call in
the scope that the last one left it in; the next call says where it wants to be before its first statement, as
everywhere. Calls of one place and store go to a lane that was there last, if one is free.

Few work at a time. More of them than processors take each other's time, and what one of them has committed is told
late; and each lane has its statements planned for itself. A call that takes long waits for PostgreSQL, a lock perhaps,
and is in nobody's way: it is not counted any more, and another may begin.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, Final

from django.db import DatabaseError, InterfaceError

from tenants.context import connection

log = logging.getLogger(__name__)

KEPT: Final = 900.0  # seconds; what a session has read of every store's catalogue shall not grow old
IDLE: Final = 5.0  # seconds without work, and the connection is closed
SLOW: Final = 0.05  # seconds, after which a call is taken to be waiting itself
NEAR: Final = 16  # of those who wait, who are looked at for one that a lane suits
TRUSTED: Final = 1.0  # seconds since it last answered, for which a connection is taken to be alive

Key = Hashable


@dataclass(eq=False)
class _Call:
    key: Key
    run: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    since: float = field(default_factory=time.monotonic)

    result: Any = None
    error: BaseException | None = None

    def do(self) -> None:
        """In a lane."""
        try:
            self.result = self.context.run(self.run)
        except BaseException as raised:  # it is raised where it was asked for
            self.error = raised

    def tell(self) -> None:
        """From a lane. Whoever asked may be gone, and with them their loop."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._told)

    def _told(self) -> None:
        if self.answer.done():
            return
        if self.error is None:
            self.answer.set_result(self.result)
        else:
            self.answer.set_exception(self.error)


class Lanes:
    """At most so many threads, made as they are needed, and `at_once` of them with calls that are not slow."""

    def __init__(self, most: int, name: str, *, at_once: int) -> None:
        self.most, self.name, self.at_once = most, name, at_once
        self._lock = threading.Lock()
        self._made = 0
        self._free: list[_Lane] = []  # those that were used longest ago, first
        self._busy: dict[_Lane, float] = {}  # since when
        self._waiting: deque[_Call] = deque()
        self._looking: asyncio.AbstractEventLoop | None = None  # the loop that looks after what waits

    async def run(self, key: Key, call: Callable[[], Any]) -> Any:
        """What the call returns or raises, run in a thread where a connection of its own waits."""
        loop = asyncio.get_running_loop()
        asked = _Call(key, call, loop, loop.create_future())
        with self._lock:
            self._waiting.append(asked)
        self._begin(loop)
        return await asked.answer

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Gives lanes to those who wait longest. Comes back by itself while somebody waits: for a slow call no longer
        counts, and nobody tells when it began to be one."""
        with self._lock:
            begun = []
            while self._waiting and self._has_room() and (lane := self._take(self._waiting[0].key)):
                begun.append((lane, self._waiting.popleft()))
                self._busy[lane] = time.monotonic()
            looks_again = bool(self._waiting) and self._looking is not loop
            if looks_again:
                self._looking = loop
        for lane, call in begun:
            lane.calls.put(call)
        if looks_again:
            loop.call_later(SLOW, self._look_again, loop)

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            self._looking = None
        self._begin(loop)

    def _has_room(self) -> bool:
        now = time.monotonic()
        return sum(now - since < SLOW for since in self._busy.values()) < self.at_once

    def _take(self, key: Key) -> _Lane | None:
        for position in range(len(self._free) - 1, -1, -1):
            if self._free[position].key == key:
                return self._free.pop(position)
        if self._made < self.most:
            try:
                lane = _Lane(self, f"{self.name}-{self._made + 1}")
            except RuntimeError as error:  # no thread is to be had now; those that there are go on
                log.warning("%s: %s lanes and no more: %s", self.name, self._made, error)
            else:
                self._made += 1
                return lane
        return self._free.pop(0) if self._free else None

    def next_for(self, lane: _Lane) -> _Call | None:
        """What waits for where the lane was last, or what waits longest; nothing, and the lane is free from now on."""
        with self._lock:
            del self._busy[lane]
            if not self._waiting or not self._has_room():
                self._free.append(lane)
                return None
            self._busy[lane] = now = time.monotonic()
            call = next((call for call in islice(self._waiting, NEAR) if call.key == lane.key), self._waiting[0])
            if now - self._waiting[0].since > SLOW:
                call = self._waiting[0]
            self._waiting.remove(call)
            return call


class _Lane(threading.Thread):
    def __init__(self, lanes: Lanes, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.lanes = lanes
        self.calls: SimpleQueue[_Call] = SimpleQueue()
        self.key: Key = None  # where its connection was last
        self.since = self.used = 0.0
        self.start()

    def run(self) -> None:
        connection.lasts = True
        while True:
            call: _Call | None = self._await_call()
            while call is not None:
                self._do(call)
                done, call = call, self.lanes.next_for(self)
                done.tell()  # now that the lane is free, for whoever asks again at once

    def _await_call(self) -> _Call:
        try:
            return self.calls.get(timeout=IDLE)
        except Empty:
            self._close()
            return self.calls.get()

    def _do(self, call: _Call) -> None:
        self.key = call.key
        began = time.monotonic()
        if began - self.since > KEPT:
            self._close()
            self.since = began
        connection.health_check_done = began - self.used < TRUSTED
        call.do()
        self.used = time.monotonic()
        if connection.errors_occurred:
            self._close()

    def _close(self) -> None:
        try:
            connection.close()
        except (DatabaseError, InterfaceError) as error:
            log.warning("a lane's connection was not closed: %s", type(error).__name__)
