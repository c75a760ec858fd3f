"""Two at the very same moment: each in a thread and a transaction of its own, the second in the middle of the first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Event as Signal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tenants.access import Action, Caller, store_for
from tenants.context import at, in_store
from tenants.fleet.owner import owner_connection
from tenants.hosts import Kind, Place, place_of
from tenants.models import Membership, Store, User
from tests.scenes import buyer_writes, in_a_thread
from tickets.actions import visit
from tickets.actions.assign import AssignedMeanwhile
from tickets.actions.close import close
from tickets.actions.receive import Received
from tickets.actions.reply import reply_to_ticket
from tickets.actions.transfer import transfer
from tickets.channels import Channel
from tickets.chat.desk import DeskSide
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


# ---------------------------------------------------------------- what is written without a lock meets somebody else


@pytest.fixture
def chat(real_store: Store) -> int:
    """An open chat of a buyer, really committed. Nothing of it is overdue, which would take the lock at once."""

    def begin() -> int:
        about: Any = {"channel": Channel.WIDGET, "customer_id": "v:1", "text": "在吗"}
        with in_store(real_store):
            return buyer_writes(**about, at=timezone.now()).ticket_number

    return in_a_thread(begin)


def in_transaction(store: Store, work: Callable[[], Any]) -> Callable[[Callable[[], None]], Any]:
    """`work` in a transaction of its own, which stays open until the second has come to wait for it."""

    def first(before_commit: Callable[[], None]) -> Any:
        with in_store(store), transaction.atomic():
            done = work()
            before_commit()
            return done

    return first


def of_chat(store: Store, number: int) -> tuple[list[str], int, str]:
    """What buyer and agents said, how often something was said twice, and the ticket's state."""

    def found() -> tuple[list[str], int, str]:
        with in_store(store):
            said = list(Message.objects.filter(ticket=number).exclude(kind="bot").values_list("body", flat=True))
            events = Event.objects.filter(ticket=number, kind__in=[Event.Kind.RECEIVED, Event.Kind.REPLIED])
            return said, events.count(), Ticket.objects.get(pk=number).state

    return in_a_thread(found)


def test_word_into_a_chat_that_is_closed_at_this_moment_opens_it_again(real_store: Store, chat: int) -> None:
    def close_it() -> None:
        close(Ticket.objects.select_for_update().get(pk=chat), by=None, now=timezone.now(), through="buyer")

    def write() -> Received:
        with in_store(real_store):
            return buyer_writes("x-2", "等等", channel=Channel.WIDGET, customer_id="v:1", at=timezone.now())

    _, received = at_once(in_transaction(real_store, close_it), write)
    assert isinstance(received, Received), received
    assert (received.ticket_number, received.is_new) == (chat, True)
    assert of_chat(real_store, chat) == (["在吗", "等等"], 2, "waiting")
    assert in_a_thread(write) == replace(received, is_new=False)  # the same once more


def answers(store: Store, number: int, seen: int, client_id: str = "answer-1") -> list[dict[str, Any]]:
    """An agent's, from a desk's socket."""
    ann, place = User.objects.get(email="ann@example.com"), place_of("north.localhost")
    assert place is not None
    about = {"store": store.pk, "ticket": number, "client_id": client_id, "text": "在的", "seen": seen}
    return DeskSide(Caller(ann, place)).answer({"type": "reply", **about})


def test_answer_to_a_chat_in_which_somebody_writes_at_this_moment_is_refused(real_store: Store, chat: int) -> None:
    def write() -> None:
        buyer_writes("x-2", "还在吗", channel=Channel.WIDGET, customer_id="v:1", at=timezone.now())

    _, told = at_once(in_transaction(real_store, write), lambda: answers(real_store, chat, seen=2))
    assert (told[0]["type"], told[0].get("code")) == ("refused", "ticket_moved_on"), told
    assert [item["text"] for item in told[0]["missed"]] == ["还在吗"]
    assert of_chat(real_store, chat) == (["在吗", "还在吗"], 2, "waiting")
    assert in_a_thread(lambda: answers(real_store, chat, seen=3))[0]["type"] == "sent"


def test_answer_that_is_said_twice_at_this_moment_is_one(real_store: Store, chat: int) -> None:
    ann = in_a_thread(lambda: User.objects.get(email="ann@example.com"))

    def say() -> None:
        ticket = Ticket.objects.select_for_update().get(pk=chat)
        about: Any = {"body": "在的", "client_key": "answer-1", "seen_seq": 2}
        reply_to_ticket(ticket, author=ann, now=timezone.now(), **about)

    said, told = at_once(in_transaction(real_store, say), lambda: answers(real_store, chat, seen=2))
    assert said is None, said
    assert (told[0]["type"], told[0].get("seq")) == ("sent", 3), told
    assert of_chat(real_store, chat) == (["在吗", "在的"], 2, "answered")
    assert in_a_thread(lambda: answers(real_store, chat, seen=3))[0]["seq"] == 3  # and a third time, later


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
