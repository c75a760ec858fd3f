"""start_sop: an SOP that the store runs is begun on a ticket."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from knowledge.actions.use_item import use_item
from knowledge.queries.held import Held
from tenants.errors import Conflict
from tenants.models import User
from tickets.actions.reply import TicketIsClosed
from tickets.actions.sop_way import What, decide, going, settle
from tickets.models import Event, SopRun, Ticket


class AnotherSopRuns(Conflict):
    code = "another_sop_runs"
    message = _("Another SOP runs on this ticket. Finish it, or stop it with a reason.")


def start_sop(ticket: Ticket, held: Held, *, by: User, now: datetime) -> SopRun:
    """The run, with a copy of the SOP as the store holds it now. The caller holds the ticket's lock.

    `held` is whole, from knowledge.queries.held. The same SOP again while it runs is the run that there is. Raises
    AnotherSopRuns, TicketIsClosed.
    """
    there = ticket.sop_runs.filter(state=SopRun.State.RUNNING).first()
    if there is not None:
        if there.item_id == held.item_id:
            return there
        raise AnotherSopRuns(details={"run": there.pk})
    if ticket.is_closed:
        raise TicketIsClosed
    run = SopRun.objects.create(
        ticket=ticket,
        item_id=held.item_id,
        version_id=held.version_id,
        version=held.version,
        is_override=held.is_override,
        content=held.content,
        step=(held.content or {})["steps"][0]["key"],
        step_since=now,
        since_seq=ticket.last_seq,
        started_by=by,
        started_at=now,
    )
    way = going(ticket, run, by=by, now=now)
    way.tell(Event.Kind.SOP_STARTED, actor=by, version=held.version)
    way.count(What.STARTED)
    while run.step and (first := way.sop.step(run.step)).kind == "check" and not first.evidence:
        decide(way, first)
    use_item(held.item_id, ticket_number=ticket.number, person=by, now=now)
    return settle(way)
