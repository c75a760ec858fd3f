"""Taking a store's schema out of everybody's reach but the owner's, and giving it back."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants.errors import Conflict
from tenants.fleet import fence, ledger, template
from tenants.fleet.execute import execute
from tenants.fleet.migrate import MIGRATING, MigrationRuns
from tenants.fleet.owner import Connection, run
from tenants.fleet.patience import patiently
from tenants.fleet.provision import PROVISIONING
from tenants.models import Store

State = Store.State

_MOVE = """
UPDATE public.tenants_store SET state = %(to)s, state_since = %(now)s, state_by = %(by)s, failure = ''
WHERE id = %(store)s AND state = ANY(%(of)s)
"""


class SchemaMissing(Conflict):
    code = "schema_missing"
    message = _("The tables of this store are not where they should be. Nothing was changed.")


class SchemaNewer(Conflict):
    code = "schema_newer"
    message = _("A newer version of the program has changed the tables of this store. Restore it with that one.")


class StateChanged(Conflict):
    code = "store_state_changed"
    message = _("Somebody else has changed the state of this store at this moment.")


def hidden_name(schema: str) -> str:
    """What the schema of an archived store is called."""
    return f"archived_{schema}"


def hide(connection: Connection, store: Store, *, by: str, now: datetime) -> None:
    """Renames the schema, takes the store's role from the processes' login and the schema from the agency's reader, and
    writes ARCHIVED: one transaction. It waits for transactions that have written in the store; later ones fail.

    Raises StateChanged unless it is open or suspended, MigrationRuns, SchemaMissing, StoreBusy.
    """

    def work() -> None:
        # A migration that finds the schema gone half-way would go on in public.
        if connection.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [MIGRATING]).fetchone() != (True,):
            raise MigrationRuns(field="store")
        _move(connection, store, to=State.ARCHIVED, of=[State.OPEN, State.SUSPENDED], by=by, now=now)
        _keep_writers_out(connection, store.schema_name)
        run(
            connection,
            "REVOKE USAGE ON SCHEMA {0} FROM {0}, {1}; REVOKE {0} FROM {2}; ALTER SCHEMA {0} RENAME TO {3}",
            store.schema_name,
            store.agency.database_role,
            fence.login(),
            hidden_name(store.schema_name),
        )

    patiently(connection, work)


def show(connection: Connection, store: Store, *, by: str, now: datetime) -> None:
    """The reverse, with the tables brought to head before, while still out of reach. Writes OPEN.

    Raises SchemaNewer, SchemaMissing, TemplateBehind, StateChanged, StoreBusy; and what stopped a migration, after
    which the store is archived as before.
    """
    at = _bring_to_head(connection, store)

    def work() -> None:
        connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [PROVISIONING])
        if at != template.state(connection):  # a migration of the fleet was quicker, and would not find this store
            raise template.TemplateBehind(field="store")
        _move(connection, store, to=State.OPEN, of=[State.ARCHIVED], by=by, now=now)
        run(
            connection,
            "ALTER SCHEMA {3} RENAME TO {0}; GRANT {0} TO {2}; GRANT USAGE ON SCHEMA {0} TO {0}, {1}",
            store.schema_name,
            store.agency.database_role,
            fence.login(),
            hidden_name(store.schema_name),
        )
        ledger.write(connection, store.pk, at)

    patiently(connection, work)


def _bring_to_head(connection: Connection, store: Store) -> str:
    """The state that the hidden schema has then."""
    schema, migrations = hidden_name(store.schema_name), ledger.loader()
    at = ledger.state_of(migrations, ledger.applied_in(connection, [schema])[schema])
    if not at:
        raise SchemaMissing(field="store")
    if not ledger.is_known(migrations, at):
        raise SchemaNewer(field="store")
    if template.state(connection) != ledger.head(migrations):
        raise template.TemplateBehind(field="store")
    if at != ledger.head(migrations):
        execute(schema, ledger.targets(migrations))
    return ledger.head(migrations)


def _move(connection: Connection, store: Store, *, to: str, of: list[State], by: str, now: datetime) -> None:
    moved = connection.execute(
        _MOVE, {"to": to, "of": [str(state) for state in of], "store": store.pk, "by": by, "now": now}
    )
    if moved.rowcount != 1:
        raise StateChanged(field="store")


def _keep_writers_out(connection: Connection, schema: str) -> None:
    tables = tables_of(connection, schema)
    if not tables:
        raise SchemaMissing(field="store")
    names = sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables)
    connection.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(names))


def tables_of(connection: Connection, schema: str) -> list[str]:
    """The tables of a schema by name; none where there is no such schema."""
    rows = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind IN ('r', 'p') ORDER BY c.relname",
        [schema],
    )
    return [name for (name,) in rows]
