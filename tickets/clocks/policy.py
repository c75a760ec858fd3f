"""How long a buyer may wait, per channel. Pure: no Django, no clock of its own.

The figures are PRODUCT.md §3 and §4: buyers of TikTok Shop expect a reply in 1.1 h, of Amazon in 4.2 h, of eBay in
6.0 h; chat on Taobao and Tmall is best under 30 s and measured at 3 min a round; complex matters within 24 h.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Clock(StrEnum):
    FIRST = "first"  # until the first human word after an opening
    NEXT = "next"  # until the human answer to a later question


@dataclass(frozen=True)
class Preset:
    """Goals of one channel, from the moment the buyer wrote."""

    first: timedelta
    next: timedelta
    charges_silence: bool = False  # a transfer without a word is an unanswered round of whoever hands over

    def due_at(self, clock: Clock, waiting_since: datetime) -> datetime:
        """When the buyer, waiting since then, has waited too long."""
        return waiting_since + (self.first if clock == Clock.FIRST else self.next)


_CHAT = Preset(first=timedelta(seconds=30), next=timedelta(minutes=3), charges_silence=True)

PRESETS: dict[str, Preset] = {
    "tiktok_shop": Preset(first=timedelta(hours=1.1), next=timedelta(hours=1.1)),
    "tmall": _CHAT,
    "taobao": _CHAT,
    "douyin": _CHAT,
    "widget": Preset(first=timedelta(seconds=30), next=timedelta(seconds=60)),
    "amazon": Preset(first=timedelta(hours=4.2), next=timedelta(hours=4.2)),
    "ebay": Preset(first=timedelta(hours=6), next=timedelta(hours=6)),
    "email": Preset(first=timedelta(hours=24), next=timedelta(hours=24)),
}
