"""keep_upload, finish_upload, drop_upload: a file of articles between its look and its import."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from django.core.files.base import ContentFile

from knowledge.models import ArticleUpload
from tenants.files import clean_name
from tenants.models import User

KEPT: Final = timedelta(days=1)


def keep_upload(agency_id: int, *, name: str, content: bytes, person: User, now: datetime) -> ArticleUpload:
    """Kept for its uploader; what they have left lying for a day goes."""
    for old in ArticleUpload.objects.filter(agency=agency_id, person=person, uploaded_at__lt=now - KEPT):
        drop_upload(old)
    pk = uuid4()
    upload = ArticleUpload(id=pk, agency_id=agency_id, person=person, name=clean_name(name), uploaded_at=now)
    upload.file.save(f"library/{agency_id}/uploads/{pk}", ContentFile(content), save=False)
    upload.save(force_insert=True)
    return upload


def finish_upload(upload: ArticleUpload, *, result: Sequence[dict[str, Any]], now: datetime) -> None:
    """Its result stays for a day; the file goes."""
    upload.done_at, upload.result = now, list(result)
    upload.save(update_fields=["done_at", "result"])
    upload.file.storage.delete(str(upload.file.name))


def drop_upload(upload: ArticleUpload) -> None:
    upload.file.storage.delete(str(upload.file.name))
    upload.delete()
