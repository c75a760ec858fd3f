"""An archive of yesterday: tables as they were then, its rows in them, and the migrations since.

Django's executor commits each migration, so this can't be one transaction. What was committed is taken back when a
later step fails; a process that is killed leaves a store that is "being imported", which no host leads to, or, before
its rows were there, a schema that belongs to no store.
"""

from __future__ import annotations

import logging

import psycopg
from psycopg import sql

from tenants.fleet import ledger
from tenants.fleet.archive.contents import LEFT_OUT
from tenants.fleet.archive.format import MANIFEST, bad
from tenants.fleet.archive.moving import Moving
from tenants.fleet.execute import execute
from tenants.fleet.fence import STORES, public_tables
from tenants.fleet.migrate import MIGRATING, MigrationRuns
from tenants.fleet.owner import Connection, owner_connection
from tenants.fleet.provision import make_schema

log = logging.getLogger(__name__)


def by_migrations(moving: Moving) -> None:
    """As `import_store`. Raises MigrationRuns as well: the fleet is not migrated meanwhile."""
    if moving.connection.execute("SELECT pg_try_advisory_lock(%s)", [MIGRATING]).fetchone() != (True,):
        raise MigrationRuns
    try:
        _build(moving)
    except BaseException:
        with owner_connection() as connection:
            _take_back(connection, moving)
        raise


def _build(moving: Moving) -> None:
    connection, schema = moving.connection, moving.store.schema_name
    with connection.transaction():
        make_schema(connection, schema, moving.store.agency.database_role)
    execute(schema, ledger.nodes_of(moving.manifest.at))
    history, role = sql.Identifier(schema, LEFT_OUT), sql.Identifier(schema)
    connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(history, role))
    with connection.transaction():
        moving.rows_and_files(like=schema)
        try:
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except psycopg.IntegrityError as error:
            raise bad(f"tables/{error.diag.table_name}.jsonl", error.diag.message_primary or "") from error
    migrations = ledger.loader()
    try:
        execute(schema, ledger.targets(migrations))
    except Exception as error:  # what a migration says of rows that it can't bring along
        raise bad(MANIFEST, f"{moving.manifest.at} → {ledger.head(migrations)}: {error}") from error
    with connection.transaction():
        moving.open_at(ledger.head(migrations))


def _take_back(connection: Connection, moving: Moving) -> None:
    """Raises nothing: what stopped the import is the news."""
    role = sql.Identifier(moving.store.schema_name)
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '10s'")
            if moving.store.pk is not None:
                _delete_rows(connection, moving.store.pk)
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(role))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))
            connection.execute("DELETE FROM public.tenants_user WHERE id = ANY(%s)", [moving.strangers])
    except psycopg.Error:
        log.exception("%s is left of an import that failed", moving.store.schema_name)


def _delete_rows(connection: Connection, store: int) -> None:
    with connection.cursor() as cursor:
        tables = public_tables(cursor)
    for table in tables:
        for reference in table.references:
            if reference.target == STORES:
                names = map(sql.Identifier, (table.name, reference.column))
                connection.execute(sql.SQL("DELETE FROM public.{} WHERE {} = %s").format(*names), [store])
    connection.execute("DELETE FROM public.tenants_store WHERE id = %s", [store])
