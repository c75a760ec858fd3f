"""What can happen to a ticket, as far as time is measured. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    OPENED = "opened"  # by the buyer
    REOPENED = "reopened"  # by the buyer, or by a person who takes a closing back: then `person` says who
    SELLER_OPENED = "seller_opened"  # our side spoke first
    BUYER = "buyer"  # the buyer wrote
    HUMAN = "human"  # a person of ours wrote to the buyer
    BOT = "bot"  # an automatic word to the buyer; `is_bare`: only that theirs has arrived
    TRANSFERRED = "transferred"  # from `person` to somebody else
    CLOSED = "closed"  # by `person`, or by nobody: the buyer, or a rule
    BLOCKED = "blocked"  # the buyer was blocked


@dataclass(frozen=True)
class Happening:
    """`at` is by the buyer's or the marketplace's clock. Several at one time happened in the order of `place`."""

    kind: Kind
    at: datetime
    person: int | None = None
    is_bare: bool = False
    place: int = 0
