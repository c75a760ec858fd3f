"""Connections of the owner's login, which makes and changes tables. Commands have it; web, worker, clock do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants.errors import DomainError
from tenants.postgresql.roles import OWNER

Connection = psycopg.Connection[tuple[Any, ...]]


class NoOwner(DomainError):
    """This process can't make or change tables: it was not told the address of the login that owns them."""

    code = "no_owner"
    status = 503
    message = _("Only a command that knows DATABASE_URL, the owner's login, can do this.")


@contextmanager
def owner_connection() -> Iterator[Connection]:
    """A connection of its own, in autocommit, closed at the end. Raises NoOwner, OperationalError."""
    if OWNER not in settings.DATABASES:
        raise NoOwner
    parameters = connections[OWNER].get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as connection:
        yield connection


@contextmanager
def locked(connection: Connection, *key: int) -> Iterator[bool]:
    """Whether an advisory lock was free; it is then held until the end of the block, or of a connection that is killed.

    Let go of by name: after a connection was closed the server needs some moments to notice, and whoever comes next
    would find it taken.
    """
    names = sql.SQL(", ").join(map(sql.Literal, key))
    taken = connection.execute(sql.SQL("SELECT pg_try_advisory_lock({})").format(names)).fetchone() == (True,)
    try:
        yield taken
    finally:
        if taken and not connection.closed:
            connection.execute(sql.SQL("SELECT pg_advisory_unlock({})").format(names))


def run(connection: Connection, text: str, *names: str) -> None:
    """Executes constant SQL of ours with these names in its {} places, quoted as identifiers."""
    connection.execute(sql.SQL(text).format(*map(sql.Identifier, names)))
