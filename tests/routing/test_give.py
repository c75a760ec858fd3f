"""Giving through the real database: whom the roster, skills and capacity leave, bursts, several clocks at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.access import Action, store_for
from tenants.context import at, in_store
from tenants.fleet.owner import owner_connection
from tenants.models import Assignment, Membership, Store, User
from tests.cast import NOON, Cast
from tests.chat.test_take_back import at_desk, chat, holder, new_agent
from tests.scenes import buyer_writes, in_a_thread
from tickets.actions.assign import assign
from tickets.actions.close import close
from tickets.actions.note import add_note
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.clocks.routing import Waiting, Why
from tickets.desk.models import Presence, QueueEntry
from tickets.models import Event, Ticket
from tickets.queries.conversation import conversation_for
from tickets.roster.actions.skills import set_skills
from tickets.roster.models import Shift
from tickets.routing.actions import give
from tickets.routing.actions.give import give_waiting, take_back_stranded
from tickets.routing.models import Plan, Rule
from tickets.routing.queries import team, waiting

RUNG = NOON + timedelta(seconds=11)
HOUR = timedelta(hours=1)


def plan(cast: Cast, **values: Any) -> Plan:
    return Plan.objects.create(agency=cast.north, **values)


def shift(cast: Cast, person: User, store: Store | None, begins: datetime = NOON - HOUR) -> None:
    Shift.objects.create(
        agency=cast.north, person=person, store=store, begins_at=begins, ends_at=begins + 8 * HOUR, time_zone="UTC"
    )


def skilled(cast: Cast, person: User, *, capacity: dict[str, int] | None = None, **skills: list[str]) -> None:
    member = Membership.objects.get(user=person)
    set_skills(member, skills=skills, capacity=capacity or {}, by=cast.ann, now=NOON)


def tmall(store: Store, key: str = "t-1", at: datetime = NOON) -> int:
    with in_store(store):
        return buyer_writes(key, channel=Channel.TMALL, customer_id=key, at=at).ticket_number


def told(store: Store, number: int) -> dict[str, Any]:
    with in_store(store):
        event = Event.objects.filter(ticket=number, kind=Event.Kind.ASSIGNED).order_by("-pk").first()
        return event.after if event else {}


# ---------------------------------------------------------------- who


def test_only_those_on_duty_where_there_is_a_roster(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    at_desk(cast, cast.bo)
    at_desk(cast, eve)
    shift(cast, eve, cast.a)
    numbers = [chat(cast, f"v:{n}") for n in range(3)]
    assert give_waiting(RUNG) == 3
    assert {holder(cast, number) for number in numbers} == {eve.pk}


def test_a_lead_on_duty_and_a_shift_elsewhere_send_no_agent_home(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    shift(cast, cast.ann, None)
    shift(cast, cast.bo, cast.b)  # where Bo was given nothing
    number = chat(cast)
    assert give_waiting(RUNG) == 1
    assert holder(cast, number) == cast.bo.pk


def test_somebody_whose_shift_is_over_gets_nothing_while_others_work(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    at_desk(cast, cast.bo)
    shift(cast, cast.bo, None, NOON - 8 * HOUR)  # ends at NOON
    shift(cast, eve, cast.a)  # who is at no desk
    chat(cast)
    assert give_waiting(RUNG) == 0


def test_who_became_a_lead_is_given_nothing_and_sends_no_agent_home(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    for person in (cast.bo, eve):
        at_desk(cast, person)
    Membership.objects.filter(user=eve).update(role="lead")  # what she was given as an agent stays
    shift(cast, eve, cast.a)
    numbers = [chat(cast, f"v:{n}") for n in range(2)]
    assert give_waiting(RUNG) == 2
    assert {holder(cast, number) for number in numbers} == {cast.bo.pk}


def test_skills_and_capacity_count_and_the_history_says_why(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    for person in (cast.bo, eve):
        at_desk(cast, person)
    skilled(cast, cast.bo, language=["th"])
    skilled(cast, eve, language=["zh"], capacity={"widget": 2})
    numbers = [chat(cast, f"v:{n}") for n in range(3)]
    QueueEntry.objects.filter(ticket_number__in=numbers, store=cast.a).update(language="zh")
    assert give_waiting(RUNG) == 2
    assert [holder(cast, number) for number in numbers] == [eve.pk, eve.pk, None]
    assert told(cast.a, numbers[0]) == {"assignee": eve.pk, "why": Why.SKILL.value}


def test_a_rule_gives_to_those_it_names(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    for person in (cast.bo, eve):
        at_desk(cast, person)
    chat(cast, "v:0")
    give_waiting(RUNG)  # Bo is busier now
    Rule.objects.create(agency=cast.north, name="青禾", stores=[cast.a.pk], pool=[cast.bo.pk], after_s=5)
    number = chat(cast, "v:1")
    assert give_waiting(NOON + timedelta(seconds=4)) == 0
    assert give_waiting(NOON + timedelta(seconds=5)) == 1
    assert holder(cast, number) == cast.bo.pk
    assert told(cast.a, number) == {"assignee": cast.bo.pk, "why": "pool", "rule": "青禾"}
    ann = cast.caller(cast.ann)
    with at(ann.place):
        history = conversation_for(ann, store_for(ann, "store-a", Action.VIEW), number).history
    assert history[0].text == "Given to Bo, whom the rule “青禾” names"


def test_who_answered_last_gets_it_again(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    for person in (cast.bo, eve):
        at_desk(cast, person)
    number = chat(cast)
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=number)
        reply_to_ticket(ticket, author=eve, body="好的", client_key="k", seen_seq=None, now=NOON)
        ticket = Ticket.objects.get(pk=number)
        if ticket.assignee_id:
            assign(ticket, to=None, by=cast.ann, now=NOON)
    chat(cast, at=NOON + timedelta(seconds=1))
    assert give_waiting(RUNG + timedelta(seconds=1)) == 1
    assert holder(cast, number) == eve.pk
    assert told(cast.a, number)["why"] == "last"


def test_a_buyer_who_opens_another_ticket_gets_whoever_answered_them_last(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    with in_store(cast.a):
        for n, person in enumerate((cast.bo, eve)):
            at = NOON - timedelta(days=60 - 30 * n)
            number = buyer_writes(f"v{n}", channel=Channel.WIDGET, customer_id="v:1", at=at).ticket_number
            reply_to_ticket(
                Ticket.objects.get(pk=number), author=person, body="好的", client_key="k", seen_seq=None, now=at
            )
            add_note(Ticket.objects.get(pk=number), author=cast.bo, body="老客户", client_key="n", now=at)
            close(Ticket.objects.get(pk=number), by=cast.ann, now=at)
    for person in (cast.bo, eve):
        at_desk(cast, person)
    first, second = chat(cast, "v:1"), chat(cast, "v:2")
    assert QueueEntry.objects.get(store=cast.a, ticket_number=first).last_agent_id == eve.pk
    assert QueueEntry.objects.get(store=cast.a, ticket_number=second).last_agent_id is None
    assert give_waiting(RUNG) == 2
    assert holder(cast, first) == eve.pk
    assert told(cast.a, first)["why"] == "last"


def test_only_the_certified_are_given_what_asks_for_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    eve = new_agent(cast, "Eve")
    for person in (cast.bo, eve):
        at_desk(cast, person)
    numbers = [chat(cast, f"v:{n}") for n in range(3)]
    monkeypatch.setattr(team, "certified_in", lambda _stores: {cast.a.pk: frozenset()})
    assert give_waiting(RUNG) == 0
    monkeypatch.setattr(team, "certified_in", lambda _stores: {cast.a.pk: frozenset({eve.pk}), cast.b.pk: None})
    assert give_waiting(RUNG) == 3
    assert {holder(cast, number) for number in numbers} == {eve.pk}


# ---------------------------------------------------------------- what


def test_other_channels_are_given_where_the_agency_says_so(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    number = tmall(cast.a)
    assert give_waiting(RUNG) == 0
    plan(cast, channels=["tmall"], most_others=1)
    chat(cast)
    assert give_waiting(RUNG) == 1  # the chat is everybody's to take now
    assert holder(cast, number) == cast.bo.pk
    tmall(cast.a, "t-2")
    assert give_waiting(RUNG) == 0  # one is what Bo takes
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=number)
        reply_to_ticket(ticket, author=cast.bo, body="好的", client_key="k", seen_seq=None, now=RUNG)
    assert give_waiting(RUNG) == 1  # what waits for the buyer is no load


def test_what_is_snoozed_is_left_alone(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    number = chat(cast)
    QueueEntry.objects.filter(store=cast.a, ticket_number=number).update(snoozed_until=NOON + HOUR)
    assert give_waiting(RUNG) == 0


def test_a_burst_in_one_store_starves_no_other(cast: Cast) -> None:
    Assignment.objects.create(user=cast.bo, store=cast.b, role="agent")
    at_desk(cast, cast.bo)
    plan(cast, most_chats=6)
    burst = [chat(cast, f"v:{n}", NOON - timedelta(minutes=5)) for n in range(12)]
    with in_store(cast.b):
        small = [
            buyer_writes(f"s:{n}", channel=Channel.WIDGET, customer_id=f"s:{n}", at=NOON).ticket_number
            for n in range(3)
        ]
    assert give_waiting(RUNG) == 6
    got = Counter(QueueEntry.objects.filter(assignee=cast.bo).values_list("store_id", flat=True))
    assert got == {cast.a.pk: 3, cast.b.pk: len(small)}
    assert [holder(cast, number) for number in burst].count(cast.bo.pk) == 3


def test_who_works_for_two_agencies_has_room_once(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    Membership.objects.create(user=cast.bo, agency=cast.south, role="agent")
    Assignment.objects.create(user=cast.bo, store=cast.c, role="agent")
    Presence.objects.create(person=cast.bo, agency=cast.south, status="online", seen_at=NOON)
    for agency in (cast.north, cast.south):
        Plan.objects.create(agency=agency, most_chats=1)
    chat(cast)
    with in_store(cast.c):
        buyer_writes("c:1", channel=Channel.WIDGET, customer_id="c:1", at=NOON)
    assert give_waiting(RUNG) == 1


def two_stores(cast: Cast) -> tuple[list[int], int]:
    """Five chats of store A, then one of store B. Bo works for both."""
    Assignment.objects.create(user=cast.bo, store=cast.b, role="agent")
    at_desk(cast, cast.bo)
    mine = [chat(cast, f"v:{n}") for n in range(5)]
    with in_store(cast.b):
        other = buyer_writes("s:1", channel=Channel.WIDGET, customer_id="s:1", at=NOON).ticket_number
    return mine, other


def test_a_store_in_trouble_keeps_back_no_other_and_is_tried_twice_a_tick(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mine, other = two_stores(cast)
    locked, tried = give._locked, []

    def broken(wanted: Waiting) -> Ticket | None:
        tried.append(wanted.store)
        if wanted.store == cast.a.pk:
            raise OperationalError
        return locked(wanted)

    monkeypatch.setattr(give, "_locked", broken)
    monkeypatch.setattr(give, "MOST_AT_ONCE", 3)  # what is left out takes no room from the others
    assert give_waiting(RUNG) == 1
    assert QueueEntry.objects.get(store=cast.b, ticket_number=other).assignee_id == cast.bo.pk
    assert tried.count(cast.a.pk) == 2
    assert [record.levelname for record in caplog.records if "in trouble" in record.message] == ["ERROR"]
    monkeypatch.undo()
    assert give_waiting(RUNG) == 5
    assert {holder(cast, number) for number in mine} == {cast.bo.pk}


def test_a_store_in_trouble_keeps_nobody_s_with_who_is_gone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = two_stores(cast)
    assert give_waiting(RUNG) == 6
    locked, tried = give._locked, []

    def broken(wanted: Waiting) -> Ticket | None:
        tried.append(wanted.store)
        if wanted.store == cast.a.pk:
            raise OperationalError
        return locked(wanted)

    monkeypatch.setattr(give, "_locked", broken)
    assert take_back_stranded(NOON + timedelta(seconds=61)) == 1
    assert QueueEntry.objects.get(store=cast.b, ticket_number=other).assignee_id is None
    assert tried.count(cast.a.pk) == 2
    assert {holder(cast, number) for number in mine} == {cast.bo.pk}


def test_a_ticket_that_is_gone_stops_nobody(cast: Cast) -> None:
    mine, _other = two_stores(cast)
    QueueEntry.objects.filter(store=cast.a, ticket_number=mine[0]).update(ticket_number=10**6)
    assert give_waiting(RUNG) == 5
    assert take_back_stranded(NOON + timedelta(seconds=61)) == 5


def test_a_round_reads_as_much_however_many_wait(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(give, "_give", lambda *_: 1)
    for person in (cast.bo, new_agent(cast, "Eve")):
        at_desk(cast, person)
    chat(cast)

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            give_waiting(RUNG)
        return len([one for one in queries if not one["sql"].startswith(("SET", "SELECT set_config"))])

    few = counted()
    for n in range(8):
        chat(cast, f"v:{n}")
    assert counted() == few <= 10


# ---------------------------------------------------------------- taken back


def test_other_channels_go_to_a_colleague_where_the_agency_wants_it(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    at_desk(cast, cast.bo)
    number = tmall(cast.a)
    with in_store(cast.a):
        assign(Ticket.objects.get(pk=number), to=cast.bo, by=cast.bo, now=NOON)
    mine = plan(cast, take_back_others_min=30, take_back_s=20)
    assert take_back_stranded(NOON + timedelta(minutes=31)) == 0  # nobody else is there
    at_desk(cast, eve, at=NOON + timedelta(minutes=29))
    assert take_back_stranded(NOON + timedelta(minutes=29)) == 0
    at_desk(cast, eve, at=NOON + timedelta(minutes=30))
    assert take_back_stranded(NOON + timedelta(minutes=30)) == 1
    assert holder(cast, number) == eve.pk
    assert Presence.objects.get(person=cast.bo).taken_back == 1
    assert mine.take_back_s == 20


def test_the_plan_says_how_long_a_desk_may_be_gone(cast: Cast) -> None:
    plan(cast, take_back_s=300)
    at_desk(cast, cast.bo)
    number = chat(cast)
    assert give_waiting(RUNG) == 1
    chat(cast, at=NOON + timedelta(seconds=100))
    assert take_back_stranded(NOON + timedelta(seconds=299)) == 0
    assert take_back_stranded(NOON + timedelta(seconds=300)) == 1
    assert holder(cast, number) is None


def theirs(cast: Cast, number: int) -> int:
    """The ticket of store a, given to Bo by themselves."""
    with in_store(cast.a):
        assign(Ticket.objects.get(pk=number), to=cast.bo, by=cast.bo, now=NOON)
    return number


def test_a_chat_rings_again_where_the_agency_gives_none_by_itself(cast: Cast) -> None:
    plan(cast, channels=["tmall"])
    at_desk(cast, cast.bo)
    at_desk(cast, new_agent(cast, "Eve"), at=NOON + timedelta(seconds=60))
    number = theirs(cast, chat(cast))
    assert take_back_stranded(NOON + timedelta(seconds=60)) == 1
    assert holder(cast, number) is None


def test_nobody_is_handed_more_than_the_plan_says_of_a_channel_that_is_not_given(cast: Cast) -> None:
    eve = new_agent(cast, "Eve")
    at_desk(cast, cast.bo)
    at_desk(cast, eve, at=NOON + timedelta(minutes=30))
    numbers = [theirs(cast, tmall(cast.a, f"t-{n}")) for n in range(3)]
    plan(cast, take_back_others_min=30, most_others=2)
    assert take_back_stranded(NOON + timedelta(minutes=30)) == 2
    assert [holder(cast, number) for number in numbers] == [eve.pk, eve.pk, cast.bo.pk]


def test_what_an_agency_can_give_nobody_keeps_back_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    late = NOON + timedelta(minutes=30)
    eve, stranger = new_agent(cast, "Eve"), new_agent(cast, "Kit")
    at_desk(cast, cast.bo)
    at_desk(cast, eve, at=late)
    skilled(cast, eve, language=["th"])
    for n in range(2):
        theirs(cast, tmall(cast.a, f"t-{n}"))
    QueueEntry.objects.filter(store=cast.a).update(language="zh")
    Membership.objects.filter(user=stranger).update(agency=cast.south)
    Assignment.objects.filter(user=stranger).update(store=cast.c)
    Presence.objects.create(person=cast.di, agency=cast.south, status="away", seen_at=NOON)
    Presence.objects.create(person=stranger, agency=cast.south, status="online", seen_at=late)
    number = tmall(cast.c, "t-9", at=NOON + timedelta(minutes=1))
    QueueEntry.objects.filter(store=cast.c, ticket_number=number).update(assignee=cast.di)
    with in_store(cast.c):
        Ticket.objects.filter(pk=number).update(assignee=cast.di)
    for agency in (cast.north, cast.south):
        Plan.objects.create(agency=agency, take_back_others_min=30)
    monkeypatch.setattr(waiting, "MOST_OF_THE_GONE", 2)
    assert take_back_stranded(late) == 1
    assert QueueEntry.objects.get(store=cast.c, ticket_number=number).assignee_id == stranger.pk


def test_nothing_is_looked_at_where_no_colleague_is_there(cast: Cast) -> None:
    at_desk(cast, cast.bo)
    theirs(cast, tmall(cast.a))
    plan(cast, take_back_others_min=30)
    assert waiting.of_the_gone(NOON + timedelta(minutes=30), 60) == []


# ---------------------------------------------------------------- two clocks


TRACES = (
    ("desk_presence", "person_id"),
    ("tenants_assignment", "user_id"),
    ("tenants_membership", "user_id"),
    ("tenants_user", "id"),
)


@pytest.fixture
def kim(real_store: Store) -> Iterator[User]:
    """An agent of the real store, at a desk, really committed."""

    def made() -> User:
        person = User.objects.create_user("kim@example.com", "x", name="Kim")
        Membership.objects.create(user=person, agency_id=real_store.agency_id, role="agent")
        Assignment.objects.create(user=person, store=real_store, role="agent")
        Presence.objects.create(person=person, agency_id=real_store.agency_id, seen_at=timezone.now() + HOUR)
        Plan.objects.create(agency_id=real_store.agency_id, most_chats=2)
        return person

    def gone() -> None:
        with in_store(real_store):
            Event.objects.all().delete()
            Ticket.objects.update(assignee=None)
        Plan.objects.filter(agency_id=real_store.agency_id).delete()
        QueueEntry.objects.filter(store=real_store).delete()

    person = in_a_thread(made)
    yield person
    in_a_thread(gone)
    with owner_connection() as owner:  # the ORM would look into store tables, which public does not have
        for table, column in TRACES:
            owner.execute(f"DELETE FROM {table} WHERE {column} = %s", [person.pk])  # type: ignore[arg-type]


def test_two_clocks_at_once_give_nothing_twice_and_nobody_too_much(
    real_store: Store, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one distributes what it has read, something more urgent comes, and a second clock looks."""
    now = timezone.now()

    def rings(number: int, seconds: int) -> None:
        with in_store(real_store):
            at = now - timedelta(seconds=seconds)
            buyer_writes(f"v:{number}", channel=Channel.WIDGET, customer_id=f"v:{number}", at=at)

    for number, seconds in ((1, 30), (2, 20)):
        in_a_thread(partial(rings, number, seconds))
    has_read, may_go = Signal(), Signal()
    gives = give._give

    def slowly(*told: Any) -> int:
        has_read.set()
        assert may_go.wait(20)
        return gives(*told)

    came: list[int] = []
    monkeypatch.setattr(give, "_give", slowly)
    first = Thread(target=lambda: came.append(in_a_thread(lambda: give_waiting(now))))
    first.start()
    assert has_read.wait(20)
    monkeypatch.setattr(give, "_give", gives)
    in_a_thread(partial(rings, 3, 600))
    came.append(in_a_thread(lambda: give_waiting(now)))
    may_go.set()
    first.join()

    def held() -> list[int]:
        return sorted(QueueEntry.objects.filter(assignee=kim).values_list("ticket_number", flat=True))

    assert sorted(came) == [0, 2]
    assert len(in_a_thread(held)) == 2
    assert in_a_thread(lambda: give_waiting(now)) == 0  # and the lock is free again: nobody has room
