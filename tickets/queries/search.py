"""Finding tickets by number, buyer or words, in the stores that one may see. One UNION, no other server."""

from __future__ import annotations

from collections.abc import Sequence

from tenants.access import Action, may
from tenants.context import read_across
from tenants.models import Store
from tickets.desk.models import QueueEntry

FOUND_AT_MOST = 200  # of each store, and in all

_FIND = """
SELECT {store}, t.number, t.state, t.priority, t.channel, t.category, t.assignee_id, t.last_seq, t.last_message_at
FROM {schema}.tickets_ticket t JOIN {schema}.tickets_customer c ON c.id = t.customer_id
WHERE t.number = %s OR c.name ILIKE %s OR c.external_id ILIKE %s OR c.email ILIKE %s OR t.subject ILIKE %s
   OR EXISTS (SELECT FROM {schema}.tickets_message m WHERE m.ticket_id = t.number AND m.body ILIKE %s"""
_WITHOUT_NOTES = " AND m.kind <> 'note'"
_LATEST = f") ORDER BY t.state = 'closed', t.last_message_at DESC LIMIT {FOUND_AT_MOST}"
_FIELDS = ("ticket_number", "state", "priority", "channel", "category", "assignee_id", "last_seq", "last_message_at")


def find_tickets(stores: Sequence[Store], text: str) -> list[QueueEntry]:
    """Tickets whose number, buyer or words match, as unsaved entries: open ones first, of each store the latest.

    `stores` come from the gate. Notes are searched only where the role on the store may read them.
    """
    text = text.strip().replace("\x00", "")[:200]
    digits = text.lstrip("#")
    number = int(digits) if digits.isascii() and digits.isdigit() else -1
    like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    found = []
    for with_notes in (True, False):
        here = [store for store in stores if may(store, Action.NOTE) == with_notes]
        query = _FIND + ("" if with_notes else _WITHOUT_NOTES) + _LATEST
        found += read_across(here, query, [min(number, 2**62), like, like, like, like, like])
    entries = [QueueEntry(store_id=row[0], **dict(zip(_FIELDS, row[1:], strict=True))) for row in found]
    return sorted(entries, key=lambda entry: entry.state == "closed")[:FOUND_AT_MOST]
