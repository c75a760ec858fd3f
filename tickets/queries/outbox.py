"""What still has to reach a buyer."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from tenants.access import Action, Caller, require
from tenants.context import in_store
from tenants.models import Store
from tickets.desk.models import Outbox
from tickets.models import Message
from tickets.rows import AttachmentRow, OutgoingRow


def mail_due(now: datetime) -> QuerySet[Outbox]:
    """What we carry and may try now. A message waits for every earlier one of its ticket that still waits."""
    earlier = Outbox.objects.filter(
        store=OuterRef("store"),
        ticket_number=OuterRef("ticket_number"),
        message_id__lt=OuterRef("message_id"),
        next_try_at__isnull=False,
    )
    due = Outbox.objects.filter(carried_by_us=True, next_try_at__isnull=False, next_try_at__lte=now)
    return due.filter(~Exists(earlier))


def mail_due_in(store: Store, now: datetime, *, at_once: int = 100) -> list[int]:
    """Ids of the store's outbox rows that we carry and that are due, earliest message first."""
    due = mail_due(now).filter(store=store).order_by("message_id")
    return list(due.values_list("pk", flat=True)[:at_once])


def stores_with_mail_due(now: datetime) -> list[int]:
    """What the reconciler nudges: open stores whose outbox has something due that we carry ourselves."""
    due = mail_due(now).filter(store__state=Store.State.OPEN)
    return list(due.values_list("store_id", flat=True).distinct().order_by("store_id"))


def outgoing_page(caller: Caller, store: Store, *, after: int, limit: int) -> list[OutgoingRow]:
    """What waits for the store's connector behind message `after`, earliest first. Enters the store by itself.

    `store` comes from access.store_for. Raises Forbidden.
    """
    require(caller, store, Action.DELIVER)
    waiting = Outbox.objects.filter(store=store, next_try_at__isnull=False, carried_by_us=False, message_id__gt=after)
    ids = list(waiting.order_by("message_id").values_list("message_id", flat=True)[:limit])
    with in_store(store):
        messages = Message.objects.select_related("ticket__customer").prefetch_related("attachments")
        return [_outgoing_row(message) for message in messages.filter(pk__in=ids).order_by("pk")]


def _outgoing_row(message: Message) -> OutgoingRow:
    return OutgoingRow(
        id=message.pk,
        ticket=message.ticket_id,
        seq=message.seq,
        channel=message.ticket.channel,
        customer=message.ticket.customer.external_id,
        kind=message.kind,
        body=message.body,
        attachments=tuple(
            AttachmentRow(str(file.pk), file.name, file.content_type, file.size, file.is_image)
            for file in message.attachments.all()
        ),
    )
