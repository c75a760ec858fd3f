"""What an archive is: its manifest, the names inside it, and the one error for one that can't be used. No database.

manifest.json              of what it is, and each other file: bytes, SHA-256 and, of tables, rows and columns
README.txt                 for whoever finds it
tables/<table>.jsonl       the store's own tables, a JSON object a row, in the order of their keys
public/<table>.jsonl       its rows in tables that stores share
people.jsonl               id, e-mail and name of everybody whom the rows refer to, and whether an import needs them
files/<path>               what lies in its folder
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.errors import Conflict, DomainError

FORMAT: Final = "deskfleet store archive"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
README: Final = "README.txt"
PEOPLE: Final = "people.jsonl"
PERSON: Final = ("id", "email", "name", "is_needed")
TABLES: Final = "tables/"
PUBLIC: Final = "public/"
FILES: Final = "files/"

_ROWS = re.compile(r"(?:people|(?:tables|public)/[a-z_][a-z0-9_]{0,62})\.jsonl")
_SCHEMA = re.compile(r"s_[0-9a-z]{4,40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')

Told = Callable[[int, int], None]  # rows done, rows in all: told after each batch


def nobody(_done: int, _total: int) -> None:
    """Told where nobody waits."""


class BadArchive(DomainError):
    """It can't be used; the message and `details["file"]` name the file inside it that is at fault."""

    code = "bad_archive"
    status = 422
    message = _("This is no archive of a store, or it is damaged.")


class NotWritten(DomainError):
    """The disk said no. What stood under the name before is still there."""

    code = "not_written"
    status = 503
    message = _("The disk does not take it.")


class NothingToExport(Conflict):
    code = "nothing_to_export"
    message = _("This store has no tables to export: it was never opened, is being imported, or its tables are gone.")


def bad(file: str, why: str | Promise) -> BadArchive:
    return BadArchive(f"{file}: {why}", field="archive", details={"file": file})


def not_written(error: OSError) -> NotWritten:
    return NotWritten(f"{NotWritten.message} ({error.strerror or error})", field="archive")


@dataclass(frozen=True)
class Member:
    """One file of an archive. Only those of rows have `rows` and `columns`."""

    path: str
    bytes: int
    sha256: str
    rows: int | None = None
    columns: tuple[str, ...] | None = None

    @property
    def table(self) -> str:
        """Of tables/<table>.jsonl and public/<table>.jsonl."""
        return self.path.partition("/")[2].removesuffix(".jsonl")


@dataclass(frozen=True)
class Manifest:
    """What an archive is of. `at` is the state of the store's schema as the fleet's ledger says it."""

    made_at: str
    slug: str
    name: str
    marketplace: str
    time_zone: str
    agency: str
    schema: str
    at: str
    members: tuple[Member, ...]

    def under(self, folder: str) -> Iterator[Member]:
        return (member for member in self.members if member.path.startswith(folder))

    def member(self, path: str) -> Member:
        return next(member for member in self.members if member.path == path)

    @property
    def rows(self) -> int:
        return sum(member.rows or 0 for member in self.members)

    @property
    def files(self) -> int:
        return sum(1 for _member in self.under(FILES))

    def text(self) -> bytes:
        about = asdict(self)
        files = [{key: value for key, value in member.items() if value is not None} for member in about.pop("members")]
        head = {"format": FORMAT, "version": VERSION, **about}
        # A line a file: it is read by people, too, and found by grep.
        lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in files)
        return f'{json.dumps(head, ensure_ascii=False, indent=1)[:-2]},\n "files": [\n{lines}\n]}}\n'.encode()


def read_manifest(content: bytes) -> Manifest:
    """Raises BadArchive unless it is complete and of a version that this code knows."""
    try:
        head = json.loads(content)
        if head["format"] != FORMAT:
            raise bad(MANIFEST, _("this is another kind of archive"))
        if int(head["version"]) > VERSION:
            raise bad(MANIFEST, _("newer code has made it, and this code can't read it"))
        members = tuple(_member(each) for each in head["files"])
        words = ("made_at", "slug", "name", "marketplace", "time_zone", "agency", "schema", "at")
        manifest = Manifest(**{word: _text(head[word]) for word in words}, members=members)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise bad(MANIFEST, _("it is damaged")) from error
    if not _SCHEMA.fullmatch(manifest.schema):
        raise bad(MANIFEST, _("it is damaged"))
    return manifest


def check_path(path: str) -> None:
    """Raises BadArchive unless it is one of the names above, and no way out of the folder."""
    if path == README or _ROWS.fullmatch(path):
        return
    parts = path.split("/")
    is_file = path.startswith(FILES) and len(parts) > 1 and not _UNSAFE.search(path)
    if not is_file or any(part in ("", ".", "..") for part in parts):
        raise bad(path, _("a file with this name has no place in an archive"))


def _member(read: dict[str, Any]) -> Member:
    """Raises ValueError, KeyError, TypeError."""
    path, is_rows = _text(read["path"]), _text(read["path"]).endswith(".jsonl") and not read["path"].startswith(FILES)
    if type(read["bytes"]) is not int or read["bytes"] < 0 or not _SHA256.fullmatch(_text(read["sha256"])):
        raise ValueError
    if not is_rows:
        return Member(path, read["bytes"], read["sha256"])
    if type(read["rows"]) is not int:
        raise ValueError
    return Member(path, read["bytes"], read["sha256"], read["rows"], tuple(_text(name) for name in read["columns"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
