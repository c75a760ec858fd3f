"""Nobody answered: a lead is named, told at their desk, and the index forgets it with the first answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.context import in_store
from tenants.models import Membership, Store, User
from tenants.models.people import Role
from tests.cast import NOON, NORTH_HOST, Cast
from tests.conftest import Api, SignIn
from tests.scenes import clock_ticks, entry_of, waiting_ticket
from tickets.actions.assign import assign
from tickets.actions.close import close
from tickets.actions.note import add_note
from tickets.actions.receive import receive_message
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.desk.models import Presence, QueueEntry
from tickets.incoming import IncomingMessage
from tickets.models import Ticket
from tickets.models.event import ByTime
from tickets.queries.queue import Filters, queue_for
from tickets.roster.models import Shift
from tickets.rows import Queue
from tickets.timers.actions import work as working
from tickets.timers.actions.tick import tick
from tickets.timers.actions.work import work
from tickets.timers.models import Plan
from tickets.timers.queries.leads import Leads

HOUR = timedelta(hours=1)
LATE = NOON + 26 * HOUR  # the goal of e-mail is a day, and half an hour later it is escalated
A_HOST = "store-a.localhost"


@pytest.fixture(autouse=True)
def plan(cast: Cast) -> None:
    QueueEntry.objects.all().delete()
    Presence.objects.all().delete()  # of desks that were open in earlier tests
    Plan.objects.create(agency=cast.north, warn_at=[50], notice_at=None, escalate_after_min=30)


@pytest.fixture
def eve(cast: Cast) -> User:
    """An owner of North."""
    person = User.objects.create_user("eve@example.com", "x", name="Eve")
    Membership.objects.create(user=person, agency=cast.north, role=Role.OWNER)
    return person


def on_shift(cast: Cast, person: User, store: Store | None) -> None:
    times = {"begins_at": LATE - HOUR, "ends_at": LATE + HOUR}
    Shift.objects.create(agency=cast.north, person=person, store=store, **times)


def at_desk(cast: Cast, person: User) -> None:
    Presence.objects.create(person=person, agency=cast.north, status="away", seen_at=LATE)


def unanswered(store: Store, key: str = "e-1", assignee: User | None = None) -> Ticket:
    with in_store(store):
        ticket = waiting_ticket(key=key, channel=Channel.EMAIL, customer_id=key, customer_email="b@example.com")
        if assignee is not None:
            assign(ticket, to=assignee, by=None, now=NOON, through="test")
    return ticket


def escalated(store: Store, key: str = "e-1", assignee: User | None = None) -> tuple[Ticket, int | None]:
    """A ticket of the store that nobody answered until it was escalated, and to whom."""
    ticket = unanswered(store, key, assignee)
    assert "escalate" in clock_ticks(store, LATE)
    return ticket, named(store, ticket)


def named(store: Store, ticket: Ticket) -> int | None:
    return QueueEntry.objects.get(store=store, ticket_number=ticket.number).escalated_to_id


def seen(cast: Cast, person: User, **asked: str) -> Queue:
    return queue_for(cast.caller(person), Filters(**asked), now=LATE)


# ---------------------------------------------------------------- who


def test_the_lead_on_duty_in_that_store_is_named(cast: Cast, eve: User) -> None:
    on_shift(cast, eve, cast.a)
    on_shift(cast, cast.ann, cast.b)
    at_desk(cast, cast.ann)
    ticket, lead = escalated(cast.a)
    assert lead == eve.pk
    with in_store(cast.a):
        event = ticket.events.get(kind=ByTime.ESCALATED)
        assert event.after == {"priority": 1, "to": eve.pk}


def test_without_one_on_duty_a_lead_who_is_there(cast: Cast, eve: User) -> None:
    at_desk(cast, cast.ann)
    assert escalated(cast.a)[1] == cast.ann.pk


def test_agents_and_other_agencies_are_not_named(cast: Cast) -> None:
    on_shift(cast, cast.bo, cast.a)
    Presence.objects.create(person=cast.bo, agency=cast.north, seen_at=LATE)
    Presence.objects.create(person=cast.cy, agency=cast.south, seen_at=LATE)
    Presence.objects.create(person=cast.ann, agency=cast.north, seen_at=LATE - timedelta(minutes=5))  # was there
    assert escalated(cast.a)[1] is None


def test_somebody_who_may_not_sign_in_is_not_named(cast: Cast, eve: User) -> None:
    on_shift(cast, eve, None)
    User.objects.filter(pk=eve.pk).update(is_active=False)
    assert escalated(cast.a)[1] is None


def test_the_least_busy_over_all_stores_is_named_and_each_naming_counts(cast: Cast, eve: User) -> None:
    at_desk(cast, cast.ann)
    at_desk(cast, eve)
    unanswered(cast.b, "busy", assignee=cast.ann)
    tickets = [unanswered(cast.a, f"e-{n}") for n in range(3)]
    tick(LATE, store=cast.a.pk)
    work(cast.a, now=LATE)
    leads = [named(cast.a, ticket) for ticket in tickets]
    assert leads[0] == eve.pk
    assert sorted(leads, key=lambda pk: pk == eve.pk) == [cast.ann.pk, eve.pk, eve.pk]


def test_the_lead_who_let_it_come_to_this_is_not_asked_again(cast: Cast, eve: User) -> None:
    at_desk(cast, cast.ann)
    at_desk(cast, eve)
    unanswered(cast.b, "busy", assignee=eve)
    unanswered(cast.b, "busier", assignee=eve)
    assert escalated(cast.a, assignee=cast.ann)[1] == eve.pk


def test_one_that_comes_due_while_others_are_worked_on_waits_for_a_look_at_who_is_there(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_desk(cast, cast.ann)
    ticket = unanswered(cast.a)
    look = working.leads_for

    def before_it(store: int, *, now: datetime) -> Leads | None:
        found = look(store, now=now)
        tick(LATE, store=store)
        return found

    monkeypatch.setattr(working, "leads_for", before_it)
    work(cast.a, now=LATE)
    assert QueueEntry.objects.get(store=cast.a, ticket_number=ticket.number).priority != 1
    monkeypatch.setattr(working, "leads_for", look)
    work(cast.a, now=LATE)
    assert named(cast.a, ticket) == cast.ann.pk


@given(busy=st.lists(st.integers(0, 9), max_size=6), times=st.integers(0, 20))
def test_leads_are_filled_from_below(busy: list[int], times: int) -> None:
    leads = Leads([(load, pk) for pk, load in enumerate(busy)])
    loads = dict(enumerate(busy))
    for _ in range(times):
        person = leads.take()
        if person is None:
            assert not busy
            continue
        assert loads[person] == min(loads.values())
        loads[person] += 1


def test_one_who_is_not_to_be_asked_is_so_only_where_there_is_another() -> None:
    assert Leads([(0, 7), (5, 8)]).take(but=7) == 8
    assert Leads([(0, 7)]).take(but=7) == 7
    leads = Leads([(0, 7), (5, 8)])
    assert [leads.take(but=7), leads.take(), leads.take()] == [8, 7, 7]


# ---------------------------------------------------------------- what becomes of it


def test_it_is_theirs_until_somebody_answers(cast: Cast) -> None:
    at_desk(cast, cast.ann)
    ticket, lead = escalated(cast.a)
    assert lead == cast.ann.pk
    with in_store(cast.a):
        ticket.refresh_from_db()
        add_note(ticket, author=cast.bo, body="?", client_key="n", now=LATE)
        assign(ticket, to=cast.ann, by=cast.ann, now=LATE)
    assert named(cast.a, ticket) == cast.ann.pk
    with in_store(cast.a):
        reply_to_ticket(ticket, author=cast.ann, body="ok", client_key="k", seen_seq=None, now=LATE)
    assert named(cast.a, ticket) is None
    assert seen(cast, cast.ann).counts["escalated"] == 0


def test_another_word_of_the_buyer_does_not_take_it_back(cast: Cast) -> None:
    at_desk(cast, cast.ann)
    ticket, _lead = escalated(cast.a)
    again = IncomingMessage(channel=Channel.EMAIL, external_id="e-2", customer_id="e-1", text="?")
    with in_store(cast.a):
        assert receive_message(again, now=LATE).ticket_number == ticket.number
    assert named(cast.a, ticket) == cast.ann.pk


def test_closing_ends_it_and_a_new_silence_begins_without(cast: Cast) -> None:
    at_desk(cast, cast.ann)
    ticket, _lead = escalated(cast.a)
    with in_store(cast.a):
        ticket.refresh_from_db()
        close(ticket, by=cast.ann, now=LATE)
        assert entry_of(ticket) is None
        again = IncomingMessage(channel=Channel.EMAIL, external_id="e-2", customer_id="e-1", text="?")
        receive_message(again, now=LATE + HOUR)
    found = QueueEntry.objects.filter(store=cast.a, ticket_number=ticket.number).first()
    assert found is None or found.escalated_to_id is None


# ---------------------------------------------------------------- who sees it


def test_a_view_of_its_own_with_its_count(cast: Cast, eve: User) -> None:
    at_desk(cast, cast.ann)
    ticket, _lead = escalated(cast.a)
    unanswered(cast.b, "other")
    mine, hers = seen(cast, cast.ann, view="escalated"), seen(cast, eve, view="escalated")
    assert ([row.number for row in mine.rows], mine.total, mine.counts["escalated"]) == ([ticket.number], 1, 1)
    assert (hers.rows, hers.counts["escalated"]) == ((), 0)
    row = next(row for row in seen(cast, cast.bo).rows if row.is_escalated)
    assert row.escalated_to is not None
    assert (row.escalated_to.name, row.is_escalated_to_me) == ("Ann", False)


def test_what_found_nobody_is_every_leads_and_no_agents(cast: Cast, eve: User) -> None:
    escalated(cast.a)
    counts = [seen(cast, person).counts["escalated"] for person in (cast.ann, eve, cast.bo)]
    assert counts == [1, 1, 0]
    (row,) = seen(cast, eve, view="escalated").rows
    assert (row.escalated_to, row.is_escalated_to_me) == (None, True)


def test_a_search_looks_in_the_view_too(cast: Cast) -> None:
    at_desk(cast, cast.ann)
    ticket, _lead = escalated(cast.a)
    found = queue_for(cast.caller(cast.ann), Filters(q=f"#{ticket.number}", view="escalated"), now=LATE)
    assert [(row.number, row.is_escalated_to_me) for row in found.rows] == [(ticket.number, True)]
    assert not queue_for(cast.caller(cast.bo), Filters(q=f"#{ticket.number}", view="escalated"), now=LATE).rows


def test_what_found_nobody_is_found_by_every_leads_search(cast: Cast, eve: User) -> None:
    ticket, lead = escalated(cast.a)
    assert lead is None
    for person, sees in ((cast.ann, 1), (eve, 1), (cast.bo, 0)):
        found = seen(cast, person, q=f"#{ticket.number}", view="escalated")
        assert len(found.rows) == sees


@pytest.mark.parametrize("leaves", ["demoted", "removed", "shut out"])
def test_what_was_escalated_to_whoever_leads_no_more_is_every_leads(cast: Cast, eve: User, leaves: str) -> None:
    at_desk(cast, eve)
    ticket, lead = escalated(cast.a)
    assert lead == eve.pk
    assert seen(cast, cast.ann).counts["escalated"] == 0
    if leaves == "shut out":
        User.objects.filter(pk=eve.pk).update(is_active=False)
    elif leaves == "demoted":
        Membership.objects.filter(user=eve).update(role=Role.AGENT)
    else:
        Membership.objects.filter(user=eve).delete()
    assert [row.number for row in seen(cast, cast.ann, view="escalated").rows] == [ticket.number]
    assert seen(cast, cast.ann).counts["escalated"] == 1
    assert seen(cast, cast.bo).counts["escalated"] == 0


def test_pages_name_the_lead_to_the_agency_and_to_no_seller(cast: Cast, sign_in: SignIn, api: Api) -> None:
    at_desk(cast, cast.ann)
    ticket, _lead = escalated(cast.a)
    path = f"/desk/store-a/{ticket.number}/"

    def pages(person: User, host: str = NORTH_HOST) -> str:
        client = sign_in(person, host)
        answers: list[Any] = [client.get(path), client.get("/desk/queue/"), client.get(path + "why/")]
        return "".join(answer.content.decode() for answer in answers)

    by_agent, by_seller = pages(cast.bo), pages(cast.di, A_HOST)
    assert "Escalated to Ann" in by_agent
    assert "Ann" not in by_seller
    assert "Escalated: nobody had answered" in by_seller
    rows = api(cast.ann, agency=cast.north).get("/api/v1/queue/", {"view": "escalated"}).json()["results"]
    assert [row["escalated_to"]["name"] for row in rows] == ["Ann"]
    rows = api(cast.di, A_HOST, store=cast.a).get("/api/v1/queue/").json()["results"]
    assert [row["escalated_to"] for row in rows] == [None]


def test_two_stores_at_once_each_name_from_what_they_find(cast: Cast, eve: User) -> None:
    on_shift(cast, eve, cast.b)
    at_desk(cast, cast.ann)
    assert (escalated(cast.a)[1], escalated(cast.b, "e-9")[1]) == (cast.ann.pk, eve.pk)
