"""What every door hands to receive_message: one buyer's message, whatever spoke it. Pure, frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid
from tickets.channels import Channel

MOST_FILES: Final = 10
MOST_BYTES: Final = 10 * 1024 * 1024
MOST_TOGETHER: Final = 30 * 1024 * 1024  # of a buyer's message from the widget: anybody may send one


class FileRefused(Invalid):
    code = "file_refused"


@dataclass(frozen=True)
class Upload:
    """A file as it came in, not yet looked at."""

    name: str
    content: bytes


def read_uploads(files: Sequence[UploadedFile[Any]]) -> tuple[Upload, ...]:
    """The files with their bytes; what is too many or too large is refused before it is read into memory."""
    if len(files) > MOST_FILES:
        raise FileRefused(_("Attach at most %(most)d files.") % {"most": MOST_FILES}, field="files")
    for file in files:
        if (file.size or 0) > MOST_BYTES:
            raise FileRefused(_("%(name)s is larger than 10 MB.") % {"name": (file.name or "")[-120:]}, field="files")
    return tuple(Upload(file.name or "file", file.read()) for file in files)


@dataclass(frozen=True)
class IncomingMessage:
    """`external_id` names the message on its channel, `customer_id` the buyer; both are the channel's own words."""

    channel: Channel
    external_id: str
    customer_id: str
    text: str
    customer_name: str = ""
    customer_email: str = ""
    language: str = ""  # zh or en, when the channel knows; otherwise read off the text
    subject: str = ""
    category: str = ""
    priority: int | None = None
    sent_at: datetime | None = None
    uploads: tuple[Upload, ...] = field(default_factory=tuple)
    card: dict[str, Any] | None = None  # the choice of an offer
