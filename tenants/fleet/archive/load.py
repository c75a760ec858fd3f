"""Putting an archive's rows into tables that are there, with other ids for people and for the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from zipfile import ZipFile

import psycopg
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants.fleet.archive.contents import PEOPLE_TABLE, Part, Table, is_taken_over, public_parts, tables_of
from tenants.fleet.archive.format import PUBLIC, TABLES, Manifest, Member, Told, bad
from tenants.fleet.archive.people import MAP
from tenants.fleet.archive.reading import lines
from tenants.fleet.fence import AGENCIES, STORES
from tenants.fleet.owner import Connection
from tenants.models import Store

BATCH: Final = 1 << 20  # bytes of rows in one statement


@dataclass
class Load:
    """One archive's way into one store, in the caller's transaction; `map_people` was there before."""

    connection: Connection
    archive: ZipFile
    manifest: Manifest
    store: Store
    told: Told
    done: int = 0

    def own_tables(self, like: str) -> None:
        """Fills every table of the store's schema: ids stay. Raises BadArchive unless they are the archive's tables.

        Which columns refer to people is read off the schema `like`: the store's own foreign keys may not be there yet.
        """
        own = self.store.schema_name
        tables = {table.name: replace(table, schema=own) for table in tables_of(self.connection, like)}
        members = {member.table: member for member in self.manifest.under(TABLES)}
        for name in sorted(tables.keys() ^ members.keys()):
            raise bad(f"{TABLES}{name}.jsonl", _("a store at this state has other tables than the archive"))
        for name, member in members.items():
            if set(member.columns or ()) != set(tables[name].columns):
                raise bad(member.path, _("its columns are not those of the table"))
            self._fill(tables[name], member, tables[name].columns)
            self._check_files(tables[name], member)
            self._count_on(tables[name])

    def public_rows(self) -> None:
        """Writes what the store's verbs write in public tables, under new ids. Raises BadArchive."""
        parts = {part.table.name: part for part in public_parts(self.connection)}
        for member in self.manifest.under(PUBLIC):
            part = parts.get(member.table)
            if part is None:
                raise bad(member.path, _("there is no such table"))
            if is_taken_over(part):
                self._fill(part.table, member, _new(part, member), part)

    def _fill(self, table: Table, member: Member, columns: Iterable[str], part: Part | None = None) -> None:
        """The rows in batches; then as many must be there as the manifest says."""
        statement = _insert(table, tuple(columns), self.manifest.schema, self.store)
        try:
            for batch in _batches(lines(self.archive, member)):
                inserted = self.connection.execute(statement, [b"[" + b",".join(batch) + b"]"]).rowcount
                if inserted != len(batch):
                    raise bad(member.path, _("a line of it is not one row"))
                self.done += inserted
                self.told(self.done, self.manifest.rows)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise bad(member.path, error.diag.message_primary or _("it is damaged")) from error
        found = self._count(part or Part(table))
        if found != member.rows:
            raise bad(member.path, _("the manifest says %(expected)d rows, and there are %(found)d")
                      % {"expected": member.rows, "found": found})  # fmt: skip

    def _count(self, part: Part) -> int:
        rows = part.rows(self.store.pk, part.table.columns[:1])
        [(count,)] = self.connection.execute(sql.SQL("SELECT count(*) FROM ({}) r").format(rows)).fetchall()
        return int(count)

    def _check_files(self, table: Table, member: Member) -> None:
        """A path that leads into another store's folder would open its files to this one."""
        for column in table.files:
            query = sql.SQL("SELECT count(*) FROM {} WHERE {column} <> '' AND NOT (starts_with({column}, {own})"
                            " AND strpos({column}, '..') = 0)")  # fmt: skip
            own = sql.Literal(f"{self.store.schema_name}/")
            found = self.connection.execute(query.format(table.identifier, column=sql.Identifier(column), own=own))
            if found.fetchone() != (0,):
                raise bad(member.path, _("a file of it lies outside of the store's folder"))

    def _count_on(self, table: Table) -> None:
        """What the database counts goes on after the highest."""
        for column in table.identity:
            self.connection.execute(
                sql.SQL("SELECT setval(pg_get_serial_sequence(%s, %s), max({})) FROM {} HAVING count(*) > 0").format(
                    sql.Identifier(column), table.identifier
                ),
                [table.identifier.as_string(self.connection), column],
            )


def _new(part: Part, member: Member) -> list[str]:
    """The columns to write: what the database counts is counted anew. Older code may have had fewer."""
    table, given = part.table, set(member.columns or ())
    if not given <= set(table.columns) or not set(table.columns) <= given | table.optional:
        raise bad(member.path, _("its columns are not those of the table"))
    return [column for column in table.columns if column in given and column not in table.identity]


def _insert(table: Table, columns: tuple[str, ...], folder: str, store: Store) -> sql.Composed:
    """INSERT of the rows of one JSON array, which is its only parameter."""
    return sql.SQL(
        "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE"
        " SELECT {values} FROM json_populate_recordset(NULL::{table}, convert_from(%b, 'UTF8')::json) r"
    ).format(
        table=table.identifier,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(_value(table, column, folder, store) for column in columns),
    )


def _value(table: Table, column: str, folder: str, store: Store) -> sql.Composable:
    """What is written for a column of the row `r`. People are looked up; nobody has the id -1, and the key says so."""
    here: sql.Composable = sql.Identifier("r", column)
    target = table.references.get(column)
    if target == PEOPLE_TABLE:
        known = sql.SQL("coalesce((SELECT new FROM {} WHERE old = {}), -1)").format(MAP, here)
        return _unless_null(here, known)
    if target in (STORES, AGENCIES):
        return _unless_null(here, sql.Literal(store.pk if target == STORES else store.agency_id))
    if target is not None:  # an id of elsewhere would be somebody else's here
        raise bad(table.name, _("it refers to %(table)s, which an archive can't carry over yet") % {"table": target})
    if column in table.files:
        old, new = sql.Literal(f"{folder}/"), sql.Literal(f"{store.schema_name}/")
        return sql.SQL("CASE WHEN starts_with({0}, {1}) THEN {2} || substr({0}, length({1}) + 1) ELSE {0} END").format(
            here, old, new
        )
    if column in table.people:
        here = _with_people(here, table.people[column])
    return sql.SQL("coalesce({}, 'null')").format(here) if column in table.json else here


def _with_people(here: sql.Composable, keys: Sequence[str]) -> sql.Composable:
    """JSON in which these keys hold numbers of people. Whom the archive does not name is -1, who is nobody."""
    return sql.SQL(
        "CASE jsonb_typeof({0}) WHEN 'object' THEN {0} || (SELECT coalesce(jsonb_object_agg(k, coalesce("
        "(SELECT new FROM {1} WHERE old = ({0} ->> k)::bigint), -1)), '{{}}') FROM unnest({2}::text[]) k"
        " WHERE jsonb_typeof({0} -> k) = 'number') ELSE {0} END"
    ).format(here, MAP, sql.Literal(list(keys)))


def _unless_null(here: sql.Composable, value: sql.Composable) -> sql.Composed:
    return sql.SQL("CASE WHEN {} IS NOT NULL THEN {} END").format(here, value)


def _batches(rows: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
