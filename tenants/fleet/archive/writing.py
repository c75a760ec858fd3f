"""Writing an archive: one file after the other, each measured on the way, so that nothing is read twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tenants.fleet.archive.format import Member

BUFFER: Final = 1 << 18


class Writing:
    """An archive that is being written, and the list of what is in it so far."""

    def __init__(self, file: IO[bytes], now: datetime) -> None:
        self.archive = ZipFile(file, "w", ZIP_DEFLATED)
        self.now = now
        self.members: list[Member] = []

    @contextmanager
    def member(self, path: str, columns: tuple[str, ...] | None = None) -> Iterator[Stream]:
        """Hands out what the file is written to; `columns` are of one with rows, which the writer counts."""
        info = ZipInfo(path, self.now.timetuple()[:6])
        info.compress_type, info.external_attr = ZIP_DEFLATED, 0o600 << 16
        with self.archive.open(info, "w", force_zip64=True) as target:
            stream = Stream(target)
            yield stream
            stream.flush()
        rows = stream.rows if columns is not None else None
        self.members.append(Member(path, stream.size, stream.digest.hexdigest(), rows, columns))


class Stream:
    """A file that is being written into the archive, measured on the way."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.digest, self.size, self.rows = stream, hashlib.sha256(), 0, 0
        self.waiting = bytearray()

    def write(self, piece: bytes) -> None:
        self.waiting += piece
        if len(self.waiting) >= BUFFER:
            self.flush()

    def flush(self) -> None:
        self.stream.write(self.waiting)
        self.digest.update(self.waiting)
        self.size += len(self.waiting)
        self.waiting.clear()
