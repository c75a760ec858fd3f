"""Work on a store's schema that may have to wait for the store's own work, without making others wait behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import psycopg
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants.errors import Conflict
from tenants.fleet.owner import Connection
from tenants.fleet.provision import OPENING
from tenants.models import Store

T = TypeVar("T")

# Whoever wants a table after us waits as long as we do. Shorter than deadlock_timeout (1 s), so that where two wait
# for each other it is us who give way.
LOCK_PATIENCE: Final = "800ms"
PAUSES: Final = (0.1, 0.3, 0.6, 1.0, 2.0, 4.0, 8.0, 8.0)  # seconds between tries


class StoreBusy(Conflict):
    code = "store_busy"
    message = _("Somebody else is at work on this store at this moment. Try again in a minute.")


def patiently(connection: Connection, work: Callable[[], T]) -> T:
    """Does `work` on this connection, in one transaction that is tried again when a lock can't be had.

    Raises StoreBusy after some 30 s.
    """
    for pause in (*PAUSES, None):
        try:
            with connection.transaction():
                connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_PATIENCE)))
                return work()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if pause is None:
                raise StoreBusy(field="store") from error
            time.sleep(pause)
    raise AssertionError


@contextmanager
def alone_with(connection: Connection, store: Store) -> Iterator[None]:
    """One process at a time changes what a store is. Raises StoreBusy. Freed by the connection's end, however it comes.

    The lock is the one of its opening.
    """
    key = [OPENING, store.pk % 2**31]
    for pause in (*PAUSES[:4], None):  # a server session that has just been closed keeps its locks for some moments
        if connection.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone() == (True,):
            break
        if pause is None:
            raise StoreBusy(field="store")
        time.sleep(pause)
    yield
