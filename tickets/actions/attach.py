"""attach: files become part of a message. What they are is read off their content."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO, Final, cast

import filetype
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from tenants.context import current_store
from tenants.files import clean_name
from tenants.images import Busy, NoPicture, small
from tickets.incoming import MOST_BYTES, MOST_FILES, FileRefused, Upload
from tickets.models import Attachment, Message

# What can be shown or handed on without running anything. SVG and HTML are programs, and stay out.
KINDS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "application/zip": "zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}


def check_uploads(uploads: Sequence[Upload]) -> None:
    """Raises FileRefused, with field `files`, unless each may be attached. Costs nothing on disk."""
    if len(uploads) > MOST_FILES:
        raise FileRefused(_("Attach at most %(most)d files.") % {"most": MOST_FILES}, field="files")
    for upload in uploads:
        named = {"name": clean_name(upload.name)}
        if not upload.content:
            raise FileRefused(_("%(name)s is empty.") % named, field="files")
        if len(upload.content) > MOST_BYTES:
            raise FileRefused(_("%(name)s is larger than 10 MB.") % named, field="files")
        if content_type(upload.content) is None:
            raise FileRefused(
                _("%(name)s can't be attached. Pictures, PDF, MP4, MP3, ZIP, XLSX and DOCX can.") % named,
                field="files",
            )


def attach(message: Message, uploads: Sequence[Upload]) -> list[Attachment]:
    """Stores the files of a message that was just written.

    The rows go with the transaction. Bytes of one that is rolled back stay behind under a random name which no row
    tells; nobody can reach them.
    """
    check_uploads(uploads)
    made = []
    for upload in uploads:
        kind = content_type(upload.content) or ""
        row = Attachment(message=message, name=clean_name(upload.name), content_type=kind, size=len(upload.content))
        row.file.save(f"{current_store().schema_name}/{row.id}.{KINDS[kind]}", ContentFile(upload.content), save=False)
        row.save()
        made.append(row)
    return made


def thumbnail(file: Attachment) -> BinaryIO:
    """The picture made small: drawn at the first look, then kept beside the file. The picture itself if it can't be."""
    storage, path = file.file.storage, PurePosixPath(str(file.file.name))
    small_path = str(path.parent / "small" / path.name)
    if not storage.exists(small_path):
        with file.file.open("rb") as whole:
            content = whole.read()
        try:
            storage.save(small_path, ContentFile(small(content, file.content_type)))
        except (NoPicture, Busy):
            return BytesIO(content)
    return cast(BinaryIO, storage.open(small_path, "rb"))


def content_type(content: bytes) -> str | None:
    """The type by the first bytes, or None where it is not one that we take."""
    kind = filetype.guess(content[:8192])
    return kind.mime if kind and kind.mime in KINDS else None
