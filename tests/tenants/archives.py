"""For tests of archives: what a schema holds, row by row, and archives that somebody has meddled with."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from psycopg import sql

from tenants.fleet.owner import owner_connection
from tenants.models import Store

Rows = dict[str, list[str]]


def rows_of(store: Store) -> Rows:
    """Every row of the store's schema as text, table by table, and its rows of the desk's index without their ids."""
    found: Rows = {}
    with owner_connection() as owner:
        owner.execute("SET timezone = 'UTC'")
        tables = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' ORDER BY 1",
            [store.schema_name],
        ).fetchall()
        for (name,) in tables:
            query = sql.SQL("SELECT r::text FROM {} r ORDER BY 1").format(sql.Identifier(store.schema_name, name))
            if name != "django_migrations":
                found[name] = [text for (text,) in owner.execute(query)]
        for name in ("desk_queueentry", "desk_delivery", "desk_outbox"):
            query = sql.SQL("SELECT (to_jsonb(r) - 'id' - 'store_id')::text FROM {} r WHERE store_id = %s ORDER BY 1")
            found[name] = [text for (text,) in owner.execute(query.format(sql.Identifier(name)), [store.pk])]
    return found


def renamed(rows: Rows, old: Store, new: Store) -> Rows:
    """The same rows with the other store's folder in the paths of files."""
    return {
        name: [text.replace(f"{old.schema_name}/", f"{new.schema_name}/") for text in texts]
        for name, texts in rows.items()
    }


def files_of(store: Store) -> dict[str, bytes]:
    folder = Path(settings.MEDIA_ROOT) / store.schema_name
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def contents(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, files: Mapping[str, bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


Change = Callable[[dict[str, Any]], object]


def forged(path: Path, source: Path, files: Mapping[str, bytes], change: Change = lambda _manifest: None) -> Path:
    """The archive with other files in place of its own, and a manifest that agrees, unless `change` says otherwise."""
    found = {**contents(source), **files}
    manifest = json.loads(found["manifest.json"])
    for entry in manifest["files"]:
        content = found[entry["path"]]
        entry["bytes"], entry["sha256"] = len(content), hashlib.sha256(content).hexdigest()
        if "rows" in entry:
            entry["rows"] = content.count(b"\n")
    change(manifest)
    return packed(path, {**found, "manifest.json": json.dumps(manifest).encode()})


Traces = tuple[frozenset[str], ...]


def traces() -> Traces:
    """Whatever an import makes: schemas, stores, hosts, people, the desk's rows; stores' roles and folders.

    Roles and folders are the whole server's: beside other processes of the suite they say nothing.
    """
    queries = (
        "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'",
        "SELECT slug FROM tenants_store",
        "SELECT domain FROM tenants_domain",
        "SELECT email FROM tenants_user",
        "SELECT concat(store_id, '/', ticket_number) FROM desk_queueentry",
    )
    with owner_connection() as owner:
        found = [frozenset(text for (text,) in owner.execute(query)) for query in queries]
        if "PYTEST_XDIST_WORKER" in os.environ:
            return tuple(found)
        roles = frozenset(name for (name,) in owner.execute("SELECT rolname FROM pg_roles"))
    return (*found, roles, frozenset(path.name for path in Path(settings.MEDIA_ROOT).iterdir()))
