"""import_store: an archive becomes a new store, whole or not at all.

At the state of this code's migrations all of it is one transaction: tables, then rows, and only then indexes and
foreign keys, which is faster and locks the shared tables that they refer to for no longer than it must.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.actions.open_store import check_wishes, find_or_new, host_of
from tenants.errors import Invalid
from tenants.fleet import ledger
from tenants.fleet.archive.format import MANIFEST, Manifest, Told, bad, nobody, not_written
from tenants.fleet.archive.moving import Moving
from tenants.fleet.archive.older import by_migrations
from tenants.fleet.archive.reading import check_archive, opened
from tenants.fleet.catalogue import ddl_of
from tenants.fleet.owner import Connection, owner_connection
from tenants.fleet.provision import PROVISIONING, make_schema, make_tables
from tenants.fleet.template import TEMPLATE, blueprint, code_head
from tenants.models import Agency, Store
from tenants.models.store import BANDS


def import_store(path: Path, agency: Agency, *, slug: str, host: str = "", now: datetime, told: Told = nobody) -> Store:
    """Makes a new store of the archive, for this agency, and opens it; its host comes last.

    Its rows keep their ids; people are known by their e-mail, and who is not is made, without a way in. Hosts and who
    worked for the store are not taken over: `left_behind` lists them. Messages that waited to be sent still do.
    Raises BadArchive, Invalid with `slug` or `host` at fault, NotWritten, NoOwner; then nothing is left of it.
    """
    manifest = check_archive(path)
    is_older = _is_older(manifest)
    host = host_of(slug, host)
    _check(manifest, agency, slug, host)
    store = Store(
        agency=agency,
        slug=slug,
        name=manifest.name,
        marketplace=manifest.marketplace,
        time_zone=manifest.time_zone,
        band=Store.objects.filter(agency=agency).count() % BANDS,
        state=Store.State.MOVING_IN,
        state_since=now,
    )
    try:
        with owner_connection() as connection, opened(path) as (archive, seen), _folder(store) as folder:
            if seen != manifest:
                raise bad(path.name, _("it was changed while it was being read"))
            moving = Moving(connection, archive, manifest, store, folder, host, now, told)
            (by_migrations if is_older else _at_head)(moving)
    except OSError as error:
        raise not_written(error) from error
    return Store.objects.get(pk=store.pk)


def _is_older(manifest: Manifest) -> bool:
    """Whether its tables are at an earlier state than this code's. Raises BadArchive for one that nobody here knows."""
    if manifest.at == code_head():
        return False
    nodes = ledger.nodes_of(manifest.at)
    is_ours = nodes and all(app in ledger.store_apps() for app, _name in nodes)
    if not is_ours or not ledger.is_known(ledger.loader(), manifest.at):
        why = _("the store's tables are at “%(at)s”, which this code does not know")
        raise bad(MANIFEST, why % {"at": manifest.at})
    return True


def _check(manifest: Manifest, agency: Agency, slug: str, host: str) -> None:
    """The rules of opening a store. What it is called and where it sells comes from the archive."""
    try:
        check_wishes(slug, manifest.name, manifest.marketplace, manifest.time_zone, host)
    except Invalid as error:
        if error.field in ("slug", "host"):
            raise
        raise bad(MANIFEST, f"{error.field}: {error}") from error
    with transaction.atomic():
        if find_or_new(agency, slug, host).pk is not None:
            raise Invalid(_("A store with this short name exists."), field="slug")


@contextmanager
def _folder(store: Store) -> Iterator[Path]:
    """The new store's folder, gone again when the import fails. One that is killed leaves it, under a name unknown."""
    folder = Path(settings.MEDIA_ROOT) / store.schema_name
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _at_head(moving: Moving) -> None:
    connection, store = moving.connection, moving.store
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '10s'")
        connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [PROVISIONING])
        plan = blueprint(connection)
        before, after = _parts(connection)
        make_schema(connection, store.schema_name, store.agency.database_role)
        make_tables(connection, store.schema_name, replace(plan, ddl=";\n".join(before)))
        moving.rows_and_files(like=TEMPLATE)
        _close(connection, after)
        moving.open_at(plan.at)


def _parts(connection: Connection) -> tuple[list[str], list[str]]:
    """The template's statements: tables with their keys, and what is better made once the rows are there."""
    statements = ddl_of(connection, TEMPLATE)
    for place, statement in enumerate(statements):
        if statement.startswith(("CREATE INDEX", "CREATE UNIQUE INDEX")) or " FOREIGN KEY (" in statement:
            return statements[:place], statements[place:]
    return statements, []


def _close(connection: Connection, statements: list[str]) -> None:
    try:
        for statement in statements:
            connection.execute(statement)
    except psycopg.IntegrityError as error:
        table = f"tables/{error.diag.table_name}.jsonl"
        raise bad(table, error.diag.message_primary or _("it is damaged")) from error
