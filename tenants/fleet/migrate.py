"""Migrating every store: compiled once per distinct state, replayed in each schema, in parallel, past whatever fails.

Each schema is a transaction of its own that writes its line in the ledger too. So a run that was killed leaves schemas
that are at head and schemas that were not touched, and the next run goes on with the latter. Web and workers serve
both meanwhile.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import psycopg
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants.errors import Conflict
from tenants.fleet import ledger, template
from tenants.fleet.catalogue import invalid_indexes
from tenants.fleet.execute import Step, execute
from tenants.fleet.ledger import Entry
from tenants.fleet.owner import Connection, locked, owner_connection
from tenants.fleet.provision import PROVISIONING, fence_in

log = logging.getLogger(__name__)

AT_ONCE: Final = 4  # schemas in parallel; more only wait for each other's locks on public tables
LOCK_PATIENCE: Final = "3s"  # a statement that waits longer lets the store's own work through, and tries again
PAUSES: Final = (0.2, 1.0, 3.0, 10.0)  # seconds between tries
MIGRATING: Final = 0x6D_69_67_72  # advisory lock: one migration of the fleet at a time

Told = Callable[["Progress"], None]


class MigrationRuns(Conflict):
    code = "migration_runs"
    message = _("Another process is migrating the fleet at this moment. Wait for it, or stop it.")


@dataclass(frozen=True)
class Progress:
    """One store more is done: told after each."""

    done: int
    total: int
    failed: int
    store: str
    seconds: float


@dataclass
class Report:
    """What a run did. `failures` is store → why."""

    head: str
    migrated: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    newer: list[str] = field(default_factory=list)  # stores that newer code has migrated; left as they are
    seconds: float = 0.0


def migrate_fleet(told: Told = lambda _progress: None, *, at_once: int = AT_ONCE) -> Report:
    """Brings template and stores to head. Never raises for a store; see `Report.failures`. Raises MigrationRuns."""
    began = time.monotonic()
    migrations = ledger.loader()
    with owner_connection() as connection, _alone(connection):
        before, steps = _migrate_template(connection, migrations)
        report = Report(ledger.head(migrations))
        behind = ledger.entries(connection, not_at=report.head)
        _fence_strangers(connection, behind)
        behind = ledger.correct(connection, migrations, behind)
        behind = [entry for entry in behind if entry.at != report.head]
        by_state: dict[str, list[Entry]] = {}
        for entry in behind:
            if ledger.is_known(migrations, entry.at or ""):
                by_state.setdefault(entry.at or "", []).append(entry)
            else:
                report.newer.append(entry.slug)
        _Run(report, told, sum(map(len, by_state.values())), at_once).work(by_state, {before: steps}, migrations)
    report.seconds = time.monotonic() - began
    return report


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    with locked(connection, MIGRATING) as mine:
        if not mine:
            raise MigrationRuns
        yield


def _migrate_template(connection: Connection, migrations: MigrationLoader) -> tuple[str, list[Step]]:
    """While it changes no store is being made, so that each is either like the old one and listed, or like the new."""
    if template.state(connection) == ledger.head(migrations):
        return ledger.head(migrations), []
    connection.execute("SELECT pg_advisory_lock(%s)", [PROVISIONING])
    try:
        return template.bring_to_head(connection, migrations)
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [PROVISIONING])


def _fence_strangers(connection: Connection, behind: Sequence[Entry]) -> None:
    """Schemas that the ledger has never heard of were made before there were roles, or came by hand."""
    strangers = [entry.store for entry in behind if entry.at is None]
    if not strangers:
        return
    rows = connection.execute(
        "SELECT schema_name, database_role FROM public.tenants_store store"
        " JOIN public.tenants_agency agency ON agency.id = store.agency_id"
        " WHERE store.id = ANY(%s) AND to_regnamespace(schema_name) IS NOT NULL",
        [strangers],
    ).fetchall()
    for schema, reader in rows:
        with connection.transaction():
            fence_in(connection, schema, reader)


class _Run:
    """One run over the stores that are behind: counts, and tells after each."""

    def __init__(self, report: Report, told: Told, total: int, at_once: int) -> None:
        self.report, self.told, self.total, self.at_once = report, told, total, at_once
        self.done = 0

    def work(self, by_state: dict[str, list[Entry]], known: dict[str, list[Step]], migrations: MigrationLoader) -> None:
        for state, entries in by_state.items():
            waiting = list(entries)
            steps = known.get(state)
            while steps is None and waiting:  # the first that Django can bring to head tells how
                steps = self._by_django(waiting.pop(0), migrations)
            if steps is None or not waiting:
                continue
            if all(step.statements is not None for step in steps):
                self._in_parallel(waiting, steps)
            else:
                for entry in waiting:
                    self._by_django(entry, migrations)

    def _by_django(self, entry: Entry, migrations: MigrationLoader) -> list[Step] | None:
        """What was done in this store; None when it failed."""
        began = time.monotonic()
        steps, failure = None, ""
        try:
            with owner_connection() as connection:
                for name in invalid_indexes(connection, entry.schema):  # of a build that was killed
                    connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(entry.schema, name)))
                steps = execute(entry.schema, ledger.targets(migrations))
                ledger.write(connection, entry.store, self.report.head)
        except Exception as error:  # one bad store stops nobody else
            failure = _said(error)
        self._note(entry, failure, time.monotonic() - began)
        return steps if not failure else None

    def _in_parallel(self, entries: Sequence[Entry], steps: Sequence[Step]) -> None:
        script = _script(steps)
        waiting: queue.SimpleQueue[Entry] = queue.SimpleQueue()
        finished: queue.SimpleQueue[tuple[Entry, str, float] | BaseException] = queue.SimpleQueue()
        for entry in entries:
            waiting.put(entry)

        def work() -> None:
            try:
                with owner_connection() as connection:
                    while True:
                        entry = waiting.get_nowait()
                        began = time.monotonic()
                        failure = _replay(connection, entry, script, steps, self.report.head)
                        finished.put((entry, failure, time.monotonic() - began))
            except queue.Empty:
                pass
            except BaseException as error:  # handed to the thread that waits, which raises it
                finished.put(error)

        with ThreadPoolExecutor(self.at_once, thread_name_prefix="fleet") as pool:
            for _worker in range(self.at_once):
                pool.submit(work)
            for _entry in entries:
                came = finished.get()
                if isinstance(came, BaseException):
                    raise came
                self._note(*came)

    def _note(self, entry: Entry, failure: str, seconds: float) -> None:
        self.done += 1
        if failure:
            self.report.failures[entry.slug] = failure
            with owner_connection() as connection:
                ledger.write_failure(connection, entry.store, failure)
        else:
            self.report.migrated += 1
        self.told(Progress(self.done, self.total, len(self.report.failures), entry.slug, seconds))


def _script(steps: Sequence[Step]) -> str:
    return ";\n".join(statement.rstrip("; \n") for step in steps for statement in step.statements or ())


def _replay(connection: Connection, entry: Entry, script: str, steps: Sequence[Step], head: str) -> str:
    """Runs the script in the store's schema, in one transaction with its ledger. Returns why not, or nothing."""
    for pause in (*PAUSES, None):
        try:
            with connection.transaction():
                _replay_in_transaction(connection, entry, script, steps, head)
            return ""
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if pause is None:
                return _said(error)
            time.sleep(pause)
        except psycopg.Error as error:
            return _said(error)
    return ""


def _replay_in_transaction(connection: Connection, entry: Entry, script: str, steps: Sequence[Step], head: str) -> None:
    connection.execute(
        sql.SQL("SET LOCAL lock_timeout = {}; SET LOCAL search_path = {}, public").format(
            sql.Literal(LOCK_PATIENCE), sql.Identifier(entry.schema)
        )
    )
    # A run that was killed may still be at it on the server: whoever comes second finds it done.
    found = connection.execute(
        "SELECT at FROM public.tenants_schemarecord WHERE store_id = %s FOR UPDATE", [entry.store]
    ).fetchone()
    if found == (head,):
        return
    if script:
        connection.execute(script)
    with connection.cursor() as cursor:
        cursor.executemany(
            sql.SQL("INSERT INTO {} (app, name, applied) VALUES (%s, %s, now())").format(
                sql.Identifier(entry.schema, "django_migrations")
            ),
            [step.node for step in steps],
        )
    ledger.write(connection, entry.store, head)


def _said(error: BaseException) -> str:
    """The error's own first lines; of a database's, with what it names."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:1000]
