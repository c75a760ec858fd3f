"""The single place that says where a connection stands: at a place, and from there in a store. Enter, work, leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from django.conf import settings
from django.db import connection as default_connection
from psycopg import sql

from tenants.hosts import Kind, Place
from tenants.models import Store
from tenants.postgresql.base import DOOR, PUBLIC, DatabaseWrapper, Scope
from tenants.postgresql.roles import Part, role_name

# Django's proxy to this thread's connection, under its real type.
connection = cast(DatabaseWrapper, default_connection)

OPERATOR = Place(Kind.OPERATOR, settings.BASE_HOST)


class StoreContextError(RuntimeError):
    """A programming error: a store entered from inside another store or a transaction, or none where one is needed."""


@contextmanager
def at(place: Place) -> Iterator[None]:
    """Everything inside sees the public rows of this place alone: its agency's, or its one store's.

    The operator's place sees those of all. Outside of any place a connection may ask what a host names, and no more.
    """
    if connection.scope not in (DOOR, _scope_of(OPERATOR)):
        raise StoreContextError("a place is entered from outside, not from another place or a store")
    with _entered(_scope_of(place)):
        yield


@contextmanager
def as_operator() -> Iterator[None]:
    """For processes and commands of the deployment: every agency's public rows, and a way into every open store."""
    with at(OPERATOR):
        yield


@contextmanager
def in_store(store: Store) -> Iterator[Store]:
    """Everything inside runs in the store's schema, with the store's role; public is behind it. From a place only.

    Model instances and lazy querysets must not leave the block; ids and frozen dataclasses do. The context encloses
    the transaction, never the other way round, so that what a rollback undoes is never the switch. Raises Unreachable,
    before anything else runs, when the store is not open, its schema is gone, or it is not of the place.
    """
    place = connection.scope
    if place.schema != PUBLIC:
        raise StoreContextError(f"already in {place.schema}: leave it before entering another store")
    if place == DOOR:
        raise StoreContextError("no place is entered: a store is entered from one")
    scope = Scope(store.schema_name, store.schema_name, agency=store.agency_id, store=store.pk, within=place)
    proven, store.proven = store.proven, None
    if proven == scope and proven is connection.made:
        scope = proven  # the gate has just asked from inside: see `ask_near`
    with _entered(scope, store):
        connection.ensure_connection()
        with connection.planned():
            pass  # makes the switch now, and with it the proof that the store may be entered
        yield store


def current_store() -> Store:
    """The store that is entered. Verbs ask here for its id, so that it can't differ from the schema they write to."""
    store = connection.tenant
    if not isinstance(store, Store):
        raise StoreContextError("no store is entered")
    return store


def ask(statement: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Runs one statement where the connection stands, and returns its rows. For those that run all day: see `planned`.

    Values keep the types that psycopg gives them: where PostgreSQL could not tell a parameter's, the statement says it.
    """
    with connection.planned() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.pgresult.nfields else []
        return rows


# Named in a statement's FROM, it has its commit wait for no disk: see `ask_unhurried`.
UNHURRIED = "(SELECT set_config('synchronous_commit', 'off', true)) AS unhurried"


def ask_unhurried(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """As `ask`, for what a crash of the database may take back: how far somebody has read, who is there, what is typed.

    The statement names UNHURRIED. It waits for no flush, and nobody's message waits behind its flush. Not in a
    transaction, whose other writes it would make as fragile.
    """
    if in_transaction():
        raise StoreContextError("what may be lost is not written in a transaction with what must not be")
    return ask(statement, values)


def ask_inside(store: Store, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]] | None:
    """For those who come to one store without a gate: asks from inside it, if the connection stands there already.

    The first column of each row says whether the store is open, which proves what entering it proves, so that entering
    it next costs nothing. None where the connection stands elsewhere, or nothing was proven: then the store is entered
    first, and asked from there.
    """
    there = connection.made
    is_near = there is not None and there.store == store.pk and there.schema == store.schema_name
    if there is None or not is_near or there.within != connection.scope or in_transaction():
        return None
    with _entered(there, store):
        rows = ask(statement, values)
    if not rows or not rows[0][0]:
        return None
    store.proven = there
    return rows


# PostgreSQL plans a prepared statement anew whenever it is asked with another search_path than the last time. What is
# asked now from a place and now from a store is two statements.
_INSIDE = " /* inside */"


def ask_near(
    pk: int, statement: str, values: Mapping[str, Any], *, inside: str = ""
) -> tuple[list[tuple[Any, ...]], Scope | None]:
    """For the gate of one store, from a place: asks from inside the store, if the connection stands there already.

    It was entered from this same place, and inside it fewer rows are seen than from the place, so that what is answered
    is no more than the place would have said. A gate that names the store as open has proven what entering it proves;
    the scope that it was proven in is returned too. None where it was asked from the place. `inside` is the statement
    to be asked there instead, if it can do more than gate.
    """
    there = connection.made
    is_near = there is not None and there.store == pk and there.schema != PUBLIC and there.within == connection.scope
    if there is None or not is_near or in_transaction():
        return ask(statement, values), None
    with _entered(there):
        return ask(inside or statement + _INSIDE, values), there


def read_across(stores: Sequence[Store], query: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Runs one SELECT in several stores of one agency as a single UNION ALL; rows begin with the store's id.

    `query` is a constant of ours that writes `{schema}` before each table and `{store}` where the store's id goes;
    values travel as parameters only. `stores` come from the gate. One store is entered; several are read with the
    agency's role, which may only read, and only in that agency's stores.
    """
    if not stores:
        return []
    if len(stores) == 1:
        with in_store(stores[0]):
            return _read(stores, query, params)
    place, first = connection.scope, stores[0]
    if place.schema != PUBLIC or place == DOOR or place.store is not None:
        raise StoreContextError("reading across stores starts from an agency's place")
    if first.reader is None or place.agency not in (None, first.agency_id):
        raise StoreContextError("these stores did not come from the gate of this place")
    with _entered(Scope(first.reader, agency=first.agency_id)):
        return _read(stores, query, params)


def _read(stores: Sequence[Store], query: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    parts = [
        sql.SQL(query).format(schema=sql.Identifier(store.schema_name), store=sql.Literal(store.pk)) for store in stores
    ]
    statement = sql.SQL(" UNION ALL ").join(sql.SQL("({})").format(part) for part in parts)
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params) * len(stores))
        return cursor.fetchall()


def _scope_of(place: Place) -> Scope:
    login = connection.settings_dict["USER"]
    if place.kind == Kind.OPERATOR:
        return Scope(role_name(login, Part.OPERATOR))
    return Scope(role_name(login, Part.DESK), agency=place.agency_id, store=place.store_id)


def in_transaction() -> bool:
    """Whether somebody has begun one, a test's own aside."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


@contextmanager
def _entered(scope: Scope, store: Store | None = None) -> Iterator[None]:
    if in_transaction():
        raise StoreContextError("enter first, then begin the transaction")
    before, tenant = connection.scope, connection.tenant
    connection.enter(scope, store)
    try:
        yield
    finally:
        connection.enter(before, tenant)
