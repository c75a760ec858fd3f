"""mark_read: how far each side of a chat has got. Never back, and never beyond what was written."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from tenants import live
from tenants.context import current_store
from tickets.desk.models import Outbox
from tickets.models import Ticket
from tickets.queries.chat import Talk

_DRAFT = "UPDATE tickets_chat SET draft = %s, draft_at = %s WHERE ticket_id = %s"
_BUYER = """
UPDATE tickets_chat SET buyer_has = greatest(buyer_has, %(has)s), buyer_read = greatest(buyer_read, %(read)s)
WHERE ticket_id = %(ticket)s AND (buyer_has < %(has)s OR buyer_read < %(read)s)
"""
_MESSAGES = """
UPDATE tickets_message SET delivery = CASE WHEN seq <= %(read)s THEN 'read' ELSE 'delivered' END
WHERE ticket_id = %(ticket)s AND (
  seq <= %(read)s AND delivery IN ('sent', 'delivered') OR seq <= %(has)s AND delivery = 'sent')
RETURNING id
"""
_DESK = """
UPDATE tickets_chat SET desk_has = greatest(desk_has, %(has)s), desk_read = greatest(desk_read, %(read)s)
WHERE ticket_id = %(ticket)s AND (desk_has < %(has)s OR desk_read < %(read)s)
"""


def buyer_saw(talk: Talk, *, delivered: int, read: int) -> None:
    """The buyer's browser has everything up to `delivered`, and they looked at it up to `read`.

    What has arrived needs no e-mail any more.
    """
    if talk.number is None:
        return
    read = min(read, talk.last_seq)
    values = {"ticket": talk.number, "has": max(min(delivered, talk.last_seq), read), "read": read}
    with connection.cursor() as cursor:
        cursor.execute(_BUYER, values)
        if not cursor.rowcount:
            return
        cursor.execute(_MESSAGES, values)
        arrived = [row[0] for row in cursor.fetchall()]
    if arrived:
        store = current_store()
        Outbox.objects.filter(store=store, message_id__in=arrived).update(next_try_at=None)
        live.announce_receipts(live.watchers_group(store.pk, talk.number), store.pk, talk.number)


def desk_saw(ticket: Ticket, *, has: int, read: int = 0) -> None:
    """A desk has the messages up to `has`, and an agent looked at them up to `read`."""
    values = {"ticket": ticket.pk, "has": max(min(has, ticket.last_seq), 0), "read": min(read, ticket.last_seq)}
    with connection.cursor() as cursor:
        cursor.execute(_DESK, values)
        if cursor.rowcount:
            store = current_store().pk
            live.announce_receipts(live.buyer_group(store, ticket.pk), store, ticket.pk)


def keep_draft(talk: Talk, text: str, *, now: datetime) -> None:
    """What stands in the buyer's box, where the store's agents may see it. Overwritten, and gone once it is sent."""
    if talk.number is not None:
        with connection.cursor() as cursor:
            cursor.execute(_DRAFT, [text, now, talk.number])
