"""How an export or an import is told to whoever waits for it: rows done, in all, a second, and what remains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tenants.fleet.archive.format import Told


@contextmanager
def progress_bar(stdout: Any, *, quiet: bool = False) -> Iterator[Told]:
    """Hands out what an export or an import tells; the bar is gone at the end."""
    console = Console(file=getattr(stdout, "_out", stdout), quiet=quiet, highlight=False)
    columns = (
        TextColumn("rows"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("rows", total=None, rate=0.0, visible=False)

        def told(done: int, total: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0.001
            bar.update(task, completed=done, total=total, rate=done / elapsed, visible=True)

        yield told
