"""The steps of an import that are the same at every state of the tables: people, store, rows, files, host."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import psycopg
from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid
from tenants.fleet import ledger
from tenants.fleet.archive.format import PEOPLE, Manifest, Told
from tenants.fleet.archive.load import Load
from tenants.fleet.archive.people import insert, map_people
from tenants.fleet.archive.reading import chunks, file_members, lines
from tenants.fleet.owner import Connection
from tenants.models import Domain, Store


@dataclass
class Moving:
    """One import: an archive that was checked, on its way into a store that nobody sees yet."""

    connection: Connection
    archive: ZipFile
    manifest: Manifest
    store: Store
    folder: Path
    host: str
    now: datetime
    told: Told
    strangers: list[int] = field(default_factory=list)  # ids of the people who were made

    def rows_and_files(self, like: str) -> None:
        """Everything but indexes, keys, ledger and host. In a transaction of the owner. Raises BadArchive, Invalid.

        `like` is a schema that has the tables' foreign keys.
        """
        self.strangers = map_people(self.connection, lines(self.archive, self.manifest.member(PEOPLE)))
        try:
            self.store.pk = insert(self.connection, self.store)
        except psycopg.errors.UniqueViolation as error:  # somebody else was first, since we looked
            raise Invalid(_("A store with this short name exists."), field="slug") from error
        load = Load(self.connection, self.archive, self.manifest, self.store, self.told)
        load.own_tables(like)
        load.public_rows()
        self._files()
        self.told(self.manifest.rows, self.manifest.rows)

    def open_at(self, state: str) -> None:
        """The last step, in a transaction of the owner: who knows the host is in. Raises Invalid."""
        ledger.write(self.connection, self.store.pk, state)
        try:
            insert(self.connection, Domain(domain=self.host, tenant=self.store, is_primary=True))
        except psycopg.errors.UniqueViolation as error:
            raise Invalid(_("This host is taken."), field="host") from error
        self.connection.execute(
            "UPDATE public.tenants_store SET state = %s, state_since = %s WHERE id = %s",
            [Store.State.OPEN.value, self.now, self.store.pk],
        )

    def _files(self) -> None:
        for member, path in file_members(self.manifest):
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                for piece in chunks(self.archive, member):
                    file.write(piece)
