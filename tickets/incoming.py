"""What every door hands to receive_message: one buyer's message, whatever spoke it. Pure, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tickets.channels import Channel


@dataclass(frozen=True)
class Upload:
    """A file as it came in, not yet looked at."""

    name: str
    content: bytes


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
