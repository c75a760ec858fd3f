"""use_item: an item of the library was used on a ticket."""

from __future__ import annotations

from datetime import datetime

from knowledge.models import Use
from tenants.context import current_store
from tenants.models import User


def use_item(item_id: int, *, ticket_number: int, person: User | None, now: datetime) -> None:
    """Counted inside the ticket's store, in the transaction of what was said. One insert."""
    Use.objects.create(store=current_store(), item_id=item_id, person=person, ticket_number=ticket_number, at=now)
