"""The gate to a ticket, its messages and its files. The only door to a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tenants.access import Action, Caller, may, require
from tenants.context import ask, current_store
from tenants.errors import NotFound
from tenants.models import Store
from tenants.models.people import without_secrets
from tenants.models.rows import columns, row, width
from tickets.models import Attachment, Customer, Message, Ticket

# Written out, because every frame of a desk passes here.
_TICKET = f"""
SELECT ticket.xmin::text, {columns(Ticket, "ticket")}, {columns(Customer, "customer")}
FROM tickets_ticket ticket JOIN tickets_customer customer ON customer.id = ticket.customer_id WHERE ticket.number = %s
"""
_LOCKED = f"{_TICKET} FOR NO KEY UPDATE OF ticket"


def ticket_for(caller: Caller, store: Store, number: int, action: Action, *, lock: bool = False) -> Ticket:
    """The ticket, inside its entered store, for one action. `store` comes from access.store_for.

    With `lock`, the row is held until the transaction ends: verbs want that. Without, `record` writes it only as it
    was read. Raises Forbidden, NotFound (`number`).
    """
    require(caller, store, action)
    if current_store().pk != store.pk:
        raise RuntimeError("the ticket's store is not the one that is entered")
    rows = ask(_LOCKED if lock else _TICKET, [number])
    if not rows:
        raise NotFound(field="number")
    version, *values = rows[0]
    ticket = row(Ticket, values[: width(Ticket)])
    ticket.customer = row(Customer, values[width(Ticket) :])
    ticket.version = None if lock else version
    return ticket


@contextmanager
def locked(caller: Caller, store: Store, number: int, action: Action) -> Iterator[Ticket]:
    """A transaction with the locked ticket, inside its entered store. What is done in it commits or is undone."""
    with transaction.atomic():
        yield ticket_for(caller, store, number, action, lock=True)


def buyers_ticket(customer: int, number: int) -> Ticket:
    """The buyer's own ticket, locked, inside the entered store; `customer` is of a visitor whose secret was shown.

    Raises NotFound.
    """
    # The customer first, as receive_message does.
    Customer.objects.select_for_update(no_key=True).filter(pk=customer).first()
    tickets = Ticket.objects.select_for_update(no_key=True, of=("self",)).select_related("customer")
    ticket = tickets.filter(pk=number, customer=customer).first()
    if ticket is None:
        raise NotFound(field="conversation")
    return ticket


def tickets_for(caller: Caller, store: Store, *, state: str = "") -> QuerySet[Ticket]:
    """The same gate as a queryset, inside the entered store."""
    require(caller, store, Action.VIEW)
    tickets = Ticket.objects.select_related("customer", "assignee").defer(*without_secrets("assignee"))
    return tickets.filter(state=state) if state else tickets


def messages_for(caller: Caller, store: Store, ticket: Ticket) -> QuerySet[Message]:
    """The messages that this reader may see, in order: notes only for those who may write them."""
    require(caller, store, Action.VIEW)
    messages = ticket.messages.select_related("author").defer(*without_secrets("author"))
    messages = messages.prefetch_related("attachments").order_by("seq")
    return messages if may_read_notes(caller, store) else messages.exclude(kind=Message.Kind.NOTE)


def attachment_for(caller: Caller, store: Store, attachment_id: UUID) -> Attachment:
    """A file, inside the entered store. One in a note is for those who may read notes. Raises NotFound."""
    require(caller, store, Action.VIEW)
    files = Attachment.objects.select_related("message").filter(pk=attachment_id)
    if not may_read_notes(caller, store):
        files = files.exclude(message__kind=Message.Kind.NOTE)
    file = files.first()
    if file is None or not file.file.storage.exists(str(file.file.name)):
        raise NotFound(field="attachment")
    return file


def may_read_notes(caller: Caller, store: Store) -> bool:
    return may(store, Action.NOTE)
