"""Keeps a handful of processes running, prints what they say, and leaves none behind.

honcho runs a process and prints its lines; it stops everything when one ends. We start it again instead, because a
worker may end with code 0 at any time and somebody waits for an answer.
"""

import os
import queue
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from types import FrameType
from typing import NoReturn

import psutil
from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Process

MARK = "DESKFLEET_UP"  # In the environment of everything we start: whose it is, so that a later run finds it.
NAME = "DESKFLEET_PROCESS"
GRACE = 8.0  # Seconds from SIGTERM to SIGKILL.
LONG_ENOUGH = 60.0  # Who ran so long failed anew, not again.
MOST_FAILURES = 8
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


class Stop(BaseException):
    """Somebody asked us to stop. Not an Exception, so that no step takes it for a failure of its own."""


class Failed(Exception):
    """One line for a person: which process could not be kept running."""


@dataclass
class Child:
    """One process to keep: its command, and how it has fared."""

    name: str
    command: list[str]
    vital: bool = True
    colour: str | None = None
    pid: int | None = None
    started: float = 0.0
    failures: int = 0
    due: float | None = None


class Supervisor:
    """Runs children until `Stop` is raised in it or a vital child cannot be kept."""

    def __init__(self, mark: str, environment: dict[str, str], watch: Callable[[], None]) -> None:
        """`watch` is called every two seconds and may raise to stop everything."""
        self.mark = mark
        self.environment = environment | {MARK: mark, "PYTHONUNBUFFERED": "1"}
        self.watch = watch
        self.ready = False
        self.looked = 0.0
        self.children: dict[str, Child] = {}
        self.events: queue.Queue[Message] = queue.Queue()
        self.printer = Printer(sys.stdout)
        self.colours = get_colours()

    def add(self, name: str, command: list[str], *, vital: bool = True) -> None:
        """A process to run. The system goes on without one that is not `vital`."""
        self.children[name] = Child(name, command, vital=vital, colour=next(self.colours))
        self.printer.width = max(self.printer.width, len(name))

    def start(self) -> None:
        """Start every child that was not started yet."""
        for child in self.children.values():
            if not child.started:
                self._start(child)

    def turn(self, seconds: float) -> None:
        """Pass on output and keep the children alive for so long. Raises Failed."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            with suppress(queue.Empty):
                self._handle(self.events.get(timeout=min(left, 0.1)))
            self._bury()
            self._start_again_who_is_due()

    def run(self) -> NoReturn:
        """Keep going until Stop or Failed is raised."""
        while True:
            self.turn(2)
            self.watch()

    def stop(self) -> None:
        """SIGTERM to each, their last words printed, SIGKILL to whatever is left after GRACE seconds."""
        for child in self.children.values():
            child.due = None
            if child.pid:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGTERM)
        end = time.monotonic() + GRACE
        while any(child.pid for child in self.children.values()) and time.monotonic() < end:
            with suppress(queue.Empty, OSError):
                self._handle(self.events.get(timeout=0.1), stopping=True)
            self._bury()
        kill_marked(self.mark)

    def say(self, text: str, name: str = "up", colour: str | None = None) -> None:
        """A line of our own between those of the children."""
        self.printer.write(Message("line", text, datetime.now(), name, colour))

    def _start(self, child: Child) -> None:
        child.started, child.due = time.monotonic(), None
        environment = self.environment | {NAME: child.name}
        process = Process(f"exec {shlex.join(child.command)}", name=child.name, colour=child.colour, env=environment)
        threading.Thread(target=process.run, args=(self.events,), name=child.name, daemon=True).start()

    def _handle(self, message: Message, *, stopping: bool = False) -> None:
        child = self.children[message.name]
        if message.type == "line":
            self.printer.write(message)
        elif message.type == "start":
            child.pid = message.data["pid"]
            if stopping:  # It was born after we had told the others.
                os.kill(message.data["pid"], signal.SIGTERM)
        else:
            child.pid = None
            if not stopping:
                self._ended(child, message.data["returncode"])

    def _ended(self, child: Child, code: int) -> None:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        if child.vital and not self.ready:
            raise Failed(f"The process '{child.name}' {how} while starting; what it said is above.")
        lasted = time.monotonic() - child.started
        child.failures = 1 if lasted > LONG_ENOUGH else child.failures + 1
        # Who was killed leaves children, and they may hold its port.
        kill_marked(self.mark, child.name)
        if child.failures > MOST_FAILURES and child.vital:
            raise Failed(f"The process '{child.name}' {how} {child.failures} times in a row; what it said is above.")
        if child.failures > MOST_FAILURES:
            self.say(f"{child.name} {how} {child.failures} times in a row and is left stopped")
            return
        pause = PAUSES[min(child.failures, len(PAUSES)) - 1]
        child.due = time.monotonic() + pause
        self.say(f"{child.name} {how}; starting it again in {pause:g} s")

    def _bury(self) -> None:
        """End the children of who has died: honcho reports a death only when nobody holds the output any more."""
        if time.monotonic() < self.looked + 0.2:
            return
        self.looked = time.monotonic()
        for child in self.children.values():
            if child.pid and _is_dead(child.pid):
                kill_marked(self.mark, child.name)

    def _start_again_who_is_due(self) -> None:
        for child in self.children.values():
            if child.due is not None and time.monotonic() >= child.due:
                self._start(child)


def _is_dead(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def kill_marked(mark: str, name: str | None = None) -> list[int]:
    """SIGKILL every process that carries `mark` (and, if given, the child's `name`); returns their ids.

    The environment tells what the process table cannot after its parent's death: grandchildren, and whose they are.
    """
    killed = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            environment = process.environ()
            if environment.get(MARK) == mark and name in (None, environment.get(NAME)) and process.pid != os.getpid():
                process.kill()
                killed.append(process.pid)
    return killed


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, Ctrl-C, SIGTERM and a closed terminal raise Stop, once."""

    def ask(number: int, frame: FrameType | None) -> None:
        deaf()
        raise Stop

    # nohup asks by an ignored SIGHUP that a closed terminal be none of our business.
    wanted = [each for each in SIGNALS if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN]
    before = {each: signal.signal(each, ask) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def deaf() -> None:
    """From here on nobody can interrupt: cleaning up takes a few seconds at most and must not stop half-way."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
