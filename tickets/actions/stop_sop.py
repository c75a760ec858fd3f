"""stop_sop: a run is given up before its end, and why is written down."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.models import User
from tickets.actions.sop_way import RunMovedOn, What, check_reason, going, running, settle
from tickets.models import Event, SopRun, Ticket


def stop_sop(ticket: Ticket, run_id: int, *, reason: str, by: User, now: datetime) -> SopRun:
    """What was done stays. The caller holds the ticket's lock; stopping twice has no effect.

    Raises Invalid (`reason`), and RunMovedOn where it has come to its end.
    """
    reason = check_reason(reason, _("Say why this SOP is stopped."))
    run = running(ticket, run_id)
    if run.state == SopRun.State.STOPPED:
        return run
    if run.state == SopRun.State.FINISHED:
        raise RunMovedOn(field="run", details={"step": "", "state": run.state})
    way = going(ticket, run, by=by, now=now)
    way.tell(Event.Kind.SOP_STOPPED, actor=by, reason=reason, at_step=run.step)
    way.count(What.STOPPED)
    run.state, run.step, run.reason = SopRun.State.STOPPED, "", reason
    run.ended_by, run.ended_at = by, now
    return settle(way)
