"""The single place that switches schemas: enter a store, work, evaluate, leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from django.db import connection as default_connection
from psycopg import sql

from tenants.models import Store
from tenants.postgresql.base import DatabaseWrapper

# Django's proxy to this thread's connection, under its real type.
connection = cast(DatabaseWrapper, default_connection)

PUBLIC = "public"


class StoreContextError(RuntimeError):
    """A programming error: a store entered from inside another store or a transaction, or none where one is needed."""


@contextmanager
def in_store(store: Store) -> Iterator[Store]:
    """Everything inside runs in the store's schema, with public behind it. Back in public on the way out.

    Model instances and lazy querysets must not leave the block; ids and frozen dataclasses do. The context encloses
    the transaction, never the other way round, so that what a rollback undoes is never the switch. Raises
    SchemaMissing when the store's schema does not exist, before anything else runs.
    """
    if connection.schema_name != PUBLIC:
        raise StoreContextError(f"already in {connection.schema_name}: leave it before entering another store")
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise StoreContextError("enter the store first, then begin the transaction")
    connection.set_tenant(store)
    try:
        connection.ensure_connection()
        with connection.cursor():
            pass  # makes the switch now, and with it the proof that the schema exists
        yield store
    finally:
        connection.set_schema_to_public()


def current_store() -> Store:
    """The store that is entered. Verbs ask here for its id, so that it can't differ from the schema they write to."""
    store = connection.tenant
    if not isinstance(store, Store):
        raise StoreContextError("no store is entered")
    return store


def read_across(stores: Sequence[Store], query: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Runs one SELECT in several stores as a single UNION ALL, from public; rows begin with the store's id.

    `query` is a constant of ours that writes `{schema}` before each table and `{store}` where the store's id goes;
    values travel as parameters only. `stores` must come from the gate.
    """
    if connection.schema_name != PUBLIC:
        raise StoreContextError("reading across stores starts from public")
    if not stores:
        return []
    parts = [
        sql.SQL(query).format(schema=sql.Identifier(store.schema_name), store=sql.Literal(store.pk)) for store in stores
    ]
    statement = sql.SQL(" UNION ALL ").join(sql.SQL("({})").format(part) for part in parts)
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params) * len(stores))
        return cursor.fetchall()
