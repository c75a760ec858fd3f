"""How a migration of the fleet is told to whoever waits for it: done, rate, remaining, failures."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tenants.fleet import migrate
from tenants.fleet.migrate import Report


def console_of(stdout: Any, *, quiet: bool = False, width: int | None = None) -> Console:
    """A console on what a command prints to: a file, or Django's wrapper around one. What errors say is no markup."""
    return Console(file=getattr(stdout, "_out", stdout), quiet=quiet, highlight=False, markup=False, width=width)


def migrate_and_tell(stdout: Any, *, quiet: bool = False) -> Report:
    """Migrates the fleet with a progress bar; raises CommandError when some store failed, naming each and why."""
    console = console_of(stdout, quiet=quiet)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
        TextColumn("[red]{task.fields[failed]} failed[/]"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("stores", total=None, rate=0.0, failed=0, visible=False)

        def told(progress: migrate.Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 0.001
            bar.update(
                task, completed=progress.done, total=progress.total, failed=progress.failed,
                rate=progress.done / elapsed, visible=True,
            )  # fmt: skip

        report = migrate.migrate_fleet(told)
    _tell(console, report)
    if report.failures:
        names = "; ".join(f"{slug}: {why}" for slug, why in sorted(report.failures.items()))
        raise CommandError(f"{len(report.failures)} of the stores failed and keep the tables that they had. {names}")
    return report


def _tell(console: Console, report: Report) -> None:
    if report.newer:
        console.print(f"Left alone, for newer code has migrated them: {', '.join(report.newer)}")
    if report.migrated or report.failures:
        console.print(f"Stores: {report.migrated} brought to {report.head} in {report.seconds:.1f} s")
    else:
        console.print(f"Stores: nothing to do; all are at {report.head}")
