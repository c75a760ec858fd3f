"""Reading an archive that anybody may have made: nothing is believed, and nothing is read beyond what was announced."""

from __future__ import annotations

import hashlib
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext_lazy as _

from tenants.fleet.archive.format import (
    FILES,
    MANIFEST,
    PEOPLE,
    README,
    Manifest,
    Member,
    bad,
    check_path,
    read_manifest,
)

CHUNK: Final = 1 << 20
LONGEST_ROW: Final = 64 << 20  # bytes
LARGEST_MANIFEST: Final = 128 << 20  # some 800,000 files
# What is larger than this and packs better than that is no store's archive: rows pack some ten times, zeros a thousand.
UNSUSPICIOUS: Final = 256 << 20
BEST_PACKED: Final = 250

_BROKEN = (BadZipFile, LargeZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def check_archive(path: Path) -> Manifest:
    """Reads all of it once. Raises BadArchive, which names the file at fault, unless it is whole and nothing else."""
    with opened(path) as (archive, manifest):
        for member in manifest.members:
            reading = chunks(archive, member) if member.rows is None else lines(archive, member)
            for _piece in reading:
                pass
    return manifest


@contextmanager
def opened(path: Path) -> Iterator[tuple[ZipFile, Manifest]]:
    """The archive, its list of files checked against the manifest; their content is not read yet. Raises BadArchive."""
    try:
        archive = ZipFile(path)
    except OSError as error:
        raise bad(path.name, error.strerror or str(error)) from error
    except _BROKEN as error:
        raise bad(path.name, _("this is no .zip file, or its end is missing")) from error
    with archive:
        infos = {info.filename: info for info in archive.infolist()}
        if len(infos) != len(archive.infolist()):
            raise bad(path.name, _("it has two files of one name"))
        if MANIFEST not in infos:
            raise bad(MANIFEST, _("it is missing"))
        for info in infos.values():
            _check_info(info)
        manifest = read_manifest(_manifest_text(archive, infos.pop(MANIFEST)))
        _check_list(manifest, infos)
        if (size := sum(member.bytes for member in manifest.members)) > max(
            UNSUSPICIOUS, BEST_PACKED * path.stat().st_size
        ):
            raise bad(path.name, _("it would unpack to %(size)d bytes, which no store's archive does") % {"size": size})
        yield archive, manifest


def chunks(archive: ZipFile, member: Member) -> Iterator[bytes]:
    """The content, piece by piece. Raises BadArchive once it is more than announced, or in the end not the same."""
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(member.path) as stream:
            while piece := stream.read(CHUNK):
                size += len(piece)
                if size > member.bytes:
                    raise bad(member.path, _("it is larger than the manifest says"))
                digest.update(piece)
                yield piece
    except _BROKEN as error:
        raise bad(member.path, _("it is damaged")) from error
    except OSError as error:
        raise bad(member.path, error.strerror or str(error)) from error
    if size != member.bytes or digest.hexdigest() != member.sha256:
        raise bad(member.path, _("it is not what the manifest says: it was changed, or cut off"))


def lines(archive: ZipFile, member: Member) -> Iterator[bytes]:
    """Its rows, a line each, without its end. Raises BadArchive as `chunks` does, and when the count is wrong."""
    count, rest = 0, b""
    for piece in chunks(archive, member):
        *whole, rest = (rest + piece).split(b"\n")
        count += len(whole)
        yield from whole
        if len(rest) > LONGEST_ROW:
            raise bad(member.path, _("a row is larger than any row may be"))
    if rest or count != member.rows:
        found = {"expected": member.rows, "found": count + bool(rest)}
        raise bad(member.path, _("the manifest says %(expected)d rows, and there are %(found)d") % found)


def _check_info(info: ZipInfo) -> None:
    if info.filename != info.orig_filename:
        raise bad(info.filename, _("a file with this name has no place in an archive"))
    if info.filename != MANIFEST:
        check_path(info.filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    is_plain = kind in (0, stat.S_IFREG) and info.compress_type in (ZIP_STORED, ZIP_DEFLATED)
    if not is_plain or info.flag_bits & 0x1:  # encrypted
        raise bad(info.filename, _("it is no ordinary file"))


def _manifest_text(archive: ZipFile, info: ZipInfo) -> bytes:
    if info.file_size > LARGEST_MANIFEST:
        raise bad(MANIFEST, _("it is too large"))
    try:
        with archive.open(info) as stream:
            return stream.read(LARGEST_MANIFEST)
    except (*_BROKEN, OSError) as error:
        raise bad(MANIFEST, _("it is damaged")) from error


def _check_list(manifest: Manifest, infos: dict[str, ZipInfo]) -> None:
    """The same files in both lists, of the same sizes, and those that every archive has."""
    listed = {member.path: member for member in manifest.members}
    if len(listed) != len(manifest.members):
        raise bad(MANIFEST, _("it is damaged"))
    for path in (README, PEOPLE, *listed):
        if path not in infos:
            raise bad(path, _("it is missing"))
    for path, info in infos.items():
        if path not in listed:
            raise bad(path, _("the manifest does not know this file"))
        if info.file_size != listed[path].bytes:
            raise bad(path, _("it is not what the manifest says: it was changed, or cut off"))


def file_members(manifest: Manifest) -> Iterator[tuple[Member, str]]:
    """The store's files, each with its path below the store's folder."""
    for member in manifest.under(FILES):
        yield member, member.path.removeprefix(FILES)
