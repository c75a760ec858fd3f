"""What still has to reach a buyer."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from tenants.models import Store
from tickets.desk.models import Outbox


def mail_due_in(store: Store, now: datetime, *, at_once: int = 100) -> list[int]:
    """Ids of the store's outbox rows that we carry and that are due, longest due first."""
    due = _mail_due(now).filter(store=store).order_by("next_try_at")
    return list(due.values_list("pk", flat=True)[:at_once])


def stores_with_mail_due(now: datetime) -> list[int]:
    """What the reconciler nudges: stores whose outbox has something due that we carry ourselves."""
    return list(_mail_due(now).values_list("store_id", flat=True).distinct().order_by("store_id"))


def _mail_due(now: datetime) -> QuerySet[Outbox]:
    return Outbox.objects.filter(carried_by_us=True, next_try_at__isnull=False, next_try_at__lte=now)
