"""manage.py replay: recorded conversations through the running server, and what became of them."""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx
from django.core.management.base import CommandError, CommandParser
from django.db import OperationalError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from tenants.hosts import url_of
from tenants.management.operator import OperatorCommand
from tickets.replay.api import Api
from tickets.replay.conversations import Script, read_script
from tickets.replay.errors import ReplayError
from tickets.replay.figures import Figures
from tickets.replay.run import Outcome, replay
from tickets.replay.target import find_target, token_for

SHOWN = 20  # problems told one by one


class Command(OperatorCommand):
    help = (
        "Sends recorded conversations (JSON lines) through the running server's API, buyers' turns as buyers and the "
        "helpdesk's as replies, reads them back and compares. The same file again adds nothing."
    )
    transport: httpx.BaseTransport | None = None  # a test's server that listens nowhere

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--store", required=True, metavar="SLUG", help="the store that the buyers write to")
        parser.add_argument("--rate", type=_positive(float), metavar="N", help="messages a second; default: no limit")
        parser.add_argument("--limit", type=_positive(int), metavar="N", help="only the first N conversations")
        parser.add_argument("--parallel", type=_positive(int), default=8, metavar="N", help="conversations at once: 8")
        parser.add_argument("--url", help="where the server is; default: this machine, the configured port")
        parser.add_argument("--json", action="store_true", help="print the figures as one line of JSON, not as a table")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            script = _read(options["file"], options["limit"])
            outcome = self._replay(script, options)
        except ReplayError as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            raise CommandError("The database does not answer: start it with `make up`.") from error
        except KeyboardInterrupt as stop:
            raise CommandError(str(stop) or "Stopped.", returncode=130) from stop
        self._tell(outcome, script.bad_lines, as_json=options["json"])
        if outcome.figures.faults:
            raise CommandError(_verdict(outcome.figures))

    def _replay(self, script: Script, options: dict[str, Any]) -> Outcome:
        target = find_target(options["store"])
        with (
            _stopped_by_sigterm(),
            token_for(target) as secret,
            Api(
                options["url"] or url_of("127.0.0.1"),
                host=target.host,
                secret=secret,
                parallel=options["parallel"],
                transport=self.transport,
            ) as api,
            Bar(Console(file=cast(Any, self.stderr), stderr=True)) as bar,
        ):
            return replay(
                api,
                target.store,
                script.conversations,
                watcher=bar,
                parallel=options["parallel"],
                rate=options["rate"],
            )

    def _tell(self, outcome: Outcome, bad_lines: list[str], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(outcome.figures.as_json()))
        else:
            Console(file=cast(Any, self.stdout)).print(_table(outcome.figures))
        for lines in (outcome.problems, bad_lines):
            for line in lines[:SHOWN]:
                self.stderr.write(line)
            if len(lines) > SHOWN:
                self.stderr.write(f"… and {len(lines) - SHOWN} more")


class Bar:
    """How far the replay is, how fast, how long still."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:12}"),
            BarColumn(),
            MofNCompleteColumn(),
            Speed(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def begin(self, what: str, total: int) -> None:
        self._task = self._progress.add_task(what, total=total)

    def advance(self) -> None:
        if self._task is not None:
            self._progress.advance(self._task)


class Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.0f}/s" if speed else "")


def _positive(kind: type[int] | type[float]) -> Any:
    def read(text: str) -> float:
        value = kind(text)
        if not 0 < value < 1_000_000_000:
            raise argparse.ArgumentTypeError(f"{text} is not more than nothing")
        return value

    read.__name__ = "number"  # what argparse calls it where it is none
    return read


def _read(path: str, limit: int | None) -> Script:
    try:
        with open(path, "rb") as file:
            script = read_script(file, limit=limit)
    except OSError as error:
        raise ReplayError(f"{path} can't be read: {error.strerror}.") from error
    if not script.conversations:
        raise ReplayError(f"{path} has no conversation in it. " + "; ".join(script.bad_lines[:1]))
    return script


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: in order."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _table(figures: Figures) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for label, value in figures.rows():
        bad = label in {"lost", "out of order", "duplicates", "refused"} and value != "0"
        table.add_row(label, value, style="bold red" if bad else None)
    return table


def _verdict(figures: Figures) -> str:
    return (
        f"Not all is well: lost {figures.lost}, out of order {figures.out_of_order}, "
        f"duplicates {figures.duplicates}, refused {figures.refused}."
    )
