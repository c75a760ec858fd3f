"""Chats find somebody: those that ring are given, those of whoever is gone are taken back, each exactly once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tenants.access import Caller
from tenants.context import at, in_store
from tenants.hosts import Kind, Place
from tenants.models import Assignment, Membership, User
from tests.cast import NOON, Cast
from tests.scenes import buyer_writes, kinds_of
from tickets.actions.assign import assign
from tickets.actions.presence import heard_of_losses, set_presence, touch
from tickets.actions.reply import reply_to_ticket
from tickets.actions.take_back import take_back
from tickets.channels import Channel
from tickets.desk.models import Presence, QueueEntry
from tickets.models import Event, Ticket
from tickets.queries.presence import colleagues_present, presence_of
from tickets.routing.actions.give import give_waiting, take_back_stranded
from tickets.routing.models import Plan

RUNG = NOON + timedelta(seconds=11)


def at_desk(cast: Cast, person: User, *, at: datetime = NOON, status: str = "online") -> Caller:
    place = Place(Kind.AGENCY, "north.localhost", "North", cast.north.pk)
    caller = Caller(person, place)
    touch(caller, now=at)
    set_presence(caller, status, now=at)
    return caller


def new_agent(cast: Cast, name: str) -> User:
    person = User.objects.create_user(f"{name}@example.com", "x", name=name)
    Membership.objects.create(user=person, agency=cast.north, role="agent")
    Assignment.objects.create(user=person, store=cast.a, role="agent")
    return person


def chat(cast: Cast, buyer: str = "v:1", at: datetime = NOON) -> int:
    with in_store(cast.a):
        return buyer_writes(f"{buyer}:{at}", channel=Channel.WIDGET, customer_id=buyer, at=at).ticket_number


def holder(cast: Cast, number: int) -> int | None:
    return QueueEntry.objects.get(store=cast.a, ticket_number=number).assignee_id


# ---------------------------------------------------------------- given


def test_chat_that_nobody_accepts_is_given_after_ten_seconds(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    number = chat(cast)
    assert give_waiting(NOON + timedelta(seconds=9)) == 0
    assert give_waiting(RUNG) == 1
    assert holder(cast, number) == cast.bo.pk
    assert give_waiting(RUNG) == 0
    with in_store(cast.a):
        event = Event.objects.filter(ticket=number).order_by("-pk").first()
        assert (event.kind, event.actor, event.by) == (Event.Kind.ASSIGNED, None, "routing")


def test_the_least_busy_gets_it_and_nobody_more_than_they_can_carry(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    for person in (cast.bo, eve):
        at_desk(cast, person)
    most = Plan().most_chats
    numbers = [chat(cast, f"v:{n}") for n in range(2 * most + 1)]
    assert give_waiting(RUNG) == 2 * most
    held = [holder(cast, number) for number in numbers]
    assert (held.count(cast.bo.pk), held.count(eve.pk), held[-1]) == (most, most, None)


@pytest.mark.parametrize("who", ["away", "gone", "lead", "other store", "disabled"])
def test_who_is_not_there_is_given_nothing(cast: Cast, who: str) -> None:
    if who == "away":
        at_desk(cast, cast.bo, status="away")
    elif who == "gone":
        at_desk(cast, cast.bo, at=NOON - timedelta(seconds=30))
    elif who == "lead":
        at_desk(cast, cast.ann)
    elif who == "other store":
        at_desk(cast, cast.bo)
        Assignment.objects.filter(user=cast.bo).update(store=cast.b)
    else:
        at_desk(cast, cast.bo)
        User.objects.filter(pk=cast.bo.pk).update(is_active=False)
    number = chat(cast)
    assert give_waiting(RUNG) == 0
    assert holder(cast, number) is None


def test_a_chat_that_was_accepted_meanwhile_is_nobody_elses(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    number = chat(cast)
    with in_store(cast.a):
        assign(Ticket.objects.get(pk=number), to=cast.ann, by=cast.ann, now=NOON, was=None)
    assert give_waiting(RUNG) == 0
    assert holder(cast, number) == cast.ann.pk


# ---------------------------------------------------------------- taken back


def test_whoever_is_gone_for_a_minute_loses_their_chats_to_the_next(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    at_desk(cast, cast.bo)
    number = chat(cast)
    assert give_waiting(RUNG) == 1
    late = NOON + timedelta(seconds=60)
    at_desk(cast, eve, at=late)
    assert take_back_stranded(NOON + timedelta(seconds=59)) == 0
    assert take_back_stranded(late) == 1
    assert take_back_stranded(late) == 0
    assert holder(cast, number) == eve.pk
    with in_store(cast.a):
        assert kinds_of(Ticket.objects.get(pk=number))[-1] == Event.Kind.TAKEN_BACK
    back = at_desk(cast, cast.bo, at=late)
    assert presence_of(back).taken_back == 1
    heard_of_losses(back)
    assert presence_of(back).taken_back == 0


def test_with_nobody_there_it_rings_again(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    number = chat(cast)
    give_waiting(RUNG)
    assert take_back_stranded(NOON + timedelta(seconds=61)) == 1
    assert holder(cast, number) is None


def test_chat_that_has_long_been_still_stays_until_the_buyer_writes(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    number = chat(cast)
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=number)
        reply_to_ticket(ticket, author=cast.bo, body="好了", client_key="k", seen_seq=None, now=NOON)
    later = NOON + timedelta(minutes=11)
    assert take_back_stranded(later) == 0
    assert holder(cast, number) == cast.bo.pk
    chat(cast, at=later)
    assert take_back_stranded(later) == 1


def test_chat_that_was_handed_to_somebody_else_meanwhile_stays_theirs(cast: Cast) -> None:
    """The clock found it as Bo's; before the lock was had, Ann had taken it over."""
    eve = new_agent(cast, "Eve")
    at_desk(cast, cast.bo)
    number = chat(cast)
    assert give_waiting(RUNG) == 1
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=number)
        assign(ticket, to=cast.ann, by=cast.ann, now=RUNG)
        before = kinds_of(ticket)
        assert take_back(ticket, person=cast.bo.pk, to=eve, now=RUNG) is False
        assert Ticket.objects.get(pk=number).assignee_id == cast.ann.pk
        assert kinds_of(ticket) == before
    assert holder(cast, number) == cast.ann.pk


