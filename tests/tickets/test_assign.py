"""assign: give a ticket to a colleague, or to nobody."""

from __future__ import annotations

import pytest

from tenants.errors import Invalid
from tenants.models import Assignment
from tests.cast import NOON, Cast
from tests.scenes import entry_of, kinds_of
from tickets.actions.assign import assign
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
    Assignment.objects.filter(user=cast.bo).delete()
    with pytest.raises(Invalid):
        assign(ticket, to=cast.bo, by=cast.ann, now=NOON)
    cast.ann.is_active = False
    cast.ann.save()
    with pytest.raises(Invalid):
        assign(ticket, to=cast.ann, by=cast.ann, now=NOON)


def test_closed_ticket_is_given_to_nobody(cast: Cast, ticket: Ticket) -> None:
    close(ticket, by=cast.ann, now=NOON)
    with pytest.raises(TicketIsClosed):
        assign(ticket, to=cast.bo, by=cast.ann, now=NOON)
