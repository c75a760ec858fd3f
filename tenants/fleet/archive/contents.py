"""What belongs to a store, read off the catalogue: its tables, its rows in public ones, and whom they refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from psycopg import sql

from tenants.fleet.fence import AGENCIES, STORES, declared_grants, public_tables
from tenants.fleet.owner import Connection

PEOPLE_TABLE: Final = "tenants_user"
LEFT_OUT: Final = "django_migrations"  # the manifest says its state, and whoever imports makes its own

_COLUMNS = """
SELECT c.relname::text,
    array(SELECT a.attname::text FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum),
    array(SELECT a.attname::text FROM pg_constraint k CROSS JOIN unnest(k.conkey) WITH ORDINALITY part(number, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = part.number
        WHERE k.conrelid = c.oid AND k.contype = 'p' ORDER BY part.place),
    array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attidentity <> ''),
    array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
        AND (NOT a.attnotnull OR a.atthasdef OR a.attidentity <> '')),
    array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
        AND a.attname = 'file' AND a.atttypid IN ('text'::regtype, 'varchar'::regtype)),
    array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
        AND a.attnotnull AND a.atttypid IN ('json'::regtype, 'jsonb'::regtype)),
    array(SELECT a.attname || ' ' || target.relname
        FROM pg_constraint f CROSS JOIN unnest(f.conkey) part(number)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = part.number
        JOIN pg_class target ON target.oid = f.confrelid AND target.relnamespace = 'public'::regnamespace
        WHERE f.conrelid = c.oid AND f.contype = 'f')
FROM pg_class c WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind IN ('r', 'p') ORDER BY c.relname
"""


@dataclass(frozen=True)
class Table:
    """A table and what an archive must know of its columns. Those that the database computes are left out."""

    schema: str
    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    identity: frozenset[str]  # counted by the database
    optional: frozenset[str]  # may be left out of an INSERT
    files: frozenset[str]  # hold a path that begins with the store's folder: those of text that are called `file`
    json: frozenset[str]  # JSON that is never NULL, so that a null in it is JSON's own
    references: dict[str, str]  # column → the public table that it refers to
    people: Mapping[str, tuple[str, ...]]  # column of JSON → its keys that hold the number of a person

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def referring_to(self, target: str) -> list[str]:
        return [column for column, table in self.references.items() if table == target]


@dataclass(frozen=True)
class Part:
    """What of a table is the store's: all of it, or the rows in which one of these columns has its id."""

    table: Table
    columns: tuple[str, ...] = ()

    def rows(self, store: int, columns: Sequence[str]) -> sql.Composed:
        """SELECT of these columns, without an order."""
        chosen = sql.SQL(", ").join(map(sql.Identifier, columns))
        query = sql.SQL("SELECT {} FROM {}").format(chosen, self.table.identifier)
        if not self.columns:
            return query
        mine = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(store)) for name in self.columns]
        return query + sql.SQL(" WHERE ") + sql.SQL(" OR ").join(mine)


def tables_of(connection: Connection, schema: str) -> list[Table]:
    """Every table of the schema but its list of migrations, by name. One query."""
    found, declared = [], _people_in()
    for name, columns, key, identity, optional, files, json, references in connection.execute(_COLUMNS, [schema]):
        if name != LEFT_OUT:
            pairs = dict(reference.split(" ", 1) for reference in references)
            ids, free, paths, texts = map(frozenset, (identity, optional, files, json))
            people = declared.get(name, {})
            found.append(Table(schema, name, tuple(columns), tuple(key), ids, free, paths, texts, pairs, people))
    return found


def _people_in() -> dict[str, Mapping[str, tuple[str, ...]]]:
    """table → what its model declares as `people_in`, for where a number stands in JSON and no key says whose it is."""
    return {model._meta.db_table: model.people_in for model in apps.get_models() if hasattr(model, "people_in")}


def own_parts(connection: Connection, schema: str) -> list[Part]:
    return [Part(table) for table in tables_of(connection, schema)]


def public_parts(connection: Connection) -> list[Part]:
    """The public tables that refer to stores, and stores themselves: those of which a store may read whole rows.

    So neither keys for integrators nor the fleet's ledger are among them: a store's role can't read them, and what it
    can't read it does not take along.
    """
    with connection.cursor() as cursor:
        referring = {
            table.name: tuple(reference.column for reference in table.references if reference.target == STORES)
            for table in public_tables(cursor)
        }
    referring[STORES] = ("id",)
    return [
        Part(table, referring[table.name])
        for table in tables_of(connection, "public")
        if referring.get(table.name) and "SELECT" in _granted(table.name)
    ]


def is_taken_over(part: Part) -> bool:
    """Whether an import writes these rows too: those that the store's verbs write. Others are there to be read.

    What refers to an agency's own rows, such as its library, stays with that agency: elsewhere there is no such item.
    """
    known = {PEOPLE_TABLE, STORES, AGENCIES}
    return "INSERT" in _granted(part.table.name) and set(part.table.references.values()) <= known


def _granted(table: str) -> set[str]:
    grants = declared_grants().get(table)
    return {privilege.strip() for privilege in grants.store.split(",")} if grants else set()
