"""Where a page of the queue ended, so that the next begins there whatever has moved since."""

from __future__ import annotations

import base64
import binascii
import json
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
    """Position in the order: due first, then what waits for nobody, latest first. `pk` 0 is the beginning."""

    due_at: datetime | None = None
    last_message_at: datetime | None = None
    pk: int = 0

    @classmethod
    def at(cls, entry: QueueEntry) -> QueueCursor:
        return cls(entry.due_at, entry.last_message_at, entry.pk)

    @classmethod
    def read(cls, text: str) -> QueueCursor:
        if not text:
            return cls()
        try:
            due, last, pk = _decoded(text)
            return cls(None if due is None else _time(due), _time(last), int(pk))
        except BROKEN as error:
            raise Invalid(NOT_OURS, field="cursor") from error

    def write(self) -> str:
        stamps = [stamp.timestamp() if stamp else None for stamp in (self.due_at, self.last_message_at)]
        return _encoded([*stamps, self.pk])

    def after(self, entries: QuerySet[QueueEntry]) -> QuerySet[QueueEntry]:
        """The entries behind this position, most urgent first."""
        entries = entries.order_by(F("due_at").asc(nulls_last=True), "-last_message_at", "pk")
        if not self.pk:
            return entries
        behind = Q(last_message_at__lt=self.last_message_at) | Q(last_message_at=self.last_message_at, pk__gt=self.pk)
        if self.due_at is None:
            return entries.filter(behind, due_at__isnull=True)
        return entries.filter(Q(due_at__gt=self.due_at) | Q(due_at__isnull=True) | (Q(due_at=self.due_at) & behind))


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


def _encoded(parts: Sequence[float | None]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def _decoded(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text.encode()))


def _number(part: Any) -> float:
    """The number that it is. Raises TypeError for what only looks like one: true, "1"."""
    if isinstance(part, bool) or not isinstance(part, int | float):
        raise TypeError(part)
    return part


def _time(part: Any) -> datetime:
    stamp = _number(part)
    if not stamp > 0:
        raise ValueError(stamp)
    return datetime.fromtimestamp(stamp, UTC)
