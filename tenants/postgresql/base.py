"""django-tenants' backend, failing closed: no schema is entered that does not exist, and no failure is walked past.

The plain backend ignores a failed switch and a missing schema (PostgreSQL skips it in the search_path), and goes on
in whatever schema was there before. Here a switch is one statement that also proves that the schema exists; if it
can't be made, the connection is closed. It is issued once per entry, not per query; a connection that was borrowed
afresh is in public already.
"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from django.utils.asyncio import async_unsafe
from django_tenants.postgresql_backend import base
from psycopg.pq import TransactionStatus

# set_config's third argument: false = for the session, so that it outlives the transaction it was made in.
SWITCH = "SELECT set_config('search_path', %s, false) FROM pg_namespace WHERE nspname = %s"


class SchemaMissing(DatabaseError):
    """The schema to enter does not exist: a store that was deleted, or never finished opening."""


class DatabaseWrapper(base.DatabaseWrapper):
    search_path_set_schemas: list[str] | None
    _setting_search_path: bool

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that is in public: opened so, and put back so by the pool (see pool.forget)."""
        connection = super().get_new_connection(conn_params)
        self.search_path_set_schemas = ["public"]
        return connection

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Wants the tenant's schema from the next statement on. Costs nothing while it is already entered."""
        self.tenant = tenant
        self.schema_name = tenant.schema_name
        self.include_public_schema = include_public
        self.set_settings_schema(self.schema_name)

    @async_unsafe
    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path or self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # in a failed transaction every statement but ROLLBACK fails, and ROLLBACK needs no path
        paths = self._get_cursor_search_paths()
        if self.search_path_set_schemas == paths:
            return
        self._setting_search_path = True
        running = self.connection.cursor() if cursor is None else cursor
        try:
            running.execute(SWITCH, [", ".join(f'"{path}"' for path in paths), self.schema_name])
            if running.fetchone() is None:
                raise SchemaMissing(f'schema "{self.schema_name}" does not exist')
            self.search_path_set_schemas = paths
        except BaseException:
            self.close_for_good()
            raise
        finally:
            self._setting_search_path = False
            if cursor is None:
                running.close()

    def close_for_good(self) -> None:
        """Ends the server session, so that nothing goes on in a schema that nobody can vouch for."""
        if self.connection is not None:
            self.connection.close()
        self.search_path_set_schemas = None
        if not self.in_atomic_block:
            self.close()  # what comes next borrows another one; a transaction ends first
