"""django-tenants' backend with a fence: a connection stands in a scope, and PostgreSQL itself keeps it there.

A scope is a database role, a schema, and the agency and store whose public rows row security shows. A switch sets all
four in one statement, which also proves that the schema exists and that a store may be entered from where the
connection stands; if it can't be made, the connection is closed. It is made once per entry, not per query; a
connection that was borrowed afresh is the bare login, which owns nothing and may do next to nothing.

The plain backend ignores a failed switch and a missing schema (PostgreSQL skips it in the search_path), and goes on
in whatever schema was there before.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError
from django.utils.asyncio import async_unsafe
from django_tenants.postgresql_backend import base
from psycopg.pq import TransactionStatus

from tenants.postgresql.planned import PlannedCursor
from tenants.postgresql.schema import SchemaEditor

PUBLIC = "public"
# A connection that lasts has a statement planned once, for all values: PostgreSQL would do so five times to see whether
# that is worth it, just after the start of a web process, when everybody comes back at once.
PLANS_ONCE = "-c plan_cache_mode=force_generic_plan"

# set_config's third argument: false = for the session, so that it outlives the transaction it was made in.
SWITCH = """
SELECT set_config('role', %(role)s, false), set_config('search_path', %(path)s, false),
       set_config('fence.agency', %(agency)s, false), set_config('fence.store', %(store)s, false)
FROM pg_catalog.pg_namespace WHERE nspname = %(schema)s"""
# Read with the powers that the connection has before the switch: from an agency's place only its own stores are there.
ENTER_STORE = f"""{SWITCH} AND EXISTS (
  SELECT FROM public.tenants_store
  WHERE id = %(store)s::bigint AND agency_id = %(agency)s::bigint AND schema_name = %(schema)s AND state = 'open'
)"""


class Unreachable(OperationalError):
    """What was to be entered can't be from here: the schema is gone, or the store is not open, or not of this place.

    To whoever asks, it is like a database that is away: 503, nothing was written. The gate says better at the next try.
    """


@dataclass(frozen=True)
class Scope:
    """Where a connection stands. The default is the bare login in public: the door, and for migrations the owner."""

    role: str = "none"
    schema: str = PUBLIC
    agency: int | None = None
    store: int | None = None
    within: Scope | None = None  # what it is entered from

    def parameters(self) -> dict[str, str]:
        path = PUBLIC if self.schema == PUBLIC else f'"{self.schema}", {PUBLIC}'
        agency, store = (str(value or "") for value in (self.agency, self.store))
        return {"role": self.role, "schema": self.schema, "path": path, "agency": agency, "store": store}


DOOR = Scope()


class DatabaseWrapper(base.DatabaseWrapper):
    scope: Scope = DOOR  # where the next statement must run
    made: Scope | None = None  # where the server's session stands; None: nobody can say
    SchemaEditorClass = SchemaEditor
    heard: list[str] | None = None  # what schema editors execute, while somebody listens
    _setting_search_path: bool
    lasts = False  # whether its connection is its own, kept from call to call, and not borrowed from the pool
    _keeps_values_apart = False

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that stands at the door: opened so, and put back so by the pool (see pool.forget)."""
        if self.lasts:
            conn_params = {**conn_params, "options": f"{conn_params.get('options', '')} {PLANS_ONCE}".strip()}
        connection = super().get_new_connection(conn_params)
        self.made = DOOR
        if self.lasts:
            connection.prepare_threshold = sys.maxsize  # nothing but what is `planned`
        return connection

    @property
    def pool(self) -> Any:
        return None if self.lasts else super().pool

    @async_unsafe
    def planned(self) -> Any:
        """A cursor like any other, whose values travel beside the statement and not in it.

        A connection that `lasts` has such a statement parsed and planned once for all its callers in
        the same scope; on any other it is as good as `cursor()`.
        """
        self._keeps_values_apart = True
        try:
            return self.cursor()
        finally:
            self._keeps_values_apart = False

    @async_unsafe
    def create_cursor(self, name: str | None = None) -> Any:
        if name is None and self._keeps_values_apart:
            return PlannedCursor(self.connection)
        return super().create_cursor(name)

    def enter(self, scope: Scope, tenant: Any = None) -> None:
        """Wants this scope from the next statement on. The same object again costs nothing; an equal one is asked for
        anew, so that whoever enters a store again learns that it was closed meanwhile."""
        self.scope = scope
        self.tenant = tenant or base.FakeTenant(schema_name=scope.schema)
        self.schema_name = scope.schema
        self.set_settings_schema(scope.schema)

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """django-tenants' own way in: the schema with the login's powers. For migrations, whose login is the owner."""
        self.enter(Scope(schema=tenant.schema_name), tenant)

    @async_unsafe
    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path or self.made is self.scope:
            return  # every query comes by here, and nearly all leave
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # in a failed transaction every statement but ROLLBACK fails, and ROLLBACK needs no path
        self._setting_search_path = True
        running = self.connection.cursor() if cursor is None else cursor
        try:
            self._make(self.scope, running)
        except BaseException:
            self.close_for_good()
            raise
        finally:
            self._setting_search_path = False
            if cursor is None:
                running.close()

    def _make(self, scope: Scope, cursor: Any) -> None:
        if scope.within and self.made is not scope.within and self.made != scope:
            self._make(scope.within, cursor)
        cursor.execute(SWITCH if scope.within is None else ENTER_STORE, scope.parameters())
        if cursor.fetchone() is None:
            raise Unreachable(f'"{scope.schema}" can\'t be entered from here: gone, not open, or not of this place')
        self.made = scope

    def close(self) -> None:
        self.made = None
        super().close()

    @async_unsafe
    def rollback(self) -> None:
        """What a rollback undoes may be a switch."""
        self.made = None
        super().rollback()

    @async_unsafe
    def savepoint_rollback(self, sid: str) -> None:
        try:
            super().savepoint_rollback(sid)
        finally:
            self.made = None

    def close_for_good(self) -> None:
        """Ends the server session, so that nothing goes on in a scope that nobody can vouch for."""
        if self.connection is not None:
            self.connection.close()
        self.made = None
        if not self.in_atomic_block:
            self.close()  # what comes next borrows another one; a transaction ends first
