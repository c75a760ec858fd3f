"""What is known of a ticket itself: the facts that an SOP's conditions ask for."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from tenants.context import current_store
from tickets.models import Attachment, Message, Ticket
from tickets.models.attachment import SHOWN

_HOUR = timedelta(hours=1)


def facts_of(ticket: Ticket, *, now: datetime) -> dict[str, object]:
    """By the names of knowledge.content.condition.FACTS. Inside the ticket's store; one query."""
    picture = Attachment.objects.filter(message=OuterRef("pk"), content_type__in=SHOWN)
    told = Message.objects.filter(ticket=ticket, kind=Message.Kind.BUYER).aggregate(
        messages=Count("pk"), pictures=Count("pk", filter=Q(Exists(picture)))
    )
    waits = now - ticket.waiting_since if ticket.waiting_since else timedelta()
    return {
        "category": ticket.category,
        "marketplace": current_store().marketplace,
        "channel": ticket.channel,
        "language": ticket.customer.language,
        "priority": ticket.priority,
        "openings": ticket.openings,
        "hours_open": round((now - ticket.opened_at) / _HOUR, 2),
        "hours_waiting": round(waits / _HOUR, 2),
        "messages": told["messages"],
        "has_picture": told["pictures"] > 0,
    }
