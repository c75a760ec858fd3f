"""export_store: one store as one open file, which is one moment of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from django.conf import settings
from psycopg import IsolationLevel, sql

from tenants.fleet import ledger
from tenants.fleet.archive.contents import PEOPLE_TABLE, Part, is_taken_over, own_parts, public_parts
from tenants.fleet.archive.format import (
    FILES,
    MANIFEST,
    PEOPLE,
    PERSON,
    PUBLIC,
    README,
    TABLES,
    Manifest,
    NothingToExport,
    Told,
    nobody,
    not_written,
)
from tenants.fleet.archive.readme import TEXT
from tenants.fleet.archive.writing import BUFFER, Writing
from tenants.fleet.owner import Connection, owner_connection
from tenants.models import Store

HAS_TABLES: Final = (Store.State.OPEN, Store.State.SUSPENDED, Store.State.ARCHIVED)


def export_store(store: Store, target: Path, *, now: datetime, told: Told = nobody) -> Manifest:
    """Writes the archive, and under its name only when it is whole; what had the name before is replaced then.

    Memory stays flat however large the store is. A migration of this store waits for the end. Raises NothingToExport,
    NotWritten, NoOwner.
    """
    try:
        with owner_connection() as connection, _moment(connection), _beside(target) as file:
            if store.state not in HAS_TABLES or not own_parts(connection, store.schema_name):
                raise NothingToExport(field="store")
            return _Export(connection, store, file, now, told).write()
    except OSError as error:
        raise not_written(error) from error


@contextmanager
def _moment(connection: Connection) -> Iterator[None]:
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    with connection.transaction():
        connection.execute("SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL extra_float_digits = 1")
        yield


@contextmanager
def _beside(target: Path) -> Iterator[IO[bytes]]:
    """A file in the target's folder that nobody else may read; at the end it is the target, or gone."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, target)
        except BaseException:
            os.unlink(file.name)
            raise


class _Export:
    def __init__(self, connection: Connection, store: Store, file: IO[bytes], now: datetime, told: Told) -> None:
        self.connection, self.store, self.now, self.told = connection, store, now, told
        self.out = Writing(file, now)
        self.done = self.total = 0

    def write(self) -> Manifest:
        own, public = own_parts(self.connection, self.store.schema_name), public_parts(self.connection)
        self._lock(own)
        self.total = sum(self._count(part) for part in (*own, *public))
        with self.out.archive:
            with self.out.member(README) as member:
                member.write(TEXT.encode())
            for folder, parts in ((TABLES, own), (PUBLIC, public)):
                for part in parts:
                    path = f"{folder}{part.table.name}.jsonl"
                    self._write_rows(path, _ordered(part, self.store.pk), part.table.columns)
            self._write_rows(PEOPLE, _people(*self._needed(own, public), self.store.pk), PERSON)
            self._write_files(Path(settings.MEDIA_ROOT) / self.store.schema_name)
            manifest = self._manifest()
            with self.out.member(MANIFEST) as member:
                member.write(manifest.text())
        return manifest

    def _needed(self, own: list[Part], public: list[Part]) -> tuple[list[Part], list[Part]]:
        taken = [part for part in public if is_taken_over(part)]
        return own + taken, [part for part in public if part not in taken]

    def _lock(self, parts: list[Part]) -> None:
        """So that no migration changes the one table while another is being read."""
        names = sql.SQL(", ").join(part.table.identifier for part in parts)
        self.connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))

    def _count(self, part: Part) -> int:
        rows = part.rows(self.store.pk, part.table.key or part.table.columns)
        found = self.connection.execute(sql.SQL("SELECT count(*) FROM ({}) r").format(rows)).fetchone()
        return int(found[0]) if found else 0

    def _write_rows(self, path: str, query: sql.Composed, columns: tuple[str, ...]) -> None:
        copy = sql.SQL("COPY (SELECT row_to_json(r) FROM ({}) r) TO STDOUT").format(query)
        with self.out.member(path, columns) as member, self.connection.cursor() as cursor, cursor.copy(copy) as rows:
            for (row,) in rows.rows():
                # A break can only be between JSON's words: within them it is written \n.
                member.write(row.replace("\n", " ").encode() + b"\n")
                member.rows += 1
                if member.rows % 1000 == 0:
                    self.told(self.done + member.rows, self.total)
        if path != PEOPLE:
            self.done += member.rows
            self.told(self.done, self.total)

    def _write_files(self, folder: Path) -> None:
        """What lies there; a link is not followed, for it may lead to another store's."""
        for place, folders, names in os.walk(folder):
            folders.sort()
            for path in (Path(place, name) for name in sorted(names)):
                if path.is_symlink() or not path.is_file():
                    continue
                with self.out.member(FILES + path.relative_to(folder).as_posix()) as member, path.open("rb") as source:
                    while piece := source.read(BUFFER):
                        member.write(piece)

    def _manifest(self) -> Manifest:
        store, migrations = self.store, ledger.loader()
        applied = ledger.applied_in(self.connection, [store.schema_name])[store.schema_name]
        return Manifest(
            made_at=self.now.isoformat(),
            slug=store.slug,
            name=store.name,
            marketplace=store.marketplace,
            time_zone=store.time_zone,
            agency=store.agency.slug,
            schema=store.schema_name,
            at=ledger.state_of(migrations, applied),
            members=tuple(self.out.members),
        )


def _ordered(part: Part, store: int) -> sql.Composed:
    rows = part.rows(store, part.table.columns)
    if not part.table.key:
        return rows
    return rows + sql.SQL(" ORDER BY ") + sql.SQL(", ").join(map(sql.Identifier, part.table.key))


def _people(needed: list[Part], named: list[Part], store: int) -> sql.Composed:
    """Whoever the rows refer to: what makes sense of an id, and no more of a person than that.

    `is_needed` tells those whom an import needs from those who are only named in what it does not take over.
    """
    query = sql.SQL(
        "SELECT id, email, name, coalesce(id IN ({}), false) AS is_needed FROM public.{} WHERE id IN ({}) ORDER BY id"
    )
    table = sql.Identifier(PEOPLE_TABLE)
    return query.format(_referred_to(needed, store), table, _referred_to(needed + named, store))


def _referred_to(parts: list[Part], store: int) -> sql.Composed:
    """SELECT of the ids of people; a row more, for where nothing refers to any."""
    referring = [part.rows(store, [column]) for part in parts for column in part.table.referring_to(PEOPLE_TABLE)]
    named = [
        sql.SQL("SELECT (r.{0} ->> {1})::bigint FROM ({2}) r WHERE jsonb_typeof(r.{0} -> {1}) = 'number'").format(
            sql.Identifier(column), sql.Literal(key), part.rows(store, [column])
        )
        for part in parts
        for column, keys in part.table.people.items()
        for key in keys
    ]
    return sql.SQL(" UNION ").join([sql.Composed([sql.SQL("SELECT 0")]), *referring, *named])
