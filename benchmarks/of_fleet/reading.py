"""What many schemas cost whoever reads: verify, the catalogue, a backend's memory, the first query in a cold store."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from django.apps import apps

from benchmarks.of_fleet.figures import Figures, seconds_of
from tenants.context import connection, in_store
from tenants.fleet.catalogue import facts_of
from tenants.fleet.owner import owner_connection
from tenants.fleet.verify import verify_fleet
from tenants.models import Store
from tickets.models import Ticket

VERIFIES = 3
FRESH = 30  # connections
CATALOGUES = ("pg_class", "pg_attribute", "pg_index", "pg_constraint", "pg_depend", "pg_type", "pg_shdepend")


def verify(figures: Figures, stores: Sequence[Store]) -> None:
    """All of verify; and of it, reading what all schemas hold in one go."""

    def run() -> None:
        found = verify_fleet()
        if found.compared != len(stores) or not found.is_good:
            raise RuntimeError(f"the fleet is not as it should be: {found}")

    def read() -> None:
        with owner_connection() as owner:
            facts_of(owner, [store.schema_name for store in stores])

    figures.put("verify_s", [seconds_of(run) for _turn in range(VERIFIES)], digits=3)
    figures.put("verify_reading_s", [seconds_of(read) for _turn in range(VERIFIES)], digits=3)


def catalogue(figures: Figures, name: str) -> None:
    with owner_connection() as owner:
        size, database = owner.execute(
            "SELECT sum(pg_total_relation_size(oid)), pg_database_size(current_database()) FROM pg_class"
            " WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND NOT relisshared"
        ).fetchall()[0]
        rows = {table: owner.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in CATALOGUES}
    figures[name] = {"mb": round(float(size) / 2**20, 1), "database_mb": round(database / 2**20, 1), **rows}


def memory(figures: Figures, stores: Sequence[Store]) -> None:
    """A backend's own memory after it has read every table of so many stores. Its shared buffers are not counted."""
    _fresh_connection()
    tables = [model._meta.db_table for model in apps.get_app_config("tickets").get_models()]
    found = {"0": _own_memory()}
    touched = 0
    for until in sorted({1, min(100, len(stores)), len(stores)}):
        for store in stores[touched:until]:
            with in_store(store), connection.cursor() as cursor:
                for table in tables:
                    cursor.execute(f"SELECT * FROM {table} LIMIT 1")
        touched = until
        found[str(until)] = _own_memory()
    figures["backend_mb"] = found
    figures["backend_kb_per_store"] = round((found[str(touched)] - found["0"]) / touched * 1024, 1)


def first_queries(figures: Figures, stores: Sequence[Store]) -> None:
    """Entering a store, one ORM query, leaving it. `fresh`: the connection's first store of all, with the connection
    itself made before; `cold`: the connection knows other stores; `warm`: it knows this one, and comes from another.
    """
    figures.put_waits("first_query_fresh", [_fresh(store) for store in stores[:FRESH]])
    _fresh_connection()
    _query(stores[0])
    some = stores[1:501]
    figures.put_waits("first_query_cold", [seconds_of(lambda store=store: _query(store)) for store in some])  # type: ignore[misc]
    warm = [seconds_of(lambda store=store: _query(store)) for store in some]  # type: ignore[misc]
    figures.put_waits("first_query_warm", warm)
    figures["first_query_stores"] = len(some)
    figures["first_query_warm_mean_ms"] = round(statistics.fmean(warm) * 1000, 3)


def _fresh(store: Store) -> float:
    _fresh_connection()
    return seconds_of(lambda: _query(store))


def _query(store: Store) -> None:
    with in_store(store):
        Ticket.objects.filter(pk=1).first()


def _fresh_connection() -> None:
    """A new backend, which stands at the operator's place and knows no store."""
    connection.close()
    connection.close_pool()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _own_memory() -> float:
    """MB that this connection's backend has for itself alone."""
    pid = connection.connection.info.backend_pid
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return round(sum(int(kb) for kb in re.findall(r"^Pss_Anon: +(\d+)", rollup, re.MULTILINE)) / 1024, 2)
