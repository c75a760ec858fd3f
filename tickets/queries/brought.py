"""What a hint brings along: what the other side of a chat would read, asked by whoever writes it, and gate and all.

Each is an expression for a statement that changes `ticket`, and so as true as its commit. Who hears it takes it only
where nothing lies between it and what they have; everybody else reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tenants.access import lets_in
from tenants.hearing import Brought
from tickets.channels import Channel

MOST_BROWSERS: Final = 10  # of a buyer, the latest; others look

# Of a chat, who has it, if they may see the store at this moment. Words of buyers are the same for whoever reads them.
HOLDER: Final = f"""CASE
  WHEN ticket.channel = '{Channel.WIDGET}' AND {lets_in("ticket.assignee_id")} THEN ticket.assignee_id
END"""

# Of a chat, what a buyer's look would find beside the answer itself; none for a conversation that is not the buyer's
# latest. Any browser of theirs may show it: `visitors`. %(author)s is who answers.
FOR_BUYER: Final = f"""(
  SELECT json_build_object(
    'visitors', (SELECT json_agg(id) FROM (
      SELECT id FROM tickets_visitor WHERE customer_id = ticket.customer_id AND expires_at > %(now)s
      ORDER BY created_at DESC LIMIT {MOST_BROWSERS}
    ) visitor),
    'conversation', chat.public_id,
    'widget_at', (SELECT changed_at FROM tickets_chatwidget WHERE is_on),
    'holder', CASE WHEN ticket.assignee_id IS NOT NULL THEN coalesce(holder.alias, '') END,
    'author', coalesce(author.alias, ''),
    'delivered', greatest(chat.desk_has, chat.desk_read),
    'read', chat.desk_read)
  FROM tickets_chat chat
  LEFT JOIN tenants_assignment holder ON holder.store_id = %(store)s AND holder.user_id = ticket.assignee_id
  LEFT JOIN tenants_assignment author ON author.store_id = %(store)s AND author.user_id = %(author)s
  WHERE chat.ticket_id = ticket.number AND NOT EXISTS (
    SELECT FROM tickets_ticket later WHERE later.customer_id = ticket.customer_id AND later.number > ticket.number)
    AND EXISTS (SELECT FROM tenants_store WHERE id = %(store)s AND state = 'open')
)"""


def for_holder(holder: int | None, item: Mapping[str, Any]) -> Brought | None:
    """For the desk of whoever has the chat: a buyer's word, as its frames have it."""
    return None if holder is None else {"for": holder, "item": item}


@dataclass(frozen=True)
class Answer:
    """For the buyer: an agent's answer, as its frames have it, and what stands beside it."""

    item: dict[str, Any]
    visitors: frozenset[UUID]
    conversation: UUID
    widget_at: datetime | None
    holder: str | None  # the alias of who has the chat, empty where they have none; None where nobody has it
    delivered: int  # how far we have the buyer's words
    read: int

    @classmethod
    def of(cls, brought: Brought) -> Answer:
        """From what `for_buyer` has made."""
        beside = brought["beside"]
        return cls(
            item=dict(brought["item"]),
            visitors=frozenset(map(UUID, beside["visitors"] or ())),
            conversation=UUID(beside["conversation"]),
            widget_at=datetime.fromisoformat(beside["widget_at"]) if beside["widget_at"] else None,
            holder=beside["holder"],
            delivered=beside["delivered"],
            read=beside["read"],
        )


def for_buyer(beside: Mapping[str, Any], item: Mapping[str, Any], *, store_name: str) -> Brought:
    """`beside` is what FOR_BUYER found. Buyers know agents by their alias, or the store's name."""
    return {"beside": beside, "item": {**item, "author": beside["author"] or store_name}}
