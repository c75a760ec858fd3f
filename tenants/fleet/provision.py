"""From a requested store to an open one, in visible steps that can be taken up again after any of them."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.management import call_command
from django.db import transaction
from psycopg import sql

from tenants.context import connection
from tenants.models import Domain, Store

log = logging.getLogger(__name__)


def provision(store: Store, *, host: str, now: datetime) -> Store:
    """Makes what is missing: schema, tables, and last the host row, which is what lets anybody in.

    Each step is idempotent and leaves its state behind; a failure is written into the row, not raised, so that the
    operator sees it and the opening can be taken up again.
    """
    try:
        _make_schema(store)
        _move(store, Store.State.SCHEMA_MADE, now)
        _make_tables(store)
        _move(store, Store.State.TABLES_MADE, now)
        with transaction.atomic():
            Domain.objects.get_or_create(domain=host, defaults={"tenant": store, "is_primary": True})
            _move(store, Store.State.OPEN, now)
    except Exception as error:  # whatever stopped it belongs into the row
        log.exception("opening store %s stopped", store.pk)
        connection.set_schema_to_public()
        _move(store, Store.State.FAILED, now, failure=f"{type(error).__name__}: {error}"[:1000])
    return store


def _make_schema(store: Store) -> None:
    with connection.cursor() as cursor:
        name = sql.Identifier(store.schema_name)
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))


def _make_tables(store: Store) -> None:
    call_command("migrate_schemas", schema_name=store.schema_name, tenant=True, interactive=False, verbosity=0)


def _move(store: Store, state: str, now: datetime, *, failure: str = "") -> None:
    store.state, store.state_since, store.failure = state, now, failure
    store.save(update_fields=["state", "state_since", "failure"])
