"""The gate to a file of articles that somebody uploaded: it is theirs alone."""

from __future__ import annotations

from uuid import UUID

from knowledge.models import ArticleUpload
from tenants.access import Caller
from tenants.errors import NotFound


def upload_for(caller: Caller, pk: UUID) -> ArticleUpload:
    """Raises NotFound."""
    found = ArticleUpload.objects.filter(pk=pk, agency=caller.place.agency_id, person=caller.person).first()
    if found is None:
        raise NotFound(field="upload")
    return found


def content_of(upload: ArticleUpload) -> bytes:
    """Raises NotFound where the file is gone: it was imported, or let be."""
    if not upload.file.storage.exists(str(upload.file.name)):
        raise NotFound(field="upload")
    with upload.file.open("rb") as file:
        return bytes(file.read())
