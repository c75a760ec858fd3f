"""Where a page of the queue ended, so that the next begins there whatever has moved since."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid
from tickets.desk.models import QueueEntry


@dataclass(frozen=True)
class QueueCursor:
    """Position in the order: most pressing first, then what waits for nobody, latest first. `pk` 0 is the beginning.

    The order is that of `at`, when the first page was asked for: time goes by between two pages, and what becomes
    overdue meanwhile would jump over the reader. `by_time`: the first page left the stores' headroom out of account.
    """

    at: datetime | None = None
    by_time: bool = False
    pressing: float | None = None
    last_message_at: datetime | None = None
    pk: int = 0

    @classmethod
    def behind(cls, entry: Any, at: datetime, *, by_time: bool) -> QueueCursor:
        """`entry`: a QueueEntry, annotated as `after` wants it."""
        return cls(at, by_time, entry.pressing, entry.last_message_at, entry.pk)

    @classmethod
    def read(cls, text: str) -> QueueCursor:
        if not text:
            return cls()
        try:
            at, by_time, place, last, pk = _decoded(text)
            return cls(_time(at), _choice(by_time), None if place is None else _place(place), _time(last), int(pk))
        except BROKEN as error:
            raise Invalid(NOT_OURS, field="cursor") from error

    def write(self) -> str:
        at, last = (stamp.timestamp() if stamp else None for stamp in (self.at, self.last_message_at))
        return _encoded([at, self.by_time, self.pressing, last, self.pk])

    def after(self, entries: QuerySet[QueueEntry]) -> QuerySet[QueueEntry]:
        """The entries behind this position, in order. They are annotated with `pressing`, of the cursor's `at`."""
        entries = entries.order_by(F("pressing").asc(nulls_last=True), "-last_message_at", "pk")
        if not self.pk:
            return entries
        behind = Q(last_message_at__lt=self.last_message_at) | Q(last_message_at=self.last_message_at, pk__gt=self.pk)
        if self.pressing is None:
            return entries.filter(behind, due_at__isnull=True)
        further = Q(pressing__gt=self.pressing) | Q(due_at__isnull=True)
        return entries.filter(further | (Q(pressing=self.pressing) & behind))


@dataclass(frozen=True)
class FoundCursor:
    """Position in what a search found: `search.Wanted.place` of a page's last ticket. Nothing is the beginning."""

    place: tuple[float, ...] = ()

    @classmethod
    def read(cls, text: str) -> FoundCursor:
        if not text:
            return cls()
        try:
            rank, latest, store, number = (_number(part) for part in _decoded(text))
            return cls((rank, latest, store, number))
        except BROKEN as error:
            raise Invalid(NOT_OURS, field="cursor") from error

    def write(self) -> str:
        return _encoded(self.place)


NOT_OURS = _("This cursor is not one of ours.")
BROKEN = (ValueError, TypeError, binascii.Error, OverflowError, OSError, RecursionError)


def _encoded(parts: Sequence[float | bool | None]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def _decoded(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text.encode()))


def _number(part: Any) -> float:
    """The number that it is. Raises TypeError for what only looks like one: true, "1"."""
    if isinstance(part, bool) or not isinstance(part, int | float):
        raise TypeError(part)
    return part


def _choice(part: Any) -> bool:
    if not isinstance(part, bool):
        raise TypeError(part)
    return part


def _place(part: Any) -> float:
    place = float(_number(part))
    if not math.isfinite(place):
        raise ValueError(place)
    return place


def _time(part: Any) -> datetime:
    stamp = _number(part)
    if not stamp > 0:
        raise ValueError(stamp)
    return datetime.fromtimestamp(stamp, UTC)
