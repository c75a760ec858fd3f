"""What happens in many tests, said in one line each: a buyer writes, a program works in real transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Thread
from typing import Any, TypeVar

from tenants.context import as_operator, connection, in_store
from tenants.fleet.owner import owner_connection
from tenants.models import Store
from tests.cast import NOON
from tickets.actions.receive import Received, receive_message
from tickets.channels import Channel
from tickets.desk.models import Delivery, Outbox, QueueEntry
from tickets.incoming import IncomingMessage
from tickets.models import Attachment, Customer, Event, Message, Ticket
from tickets.timers.actions.tick import tick
from tickets.timers.actions.work import work
from tickets.timers.models import Fired

T = TypeVar("T")


def buyer_writes(
    key: str = "x-1",
    text: str = "什么时候发货？",
    *,
    at: datetime = NOON,
    channel: Channel = Channel.TMALL,
    **more: Any,
) -> Received:
    """In the entered store."""
    incoming = IncomingMessage(
        **{"channel": channel, "external_id": key, "customer_id": "new-buyer", "text": text, **more}
    )
    return receive_message(incoming, now=at)


def waiting_ticket(**more: Any) -> Ticket:
    """A ticket whose buyer waits since NOON, in the entered store."""
    return Ticket.objects.get(pk=buyer_writes(**more).ticket_number)


def entry_of(ticket: Ticket) -> QueueEntry | None:
    store = connection.tenant
    return QueueEntry.objects.filter(store_id=store.pk, ticket_number=ticket.number).first()


def clock_ticks(store: Store, at: datetime) -> list[str]:
    """The clock looks at the store's tickets at this time, and does what came due. What it was, in no order."""
    tick(at, store=store.pk)
    fired = list(Fired.objects.filter(store=store).values_list("what", flat=True))
    work(store, now=at)
    return fired


def kinds_of(ticket: Ticket) -> list[str]:
    """The ticket's history as event kinds, oldest first."""
    return list(ticket.events.order_by("pk").values_list("kind", flat=True))


@contextmanager
def left() -> Iterator[None]:
    """Out of the entered store for a while, as doors and jobs begin; then in it again."""
    store, scope = connection.tenant, connection.scope
    connection.enter(scope.within or scope)
    try:
        yield
    finally:
        connection.enter(scope, store)


def in_a_thread(work: Callable[[], T]) -> T:
    """Runs `work` on a connection of its own, with real commits: what a test's transaction can't show."""
    came: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with as_operator():
                came.append(work())
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return came[0]


Snapshot = dict[str, tuple[Any, ...]]
TABLES = (Customer, Ticket, Message, Attachment, Event)


def snapshot(*stores: Store) -> Snapshot:
    """How much there is in each store and what its first ticket looks like, with its public rows. From public."""
    found: Snapshot = {}
    for store in stores:
        with in_store(store), connection.cursor() as cursor:
            counts = ", ".join(f"(SELECT count(*) FROM {model._meta.db_table})" for model in TABLES)
            cursor.execute(
                f"SELECT {counts}, (SELECT coalesce(sum(last_seq), 0) FROM tickets_ticket),"
                " (SELECT string_agg(concat_ws('/', number, state, assignee_id, last_seq, openings), ',' ORDER BY"
                " number) FROM tickets_ticket), (SELECT string_agg(concat(id, delivery), ',' ORDER BY id) FROM"
                " tickets_message), (SELECT count(*) FROM desk_queueentry WHERE store_id = %s),"
                " (SELECT count(*) FROM desk_delivery WHERE store_id = %s),"
                " (SELECT string_agg(concat_ws('/', message_id, attempts, next_try_at), ',' ORDER BY id) FROM"
                " desk_outbox WHERE store_id = %s)",
                [store.pk] * 3,
            )
            found[store.slug] = cursor.fetchone()
    return found


forgotten: list[str] = []  # schemas without a store; they and their roles go with the test database


def drop_forgotten() -> None:
    """Where no transaction of a test is open."""
    with owner_connection() as owner:
        for schema in forgotten:
            owner.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
            owner.execute(f'DROP ROLE IF EXISTS "{schema}"')
    forgotten.clear()


def forget(store: Store) -> None:
    """Takes the rows of a store that was really committed out of public again.

    Its schema stays: dropping it would wait for every transaction that has read the people its tables refer to, and
    the test itself is one.
    """
    forgotten.append(store.schema_name)
    for model in (QueueEntry, Delivery, Outbox, Fired):
        model.objects.filter(store=store).delete()
    Store.objects.filter(pk=store.pk).delete()
