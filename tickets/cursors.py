"""Where a page of the queue ended, so that the next begins there whatever has moved since."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime

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
            due, last, pk = json.loads(base64.urlsafe_b64decode(text.encode()))
            return cls(due and _time(due), _time(last), int(pk))
        except (ValueError, TypeError, binascii.Error, OverflowError, RecursionError) as error:
            raise Invalid(_("This cursor is not one of ours."), field="cursor") from error

    def write(self) -> str:
        parts = [stamp and stamp.timestamp() for stamp in (self.due_at, self.last_message_at)]
        return base64.urlsafe_b64encode(json.dumps([*parts, self.pk]).encode()).decode()

    def after(self, entries: QuerySet[QueueEntry]) -> QuerySet[QueueEntry]:
        """The entries behind this position, most urgent first."""
        entries = entries.order_by(F("due_at").asc(nulls_last=True), "-last_message_at", "pk")
        if not self.pk:
            return entries
        behind = Q(last_message_at__lt=self.last_message_at) | Q(last_message_at=self.last_message_at, pk__gt=self.pk)
        if self.due_at is None:
            return entries.filter(behind, due_at__isnull=True)
        return entries.filter(Q(due_at__gt=self.due_at) | Q(due_at__isnull=True) | (Q(due_at=self.due_at) & behind))


def _time(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
