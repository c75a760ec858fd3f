"""What is in an archived store, counted; and taking it away, piece by piece.

Each piece is a short transaction and may be asked for again, so that a deletion that was killed is taken up by doing
it once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from django.core.files.storage import default_storage
from django.db import models
from psycopg import sql

from tenants.fleet.dark import hidden_name, tables_of
from tenants.fleet.ledger import store_apps
from tenants.fleet.owner import Connection
from tenants.fleet.patience import patiently
from tenants.models import Store

AT_ONCE: Final = 2000  # public rows in one transaction

# Dropping one of these locks the table that it refers to: everybody's people.
_KEYS_LEADING_OUT = """
SELECT c.relname, f.conname FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
JOIN pg_class target ON target.oid = f.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND f.contype = 'f' AND f.conparentid = 0 AND target.relnamespace <> n.oid
ORDER BY c.relname, f.conname
"""


def counts_of(connection: Connection, store: Store) -> dict[str, Any]:
    """{"tables": {table: rows}, "public": {table: rows}, "files": n, "bytes": n}, and what public models certify."""
    schema = hidden_name(store.schema_name)
    parts = [
        sql.SQL("SELECT {}, count(*) FROM {}").format(sql.Literal(table), sql.Identifier(schema, table))
        for table in tables_of(connection, schema)
        if table != "django_migrations"
    ]
    rows = connection.execute(sql.SQL(" UNION ALL ").join(parts)).fetchall() if parts else []
    tables = {str(table): int(count) for table, count in rows}
    sizes = [default_storage.size(name) for name in files_of(store.schema_name)]
    return {"tables": tables, "files": len(sizes), "bytes": sum(sizes), **_public_counts(store)}


def _public_counts(store: Store) -> dict[str, Any]:
    rows, certified = {}, {}
    for query in _public_rows(store):
        rows[query.model._meta.db_table] = query.count()
        for name, condition in getattr(query.model, "certified", {}).items():
            certified[name] = query.filter(condition).count()
    return {"public": rows, **certified}


def drop_schema(connection: Connection, store: Store) -> None:
    """The archived schema: its ties to public tables, then table by table, then the rest. Raises StoreBusy."""
    schema = hidden_name(store.schema_name)
    for table, key in connection.execute(_KEYS_LEADING_OUT, [schema]).fetchall():
        statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        drop_piece(connection, statement.format(sql.Identifier(schema, table), sql.Identifier(key)))
    for table in tables_of(connection, schema):
        drop_piece(connection, sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(schema, table)))
    drop_piece(connection, sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    drop_piece(connection, sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(store.schema_name)))


def drop_piece(connection: Connection, statement: sql.Composed) -> None:
    patiently(connection, partial(connection.execute, statement))


def remove_rows(store: Store) -> None:
    """The store's rows in public tables, except its own; a few at a time, for the busiest tables are among them."""
    for query in _public_rows(store):
        while few := list(query.values_list("pk", flat=True)[:AT_ONCE]):
            query.model._base_manager.filter(pk__in=few).delete()


def _public_rows(store: Store) -> Iterator[models.QuerySet[Any]]:
    """For each public model whose rows go with their store: those of this one."""
    for relation in Store._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or relation.on_delete is not models.CASCADE:
            continue
        if relation.related_model._meta.app_label not in store_apps():
            yield relation.related_model._base_manager.filter(**{relation.field.name: store.pk})


def files_of(folder: str) -> Iterator[str]:
    """The names of all files below the folder of a store, which is called like its schema."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in files)
    for inner in folders:
        yield from files_of(f"{folder}/{inner}")


def remove_files(folder: str) -> None:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for inner in folders:
        remove_files(f"{folder}/{inner}")
    for name in files:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)
