"""assign: give a ticket to a colleague, or to nobody."""

from __future__ import annotations

import json

import pytest

from tenants.context import in_store
from tenants.errors import Invalid
from tenants.models import Assignment, User
from tests.cast import NOON, Cast
from tests.conftest import Api, SignIn
from tests.scenes import entry_of, kinds_of, left
from tickets.actions.assign import AssignedMeanwhile, assign
from tickets.actions.close import close
from tickets.actions.reply import TicketIsClosed
from tickets.models import Event, Ticket


def test_assigning_is_written_down_and_shows_in_the_queue(cast: Cast, ticket: Ticket) -> None:
    assign(ticket, to=cast.bo, by=cast.ann, now=NOON, through="import")
    row = entry_of(ticket)
    assert row is not None
    assert row.assignee == cast.bo
    event = ticket.events.get(kind=Event.Kind.ASSIGNED)
    assert (event.actor, event.by, event.before, event.after) == (
        cast.ann,
        "import",
        {"assignee": None},
        {"assignee": cast.bo.pk},
    )


def test_assigning_runs_no_clock(cast: Cast, ticket: Ticket) -> None:
    before = entry_of(ticket)
    assign(ticket, to=cast.bo, by=cast.ann, now=NOON)
    after = entry_of(ticket)
    assert before is not None
    assert after is not None
    assert (after.due_at, after.clock, after.last_seq) == (before.due_at, before.clock, before.last_seq)


def test_assigning_again_changes_nothing(cast: Cast, ticket: Ticket) -> None:
    assign(ticket, to=cast.bo, by=cast.ann, now=NOON)
    before = kinds_of(ticket)
    assign(ticket, to=cast.bo, by=cast.bo, now=NOON)
    assert kinds_of(ticket) == before


def test_ticket_can_be_taken_from_everybody(cast: Cast, ticket: Ticket) -> None:
    assign(ticket, to=cast.bo, by=cast.ann, now=NOON)
    assign(ticket, to=None, by=cast.ann, now=NOON)
    row = entry_of(ticket)
    assert row is not None
    assert row.assignee is None


@pytest.mark.parametrize("who", ["cy", "di"])
def test_somebody_who_does_not_work_here_gets_nothing(cast: Cast, ticket: Ticket, who: str) -> None:
    with pytest.raises(Invalid) as refused:
        assign(ticket, to=getattr(cast, who), by=cast.ann, now=NOON)
    assert refused.value.field == "assignee"
    assert Ticket.objects.get(pk=ticket.pk).assignee is None


def test_agent_who_lost_the_store_or_was_disabled_gets_nothing(cast: Cast, ticket: Ticket) -> None:
    with left():
        Assignment.objects.filter(user=cast.bo).delete()
    with pytest.raises(Invalid):
        assign(ticket, to=cast.bo, by=cast.ann, now=NOON)
    with left():
        User.objects.filter(pk=cast.ann.pk).update(is_active=False)
    with pytest.raises(Invalid):
        assign(ticket, to=cast.ann, by=cast.ann, now=NOON)


def test_closed_ticket_is_given_to_nobody(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.ann, now=NOON)
    with pytest.raises(TicketIsClosed):
        assign(ticket, to=cast.bo, by=cast.ann, now=NOON)


def test_second_of_two_who_take_it_at_once_is_told_who_has_it(cast: Cast, ticket: Ticket) -> None:
    assign(ticket, to=cast.bo, by=cast.bo, now=NOON, was=None)
    with pytest.raises(AssignedMeanwhile) as refused:
        assign(ticket, to=cast.ann, by=cast.ann, now=NOON, was=None)
    assert (refused.value.code, refused.value.details) == ("assigned_meanwhile", {"assignee": "Bo"})
    assert "Bo" in str(refused.value)
    assert Ticket.objects.get(pk=ticket.pk).assignee == cast.bo


def test_whoever_saw_right_may_give_it_on(cast: Cast, ticket: Ticket) -> None:
    assign(ticket, to=cast.bo, by=cast.bo, now=NOON, was=None)
    assign(ticket, to=cast.ann, by=cast.ann, now=NOON, was=cast.bo.pk)
    with pytest.raises(AssignedMeanwhile):
        assign(ticket, to=None, by=cast.bo, now=NOON, was=cast.bo.pk)
    assign(ticket, to=None, by=cast.ann, now=NOON, was=cast.ann.pk)
    with pytest.raises(AssignedMeanwhile) as refused:
        assign(ticket, to=cast.bo, by=cast.bo, now=NOON, was=cast.ann.pk)
    assert refused.value.details == {"assignee": None}


def test_taking_it_twice_is_no_conflict(cast: Cast, ticket: Ticket) -> None:
    assign(ticket, to=cast.bo, by=cast.bo, now=NOON, was=None)
    assign(ticket, to=cast.bo, by=cast.bo, now=NOON, was=None)
    assert Ticket.objects.get(pk=ticket.pk).assignee == cast.bo


def test_desk_sends_whom_it_showed_and_undoes_only_its_own_change(cast: Cast, sign_in: SignIn) -> None:
    ann, bo = sign_in(cast.ann), sign_in(cast.bo)
    assert b'name="was" value=""' in ann.get("/desk/store-a/1/").content
    htmx = {"HX-Request": "true"}
    taken = bo.post("/desk/store-a/1/assign/", {"assignee": "me", "was": ""}, headers=htmx)
    undo = json.loads(taken["HX-Trigger"])["toast"]
    assert undo["undo_fields"] == {"assignee": "", "was": str(cast.bo.pk)}
    late = ann.post("/desk/store-a/1/assign/", {"assignee": "me", "was": ""}, headers=htmx)
    assert (late.status_code, b"Bo" in late.content) == (409, True)
    assert f'name="was" value="{cast.bo.pk}"'.encode() in ann.get("/desk/store-a/1/").content
    assert ann.post("/desk/store-a/1/assign/", {"assignee": "me", "was": str(cast.bo.pk)}).status_code == 302
    assert bo.post(undo["undo"], undo["undo_fields"], headers=htmx).status_code == 409
    with in_store(cast.a):
        assert Ticket.objects.get(pk=1).assignee == cast.ann


@pytest.mark.parametrize("was", ["x", "-1", "9" * 19])
def test_desk_refuses_what_is_nobody(cast: Cast, sign_in: SignIn, was: str) -> None:
    assert sign_in(cast.ann).post("/desk/store-a/1/assign/", {"assignee": "me", "was": was}).status_code == 400


def test_program_may_say_whom_it_saw(cast: Cast, api: Api) -> None:
    client = api(cast.ann, agency=cast.north)

    def give(**body: str | None) -> int:
        path = "/api/v1/stores/store-a/tickets/1/assign/"
        return client.post(path, body, content_type="application/json").status_code

    assert give(assignee="bo@example.com", was="bo@example.com") == 409
    assert give(assignee="bo@example.com", was=None) == 200
    assert give(assignee="ann@example.com", was=None) == 409
    assert give(assignee="ann@example.com", was="unheard-of@example.com") == 409
    assert give(assignee="ann@example.com", was="cy@example.com") == 409
    assert give(assignee="ann@example.com", was="bo@example.com") == 200
    assert give(assignee="bo@example.com") == 200
