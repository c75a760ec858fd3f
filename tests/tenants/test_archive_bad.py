"""Archives that were cut off, changed, or made to do harm: each is one clear refusal, and nothing is left of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from tenants.fleet.archive import bring_in, reading
from tenants.fleet.archive.bring_in import import_store
from tenants.fleet.archive.export import export_store
from tenants.fleet.archive.format import BadArchive
from tenants.fleet.archive.reading import check_archive
from tests.cast import NOON, Cast, load_cast
from tests.scenes import in_a_thread
from tests.tenants.archives import contents, forged, packed, traces
from tests.tenants.conftest import Scene

MESSAGES = "tables/tickets_message.jsonl"
TICKETS = "tables/tickets_ticket.jsonl"
FILES = "tables/tickets_attachment.jsonl"
PEOPLE = "people.jsonl"
Spoil = Callable[[Path], object]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Path:
    """Store A, exported once."""
    path = tmp_path_factory.mktemp("archive") / "a.zip"
    with django_db_blocker.unblock():
        in_a_thread(lambda: export_store(load_cast().a, path, now=NOON))
    return path


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def cut_in_the_middle(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_a_byte(path: Path) -> None:
    """In the packed content of the messages."""
    with ZipFile(path) as archive:
        place = archive.getinfo(MESSAGES).header_offset + 30 + len(MESSAGES) + 40
    content = bytearray(path.read_bytes())
    content[place] ^= 0x55
    path.write_bytes(content)


def change_a_word(path: Path) -> None:
    """Packed anew, so that the .zip itself is in order."""
    files = contents(path)
    packed(path, {**files, MESSAGES: files[MESSAGES].replace(b"parcel", b"postal")})


def without(name: str) -> Spoil:
    return lambda path: packed(path, {key: value for key, value in contents(path).items() if key != name})


def plus(name: str, content: bytes = b"x") -> Spoil:
    return lambda path: packed(path, {**contents(path), name: content})


def listed(name: str) -> Spoil:
    """The file is there and in the manifest."""

    def spoil(path: Path) -> None:
        packed(path, {**contents(path), name: b"x"})
        sha = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        forged(path, path, {}, lambda manifest: manifest["files"].append({"path": name, "bytes": 1, "sha256": sha}))

    return spoil


def rows(name: str, old: bytes, new: bytes) -> Spoil:
    def spoil(path: Path) -> None:
        content = contents(path)[name]
        assert old in content
        forged(path, path, {name: content.replace(old, new, 1)})

    return spoil


def manifest(**changed: Any) -> Spoil:
    return lambda path: forged(path, path, {}, lambda found: found.update(changed))


def entry(name: str, **changed: Any) -> Spoil:
    def change(found: dict[str, Any]) -> None:
        next(each for each in found["files"] if each["path"] == name).update(changed)

    return lambda path: forged(path, path, {}, change)


def twice(path: Path) -> None:
    with ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(MESSAGES, b"{}\n")


def link(path: Path) -> None:
    info = ZipInfo("files/link.png")
    info.external_attr = 0o120777 << 16
    with ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")


def otherwise_packed(path: Path) -> None:
    files = contents(path)
    with ZipFile(path, "w", ZIP_BZIP2) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def bomb(path: Path) -> None:
    """Honest about its size: 300 MB in 300 KB."""
    forged(path, path, {FILES: contents(path)[FILES] + b" " * (300 << 20) + b"\n"})


def lie(path: Path) -> None:
    """A file that says that it is small, in both lists, and goes on unpacking."""
    forged(path, path, {MESSAGES: b"x"})
    kept = {key: value for key, value in contents(path).items() if key != MESSAGES}
    packed(path, kept)
    with ZipFile(path, "a", ZIP_DEFLATED) as archive:
        archive.writestr(MESSAGES, b"x" * (20 << 20))
        archive.getinfo(MESSAGES).file_size = 1


def file_above(path: Path) -> None:
    files = contents(path)
    folder = json.loads(files["manifest.json"])["schema"].encode() + b"/"
    forged(path, path, {FILES: files[FILES].replace(folder, folder + b"../s_0123456789/")})


def no_zip(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7 nothing of the kind")


BAD: dict[str, tuple[Spoil, str, str]] = {
    "cut off": (cut, "a.zip", "its end is missing"),
    "cut in the middle": (cut_in_the_middle, "a.zip", "its end is missing"),
    "no zip": (no_zip, "a.zip", "no .zip file"),
    "absent": (Path.unlink, "a.zip", "No such file"),
    "a changed byte": (change_a_byte, MESSAGES, ""),
    "a changed word": (change_a_word, MESSAGES, "changed, or cut off"),
    "a missing table": (without(MESSAGES), MESSAGES, "it is missing"),
    "no manifest": (without("manifest.json"), "manifest.json", "it is missing"),
    "no people": (without(PEOPLE), PEOPLE, "it is missing"),
    "an extra file": (plus("files/extra.png"), "files/extra.png", "does not know"),
    "an extra table": (plus("tables/x.jsonl"), "tables/x.jsonl", "does not know"),
    "a way out": (listed("files/../../../etc/cron.d/x"), "files/../../../etc/cron.d/x", "has no place"),
    "an absolute path": (listed("/etc/cron.d/x"), "/etc/cron.d/x", "has no place"),
    "a path of Windows": (listed("files/..\\x"), "files/..\\x", "has no place"),
    "a folder": (plus("files/", b""), "files/", "has no place"),
    "a file beside": (listed("run.sh"), "run.sh", "has no place"),
    "a link": (link, "files/link.png", "no ordinary file"),
    "another packing": (otherwise_packed, "README.txt", "no ordinary file"),
    "one name twice": (twice, "a.zip", "two files of one name"),
    "a wrong count": (entry(MESSAGES, rows=2), MESSAGES, "says 2 rows, and there are 3"),
    "a wrong size": (entry(MESSAGES, bytes=10), MESSAGES, "changed, or cut off"),
    "a wrong hash": (entry(MESSAGES, sha256="0" * 64), MESSAGES, "changed, or cut off"),
    "a negative size": (entry(MESSAGES, bytes=-1), "manifest.json", "damaged"),
    "a bomb": (bomb, "a.zip", "would unpack to"),
    "a newer version": (manifest(version=2), "manifest.json", "newer code"),
    "another kind": (manifest(format="zip"), "manifest.json", "another kind"),
    "a state of the future": (manifest(at="tickets.0099_future"), "manifest.json", "tickets.0099_future"),
    "a state of another app": (manifest(at="desk.0001_initial"), "manifest.json", "does not know"),
    "no state": (manifest(at=""), "manifest.json", "does not know"),
    "no schema": (manifest(schema="public"), "manifest.json", "damaged"),
    "a marketplace of its own": (manifest(marketplace="acme"), "manifest.json", "no such marketplace"),
    "no JSON": (plus("manifest.json", b"{"), "manifest.json", "damaged"),
    "deep JSON": (plus("manifest.json", b"[" * 100_000), "manifest.json", "damaged"),
    "a line that is no JSON": (rows(MESSAGES, b"{", b"["), MESSAGES, "invalid input syntax"),
    "two rows in a line": (rows(MESSAGES, b"\n", b","), MESSAGES, "not one row"),
    "an id twice": (rows(MESSAGES, b'"id":2', b'"id":1'), MESSAGES, "duplicate key"),
    "a text that is too long": (rows(TICKETS, b'"channel":"', b'"channel":"' + b"x" * 99), TICKETS, "value too long"),
    "a ticket of nobody": (rows(TICKETS, b'"customer_id":1', b'"customer_id":7'), TICKETS, "foreign key"),
    "an unknown author": (rows(MESSAGES, b'"author_id":1', b'"author_id":3'), MESSAGES, "foreign key"),
    "a person of nowhere": (rows(PEOPLE, b"ann@example.com", b"ann"), PEOPLE, "damaged"),
    "other columns": (entry(MESSAGES, columns=["id", "body"]), MESSAGES, "columns"),
    "a file of another store": (rows(FILES, b'"file":"s_', b'"file":"s_0123456789/'), FILES, "outside"),
    "a file outside": (rows(FILES, b'"file":"', b'"file":"../'), FILES, "outside"),
    "a file above": (file_above, FILES, "outside"),
    "a size that is a lie": (lie, MESSAGES, "damaged"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_archive(committed: Scene, good: Path, tmp_path: Path, name: str) -> None:
    spoil, file, why = BAD[name]
    path = tmp_path / "a.zip"
    shutil.copy(good, path)
    spoil(path)

    def scene(cast: Cast) -> None:
        before = traces()
        with pytest.raises(BadArchive) as refused:
            import_store(path, cast.south, slug="moved", now=NOON)
        error = refused.value
        assert (error.field, error.details) == ("archive", {"file": file})
        assert why in str(error)
        assert traces() == before

    committed(scene)


def test_archive_that_is_exchanged_between_check_and_import(
    committed: Scene, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    shutil.copy(good, path)

    def checked(found: Path) -> Any:
        manifest = check_archive(found)
        change_a_word(found)
        forged(found, found, {})
        return manifest

    monkeypatch.setattr(bring_in, "check_archive", checked)

    def scene(cast: Cast) -> None:
        before = traces()
        with pytest.raises(BadArchive, match="changed while it was being read"):
            import_store(path, cast.south, slug="moved", now=NOON)
        assert traces() == before

    committed(scene)


def test_row_that_never_ends(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_ROW", 1000)
    path = forged(tmp_path / "a.zip", good, {MESSAGES: b" " * 2000})
    with pytest.raises(BadArchive, match="larger than any row"):
        check_archive(path)


def test_good_one_is_good(good: Path) -> None:
    assert json.loads(contents(good)["manifest.json"])["format"] == "deskfleet store archive"
    assert check_archive(good).rows > 10
