"""What an import does not take over: somebody must decide anew who works for the store, and where it is found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tenants.fleet.archive.format import PEOPLE, PUBLIC, Manifest
from tenants.fleet.archive.people import read_person
from tenants.fleet.archive.reading import lines, opened


@dataclass(frozen=True)
class LeftBehind:
    """The hosts that led to the store, and who had been given it: `bo@example.com (agent)`."""

    hosts: tuple[str, ...]
    people: tuple[str, ...]


def left_behind(path: Path) -> LeftBehind:
    """Of an archive that was checked. Raises BadArchive."""
    with opened(path) as (archive, manifest):
        emails = {}
        for person in map(read_person, lines(archive, manifest.member(PEOPLE))):
            emails[person.id] = person.email
        hosts = [str(row.get("domain")) for row in _rows(archive, manifest, "tenants_domain")]
        people = [
            f"{emails.get(row.get('user_id', 0), '?')} ({row.get('role')})"
            for row in _rows(archive, manifest, "tenants_assignment")
        ]
    return LeftBehind(tuple(hosts), tuple(people))


def _rows(archive: ZipFile, manifest: Manifest, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for member in manifest.under(f"{PUBLIC}{table}.jsonl") for line in lines(archive, member)]
