"""Putting right what can be put right without a question: privileges, indexes, keys, tables and columns that are gone.

What is there and should not be is only named: it may hold somebody's data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from tenants.fleet import fence, ledger
from tenants.fleet.catalogue import Difference, ddl_of
from tenants.fleet.owner import Connection, owner_connection, run
from tenants.fleet.provision import fence_in
from tenants.fleet.template import TEMPLATE
from tenants.fleet.verify import Found, verify_fleet


@dataclass
class Repaired:
    """`failures`: store → what stopped its repair, which then changed nothing in it. `left`: what is still wrong."""

    stores: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    left: Found = field(default_factory=Found)


def repair_fleet() -> Repaired:
    """Writes the fence anew, corrects the ledger from the schemas themselves, mends each store in a transaction."""
    fence.apply(anew=True)
    repaired = Repaired()
    with owner_connection() as connection:
        ledger.correct(connection, ledger.loader(), ledger.entries(connection))
        made_by = _made_by(ddl_of(connection, TEMPLATE))
        for slug, wrong in verify_fleet().differences.items():
            try:
                with connection.transaction():
                    _mend(connection, slug, wrong, made_by)
                repaired.stores.append(slug)
            except psycopg.Error as error:
                repaired.failures[slug] = f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
    repaired.left = verify_fleet()
    return repaired


def _mend(connection: Connection, slug: str, wrong: Sequence[Difference], made_by: dict[str, str]) -> None:
    row = connection.execute(
        "SELECT schema_name, database_role FROM public.tenants_store store"
        " JOIN public.tenants_agency agency ON agency.id = store.agency_id WHERE store.slug = %s",
        [slug],
    ).fetchone()
    schema, reader = row or ("", "")
    run(connection, "SET LOCAL lock_timeout = '3s'; SET LOCAL search_path = {}, public", schema)
    for statement in _statements(wrong, made_by):
        connection.execute(statement)
    _revoke_strangers(connection, schema, reader)
    fence_in(connection, schema, reader)


def _statements(wrong: Sequence[Difference], made_by: dict[str, str]) -> Iterator[str]:
    """In an order in which each finds what it needs. A table that is made anew comes with its columns."""
    anew = [d.name.removeprefix("table ") for d in wrong if d.kind == "missing" and d.name.startswith("table ")]
    for kind in ("table", "column", "constraint", "index", "foreign key"):
        for difference in wrong:
            comes_along = kind == "column" and any(difference.name.startswith(f"column {table}.") for table in anew)
            if difference.name.startswith(f"{kind} ") and not comes_along:
                yield from _mending(difference, made_by)


def _mending(difference: Difference, made_by: dict[str, str]) -> list[str]:
    """The statements that make this difference disappear; none where only a person can tell."""
    kind, _space, name = difference.name.rpartition(" ")
    table, _dot, part = name.rpartition(".")
    if difference.kind == "missing" and kind == "column":
        return [f"ALTER TABLE {table} ADD COLUMN {part} {difference.expected}"]
    if difference.kind == "extra" or difference.name not in made_by:
        return []
    drop = {"index": f"DROP INDEX {part}", "constraint": f"ALTER TABLE {table} DROP CONSTRAINT {part}"}
    drop["foreign key"] = drop["constraint"]
    if difference.kind == "differs":
        return [drop[kind], made_by[difference.name]] if kind in drop else []
    return [made_by[difference.name]]


_TABLE = re.compile(r"CREATE TABLE (\S+) \(")
_INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX (\S+) ON (?:ONLY )?(\S+) ")
_CONSTRAINT = re.compile(r"ALTER TABLE (\S+) ADD CONSTRAINT (\S+) (FOREIGN KEY)?")


def _made_by(statements: Iterable[str]) -> dict[str, str]:
    """fact → the statement that makes it. Names of ours have no spaces."""
    found = {}
    for statement in statements:
        if made := _TABLE.match(statement):
            found[f"table {made[1]}"] = statement
        elif made := _INDEX.match(statement):
            found[f"index {made[2]}.{made[1]}"] = statement
        elif made := _CONSTRAINT.match(statement):
            found[f"{'foreign key' if made[3] else 'constraint'} {made[1]}.{made[2]}"] = statement
    return found


_GRANTEES = """
SELECT DISTINCT coalesce(r.rolname, 'public') FROM (
  SELECT (aclexplode(nspacl)).grantee, nspowner AS owner FROM pg_namespace WHERE nspname = %(schema)s
  UNION SELECT (aclexplode(relacl)).grantee, relowner FROM pg_class WHERE relnamespace = to_regnamespace(%(schema)s)
) held LEFT JOIN pg_roles r ON r.oid = held.grantee WHERE held.grantee <> held.owner
"""


def _revoke_strangers(connection: Connection, schema: str, reader: str) -> None:
    """Nobody holds anything here but the store's role and its agency's reader."""
    for (role,) in connection.execute(_GRANTEES, {"schema": schema}).fetchall():
        if role not in (schema, reader):
            who = sql.SQL("PUBLIC") if role == "public" else sql.Identifier(role)
            for what in ("ALL TABLES IN SCHEMA {}", "ALL SEQUENCES IN SCHEMA {}", "SCHEMA {}"):
                target = sql.SQL(what).format(sql.Identifier(schema))
                connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(target, who))
