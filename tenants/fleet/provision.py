"""From a requested store to an open one: its schema in one transaction, its host last."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.errors import Conflict
from tenants.fleet import fence, ledger
from tenants.fleet.owner import Connection, locked, owner_connection, run
from tenants.fleet.template import TEMPLATE, Blueprint, blueprint
from tenants.models import Domain, Store
from tenants.postgresql.roles import Part, role_name

log = logging.getLogger(__name__)

PROVISIONING = 0x66_6C_65_65_74  # advisory lock: shared while a store is made, alone while the template changes
OPENING = 0x6F_70_65_6E  # advisory lock, with the store's id


class BeingOpened(Conflict):
    code = "being_opened"
    message = _("A store with this short name is being opened at this moment, by somebody else.")


def provision(store: Store, *, host: str, now: datetime, **about: str) -> Store:
    """Makes what is missing: role, schema and tables at once, and last the host row, which is what lets anybody in.

    `about` are the store's own fields, written once it is certain that nobody else is making it. A failure is written
    into the row, not raised, so that the operator sees it and the opening can be taken up again. Raises BeingOpened
    while another process is at it, or has just been.
    """
    try:
        with owner_connection() as connection, _alone(connection, store):
            store.refresh_from_db()
            if store.state == Store.State.OPEN:
                raise BeingOpened(field="slug")
            for name, value in about.items():
                setattr(store, name, value)
            store.save(update_fields=list(about))
            if store.state != Store.State.TABLES_MADE:
                build(connection, store)
                move(store, Store.State.TABLES_MADE, now)
            with transaction.atomic():
                Domain.objects.get_or_create(domain=host, defaults={"tenant": store, "is_primary": True})
                move(store, Store.State.OPEN, now)
    except BeingOpened:
        raise
    except Exception as error:  # whatever stopped it belongs into the row
        log.exception("opening store %s stopped", store.pk)
        move(store, Store.State.FAILED, now, failure=f"{type(error).__name__}: {error}"[:1000])
    return store


@contextmanager
def _alone(connection: Connection, store: Store) -> Iterator[None]:
    """One process makes a store. The lock goes with the connection, so that a killed one keeps nobody out."""
    with locked(connection, OPENING, store.pk % 2**31) as mine:
        if not mine:
            raise BeingOpened(field="slug")
        yield


def build(connection: Connection, store: Store) -> None:
    """The store's role, schema, tables and line in the ledger, in one transaction: all of it or nothing.

    What stands already (a process that was killed after its commit) is kept.
    """
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '10s'")
        if connection.execute("SELECT to_regnamespace(%s)", [store.schema_name]).fetchone() != (None,):
            return
        connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [PROVISIONING])
        plan = blueprint(connection)
        make_schema(connection, store.schema_name, store.agency.database_role)
        make_tables(connection, store.schema_name, plan)
        ledger.write(connection, store.pk, plan.at)


def make_schema(connection: Connection, schema: str, reader: str) -> None:
    """An empty schema with the role that works in it, and the agency's that may read there. In a transaction.

    What is made in it later, by migrations, is theirs in the same way.
    """
    make_roles(connection, schema, reader)
    run(connection, "CREATE SCHEMA {}", schema)
    grant(connection, schema, reader)


def make_roles(connection: Connection, schema: str, reader: str) -> None:
    """The store's role and its agency's reader, members of what they are, and open to the processes' login."""
    login = fence.login()
    if connection.execute("SELECT to_regrole(%s)", [f'"{reader}"']).fetchone() == (None,):
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [reader])  # two first stores of one agency
    for role, group in ((schema, Part.STORE), (reader, Part.READER)):
        with connection.cursor() as cursor:
            if connection.execute("SELECT to_regrole(%s)", [f'"{role}"']).fetchone() == (None,):
                run(connection, "CREATE ROLE {} NOLOGIN", role)
            for member, of in ((role, role_name(login, group)), (login, role)):
                if not fence.is_member(cursor, member, of):
                    run(connection, "GRANT {} TO {}", of, member)


def grant(connection: Connection, schema: str, reader: str) -> None:
    """What the two roles may do in the schema, with tables to come."""
    run(
        connection,
        "GRANT USAGE ON SCHEMA {0} TO {0}, {1};"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {0};"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT SELECT ON TABLES TO {1}",
        schema,
        reader,
    )


def fence_in(connection: Connection, schema: str, reader: str) -> None:
    """Roles and rights of a schema that stands, and its list of migrations kept from the store. In a transaction."""
    make_roles(connection, schema, reader)
    grant(connection, schema, reader)
    # Looking for "all tables" reads the list of every schema's: nothing to do for each new store.
    run(
        connection,
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {0} TO {0};"
        "GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {1};"
        "REVOKE ALL ON {0}.django_migrations FROM {0}",
        schema,
        reader,
    )


def make_tables(connection: Connection, schema: str, plan: Blueprint) -> None:
    """The template's tables in an empty schema, and its list of migrations, which is not the store's to write."""
    run(connection, "SET LOCAL search_path = {0}, public", schema)
    connection.execute(plan.ddl)
    run(
        connection,
        "INSERT INTO {0}.django_migrations (app, name, applied) SELECT app, name, now() FROM {1}.django_migrations"
        " ORDER BY id; REVOKE ALL ON {0}.django_migrations FROM {0}",
        schema,
        TEMPLATE,
    )


def move(store: Store, state: str, now: datetime, *, failure: str = "") -> None:
    store.state, store.state_since, store.failure = state, now, failure
    store.save(update_fields=["state", "state_since", "failure"])