def test_other_channels_wait_for_their_agent(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    with in_store(cast.a):
        number = buyer_writes("t-1", channel=Channel.TMALL).ticket_number
        assign(Ticket.objects.get(pk=number), to=cast.bo, by=cast.bo, now=NOON)
    assert take_back_stranded(NOON + timedelta(hours=1)) == 0


def test_presence_says_what_one_said(cast: Cast) -> None:
    touch(Caller(cast.ann, Place(Kind.AGENCY, "north.localhost", "North", cast.north.pk)), now=NOON)
    assert Presence.objects.get(person=cast.ann).status == "away"  # a lead looks, and is given no chats
    bo = at_desk(cast, cast.bo)
    assert presence_of(bo).status == "online"
    set_presence(bo, "away", back_in=15, now=NOON)
    assert (presence_of(bo).status, presence_of(bo).back_at) == ("away", NOON + timedelta(minutes=15))
    touch(bo, now=NOON + timedelta(seconds=5))
    assert presence_of(bo).status == "away"  # being there is not taking chats


@pytest.mark.parametrize("who", ["member", "assignment", "disabled"])
def test_whoever_left_is_no_colleague_any_more(cast: Cast, who: str) -> None:
    at_desk(cast, cast.ann)
    at_desk(cast, cast.bo)
    with at(cast.caller(cast.ann).place):
        assert set(colleagues_present(cast.a, NOON)) == {cast.ann.pk, cast.bo.pk}
        assert set(colleagues_present(cast.b, NOON)) == {cast.ann.pk}  # Bo was given store A only
    if who == "member":
        Membership.objects.filter(user=cast.bo).delete()
    elif who == "assignment":
        Assignment.objects.filter(user=cast.bo).delete()
    else:
        User.objects.filter(pk=cast.bo.pk).update(is_active=False)
    with at(cast.caller(cast.ann).place):
        assert set(colleagues_present(cast.a, NOON)) == {cast.ann.pk}
