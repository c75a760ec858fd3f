"""Two at the very same moment: each in a thread and a transaction of its own, the second in the middle of the first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event as Signal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tenants.access import Action, Caller, store_for
from tenants.context import at, in_store
from tenants.fleet.owner import owner_connection
from tenants.hosts import Kind, Place
from tenants.models import Membership, Store, User
from tests.scenes import buyer_writes, in_a_thread
from tickets.actions import visit
from tickets.actions.assign import AssignedMeanwhile
from tickets.actions.transfer import transfer
from tickets.channels import Channel
from tickets.chat.visitor import Identity
from tickets.desk.models import QueueEntry
from tickets.models import Customer, Event, Message, Ticket, Visitor
from tickets.queries.chat import talk_of
from tickets.queries.gate import locked

PATIENCE = 20.0  # seconds
WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND pg_stat_activity.datname = current_database()
"""


def until_somebody_waits() -> None:
    """Returns once a transaction of this database waits for another."""
    ends = time.monotonic() + PATIENCE
    with owner_connection() as owner:
        while not owner.execute(WAITING).fetchone()[0]:  # type: ignore[index]
            assert time.monotonic() < ends, "nobody waited"
            time.sleep(0.01)


def at_once(first: Callable[[Callable[[], None]], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """What both came to, an error too. `first` is given what it calls before its commit: `second` has begun then."""
    begun = Signal()

    def middle() -> None:
        begun.set()
        until_somebody_waits()

    def late() -> Any:
        assert begun.wait(PATIENCE)
        return second()

    def outcome(work: Callable[[], Any]) -> Any:
        try:
            return in_a_thread(work)
        except Exception as error:  # it is what the test looks at
            return error

    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(outcome, partial(first, middle)), threads.submit(outcome, late)]
        return both[0].result(), both[1].result()


# ---------------------------------------------------------------- two leads hand one chat over


@pytest.fixture
def lee(real_store: Store) -> Iterator[User]:
    """Another lead of North, really committed."""

    def made() -> User:
        person = User.objects.create_user("lee@example.com", "x", name="Lee")
        Membership.objects.create(user=person, agency_id=real_store.agency_id, role="lead")
        return person

    def gone() -> None:
        with in_store(real_store):
            Event.objects.all().delete()
            Message.objects.filter(author=person).update(author=None)
            Ticket.objects.update(assignee=None)
            QueueEntry.objects.filter(assignee=person).update(assignee=None)

    person = in_a_thread(made)
    yield person
    in_a_thread(gone)
    with owner_connection() as owner:  # the ORM would look into store tables, which public does not have
        for table, column in (("tenants_membership", "user_id"), ("tenants_user", "id")):
            owner.execute(f"DELETE FROM {table} WHERE {column} = %s", [person.pk])  # type: ignore[arg-type]


def test_of_two_leads_who_hand_a_chat_over_at_once_one_does(real_store: Store, lee: User) -> None:
    ann = in_a_thread(lambda: User.objects.get(email="ann@example.com"))

    def begin() -> int:
        with in_store(real_store):
            return buyer_writes(channel=Channel.WIDGET, customer_id="v:1").ticket_number

    number = in_a_thread(begin)
    place = Place(Kind.AGENCY, "north.localhost", "North", real_store.agency_id)

    def hand_over(by: User, to: User, before_commit: Callable[[], None] = lambda: None) -> str:
        caller = Caller(by, place)
        words: Any = {"note": f"from {by}", "line": "", "client_key": f"by-{by}", "seen_seq": None, "was": None}
        with at(place):
            store = store_for(caller, real_store.slug, Action.ASSIGN)
            with in_store(store), locked(caller, store, number, Action.ASSIGN) as ticket:
                transfer(ticket, to=to, by=by, now=timezone.now(), **words)
                before_commit()
        return "done"

    one, other = at_once(partial(hand_over, ann, lee), partial(hand_over, lee, ann))
    assert one == "done"
    assert isinstance(other, AssignedMeanwhile), other
    assert other.details == {"assignee": "Lee"}

    def found() -> tuple[int | None, list[str], int]:
        with in_store(real_store):
            notes = list(Message.objects.filter(kind="note").values_list("body", flat=True))
            given = Event.objects.filter(ticket=number, kind=Event.Kind.ASSIGNED).count()
            return Ticket.objects.get(pk=number).assignee_id, notes, given

    assert in_a_thread(found) == (lee.pk, ["from Ann"], 1)  # nothing of the second is there


# ---------------------------------------------------------------- two browsers sign in as one buyer


def test_two_browsers_that_sign_in_at_once_are_one_buyer(real_store: Store) -> None:
    secrets = ("A" * 43, "B" * 43)

    def begin() -> None:
        with in_store(real_store):
            for secret in secrets:
                visit.write_down(secret, now=timezone.now())

    def sign_in(secret: str, before_commit: Callable[[], None] = lambda: None) -> str:
        with in_store(real_store), transaction.atomic():
            talk = talk_of(secret)
            assert talk is not None
            visit._identify(talk, Identity("42", "Lin"))
            before_commit()
        return "done"

    in_a_thread(begin)
    assert at_once(partial(sign_in, secrets[0]), partial(sign_in, secrets[1])) == ("done", "done")

    def found() -> tuple[int, int]:
        with in_store(real_store):
            known = Customer.objects.get(channel="widget", external_id="u:42")
            return Visitor.objects.filter(customer=known, is_identified=True).count(), Visitor.objects.count()

    assert in_a_thread(found) == (2, 2)
