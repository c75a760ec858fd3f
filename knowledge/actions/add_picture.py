"""add_picture: a picture comes into the library, drawn anew."""

from __future__ import annotations

import hashlib
from datetime import datetime
from io import BytesIO
from typing import Final
from uuid import uuid4

import filetype
from django.core.files.base import ContentFile
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from PIL import Image

from knowledge.models import Picture
from tenants.errors import Invalid, Unavailable
from tenants.files import clean_name
from tenants.images import Busy, NoPicture, drawn, small, type_of_drawn
from tenants.models import User

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_OF_AGENCY: Final = 4 * 1024**3  # bytes
_ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_TAKEN: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


class PictureRefused(Invalid):
    code = "picture_refused"


def add_picture(agency_id: int, *, name: str, content: bytes, author: User, now: datetime) -> Picture:
    """The picture as the library keeps it; the one that is there already, where it is the same.

    JPEG, PNG, WebP and GIF (its first frame) of at most 10 MB. Bytes of one that is rolled back stay behind under a
    random name which no row tells. Raises PictureRefused (`picture`), and Unavailable while too many are being drawn.
    """
    name = clean_name(name)
    mime = check_picture(name, content)
    try:
        whole, little = drawn(content, mime), small(content, mime)
    except Busy as error:
        raise Unavailable from error
    except NoPicture as error:
        raise PictureRefused(
            _("%(name)s is damaged or too large to be shown.") % {"name": name}, field="picture"
        ) from error
    digest = hashlib.sha256(whole).hexdigest()
    known = Picture.objects.filter(agency=agency_id, digest=digest).first()
    if known is not None:
        return known
    _check_room(agency_id, len(whole))
    return _keep(agency_id, name, type_of_drawn(mime), whole, little, digest, author, now)


def check_picture(name: str, content: bytes) -> str:
    """The type of a picture that may be added, read off its first bytes. Raises PictureRefused; costs nothing."""
    if not content:
        raise PictureRefused(_("%(name)s is empty.") % {"name": name}, field="picture")
    if len(content) > MOST_BYTES:
        raise PictureRefused(_("%(name)s is larger than 10 MB.") % {"name": name}, field="picture")
    kind = filetype.guess(content[:8192])
    if kind is None or kind.mime not in _TAKEN:
        raise PictureRefused(
            _("%(name)s is no picture that can be shown. JPEG, PNG, WebP and GIF are.") % {"name": name},
            field="picture",
        )
    return str(kind.mime)


def _check_room(agency_id: int, size: int) -> None:
    kept = Picture.objects.filter(agency=agency_id).aggregate(bytes=Sum("bytes"))["bytes"] or 0
    if kept + size > MOST_OF_AGENCY:
        raise PictureRefused(_("The library holds 4 GB of pictures, and they are used up."), field="picture")


def _keep(
    agency_id: int, name: str, mime: str, whole: bytes, little: bytes, digest: str, author: User, now: datetime
) -> Picture:
    pk = uuid4()
    with Image.open(BytesIO(whole)) as opened:
        width, height = opened.size
    picture = Picture(
        id=pk,
        agency_id=agency_id,
        name=name,
        mime=mime,
        bytes=len(whole),
        width=width,
        height=height,
        digest=digest,
        author=author,
        added_at=now,
    )
    picture.file.save(f"library/{agency_id}/{pk}.{_ENDINGS[mime]}", ContentFile(whole), save=False)
    picture.file.storage.save(picture.small_path, ContentFile(little))
    # Of two that come at once the second finds the first one's row.
    Picture.objects.bulk_create([picture], ignore_conflicts=True)
    return Picture.objects.get(agency=agency_id, digest=digest)
