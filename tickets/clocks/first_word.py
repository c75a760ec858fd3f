"""Whether a seller may write first, after a conversation has ended. Pure: no Django, no clock of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final


@dataclass(frozen=True)
class Limit:
    """A marketplace lets a seller write first so long after the last conversation, or after an order."""

    after_conversation: timedelta
    after_order: timedelta


# TikTok Shop's customer service rules. What is not here sets no such limit that we know of.
LIMITS: Final = {"tiktok_shop": Limit(timedelta(days=30), timedelta(days=60))}


def may_write_first(
    channel: str, *, last_conversation: datetime, last_order: datetime | None = None, now: datetime
) -> bool:
    """`last_order` None: of no order is known, and none is assumed."""
    limit = LIMITS.get(channel)
    if limit is None or now - last_conversation <= limit.after_conversation:
        return True
    return last_order is not None and now - last_order <= limit.after_order
