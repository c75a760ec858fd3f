"""A ZIP that a stranger made, looked at before anything in it is unpacked. Pure: bytes in and out."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext as _

from tenants.errors import Invalid

MOST_MEMBERS: Final = 3_000
MOST_UNPACKED: Final = 100 * 1024 * 1024  # bytes, of all together; what a member says of itself is never exceeded
MOST_XML: Final = 8 * 1024 * 1024  # of one part that is parsed whole
_DECLARES = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


@contextmanager
def opened(data: bytes) -> Iterator[ZipFile]:
    """The archive, small enough to be unpacked. Raises Invalid (`file`), also for what turns out broken inside."""
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            _check(archive.infolist())
            yield archive
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Invalid(_("This file is damaged, or is not what its name says."), field="file") from error


def check_xml(archive: ZipFile) -> None:
    """Raises Invalid where a part is too large to be parsed, or declares entities."""
    for member in archive.infolist():
        if not member.filename.lower().endswith((".xml", ".rels")):
            continue
        if member.file_size > MOST_XML:
            raise _too_large()
        with archive.open(member) as part:
            if _DECLARES.search(part.read(4096)):
                raise Invalid(_("This file declares entities, which no document does."), field="file")


def _check(members: list[ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_UNPACKED:
        raise _too_large()


def _too_large() -> Invalid:
    return Invalid(_("Unpacked this file is larger than can be read."), field="file")
