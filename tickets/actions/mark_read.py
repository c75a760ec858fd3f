"""mark_read: how far each side of a chat has got. Never back, and never beyond what was written."""

from __future__ import annotations

from datetime import datetime

from tenants import live
from tenants.context import UNHURRIED, ask_unhurried, current_store
from tickets.models import Ticket
from tickets.queries.chat import Talk

_DRAFT = f"""
UPDATE tickets_chat SET draft = %(text)s, draft_at = %(now)s FROM {UNHURRIED} WHERE ticket_id = %(ticket)s
"""
# One statement, and so all of it or nothing: marks that moved without their messages would never be told again.
_BUYER = f"""
WITH marked AS (
  UPDATE tickets_chat SET buyer_has = greatest(buyer_has, %(has)s), buyer_read = greatest(buyer_read, %(read)s)
  FROM {UNHURRIED}
  WHERE ticket_id = %(ticket)s AND (buyer_has < %(has)s OR buyer_read < %(read)s)
  RETURNING ticket_id
), arrived AS (
  UPDATE tickets_message SET delivery = CASE WHEN seq <= %(read)s THEN 'read' ELSE 'delivered' END
  WHERE ticket_id = (SELECT ticket_id FROM marked) AND (
    seq <= %(read)s AND delivery IN ('sent', 'delivered') OR seq <= %(has)s AND delivery = 'sent')
  RETURNING id
), needs_no_mail AS (
  UPDATE desk_outbox SET next_try_at = NULL
  WHERE store_id = %(store)s AND message_id IN (SELECT id FROM arrived) AND next_try_at IS NOT NULL
)
SELECT EXISTS (SELECT FROM arrived)
"""
_DESK = f"""
UPDATE tickets_chat SET desk_has = greatest(desk_has, %(has)s), desk_read = greatest(desk_read, %(read)s)
FROM {UNHURRIED}
WHERE ticket_id = %(ticket)s AND (desk_has < %(has)s OR desk_read < %(read)s)
RETURNING ticket_id
"""


def buyer_saw(talk: Talk, *, delivered: int, read: int) -> None:
    """The buyer's browser has everything up to `delivered`, and they looked at it up to `read`.

    What has arrived needs no e-mail any more.
    """
    if talk.number is None:
        return
    store, read = current_store(), min(read, talk.last_seq)
    has = max(min(delivered, talk.last_seq), read)
    [(is_news,)] = ask_unhurried(_BUYER, {"store": store.pk, "ticket": talk.number, "has": has, "read": read})
    if is_news:
        live.announce_receipts(store, live.watchers_group(store.pk, talk.number), talk.number)


def desk_saw(ticket: Ticket, *, has: int, read: int = 0) -> None:
    """A desk has the messages up to `has`, and an agent looked at them up to `read`."""
    values = {"ticket": ticket.pk, "has": max(min(has, ticket.last_seq), 0), "read": min(read, ticket.last_seq)}
    if ask_unhurried(_DESK, values):
        store = current_store()
        live.announce_receipts(store, live.buyer_group(store.pk, ticket.pk), ticket.pk)


def keep_draft(talk: Talk, text: str, *, now: datetime) -> None:
    """What stands in the buyer's box, where the store's agents may see it. Overwritten, and gone once it is sent."""
    if talk.number is not None:
        ask_unhurried(_DRAFT, {"text": text, "now": now, "ticket": talk.number})
