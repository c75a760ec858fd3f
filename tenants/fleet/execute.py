"""Migrating one schema by Django's own executor, and hearing what it did, so that the next schemas need no Django."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from django.db import connections
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation

from tenants.fleet.ledger import Node, store_apps
from tenants.postgresql.base import DatabaseWrapper, Scope
from tenants.postgresql.roles import OWNER


@dataclass(frozen=True)
class Step:
    """One migration as it was executed. `statements` is None where another schema needs Django for it as well."""

    node: Node
    statements: tuple[str, ...] | None


def execute(schema: str, targets: Sequence[Node]) -> list[Step]:
    """Brings the schema to the targets, a transaction a migration. Returns what was done; raises what stopped it."""
    with _owner_in(schema) as connection:
        heard = _Heard(connection)
        executor = MigrationExecutor(connection, heard)
        executor.migrate(list(targets))
        return heard.steps


class _Heard:
    """The executor's progress callback: gathers the statements of each migration."""

    def __init__(self, connection: DatabaseWrapper) -> None:
        self.connection = connection
        self.steps: list[Step] = []

    def __call__(self, action: str, migration: Migration | None = None, fake: bool | None = False) -> None:
        if migration is None:
            return
        if action == "apply_start":
            self.connection.heard = []
        elif action == "apply_success":
            statements = tuple(self.connection.heard or ())
            self.connection.heard = None
            node = (migration.app_label, migration.name)
            self.steps.append(Step(node, statements if is_replayable(migration) else None))


def is_replayable(migration: Migration) -> bool:
    """Whether its statements are all there is to it, and may run in one transaction with others."""
    if migration.app_label not in store_apps():
        return True  # its tables are public, and in a store nothing is done for it
    return migration.atomic and all(operation.reduces_to_sql for operation in _flat(migration.operations))


def _flat(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        inner = getattr(operation, "database_operations", None)
        if inner is None:
            yield operation
        else:
            yield from _flat(inner)


@contextmanager
def _owner_in(schema: str) -> Iterator[DatabaseWrapper]:
    connection = cast(DatabaseWrapper, connections[OWNER])
    connection.enter(Scope(schema=schema))
    try:
        yield connection
    finally:
        connection.heard = None
        connection.enter(Scope())
        connection.close()
