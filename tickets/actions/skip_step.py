"""skip_step: a step is passed over, and why is written down."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.models import User
from tickets.actions.sop_way import What, check_reason, decide, going, leave, running, settle, step_here, way_out
from tickets.models import Event, SopRun, SopStepDone, Ticket


def skip_step(
    ticket: Ticket, run_id: int, step: str, *, reason: str, by: User, now: datetime, edge: int | None = None
) -> SopRun:
    """Goes on without what the step asks for. The caller holds the ticket's lock; the same again has no effect.

    The answer to a question is wanted all the same, for something has to follow; what a check would have decided, facts
    decide. Raises Invalid (`reason`, `edge`), RunMovedOn.
    """
    reason = check_reason(reason, _("Say why this step is skipped."))
    run = running(ticket, run_id)
    if step_here(run, step, SopStepDone.Outcome.SKIPPED, edge) is not None:
        return run
    way = going(ticket, run, by=by, now=now)
    asked = way.sop.step(step)
    way.tell(Event.Kind.SOP_SKIPPED, asked, by, reason=reason)
    line = {"outcome": SopStepDone.Outcome.SKIPPED, "reason": reason, "by": by}
    if asked.kind == "check":
        decide(way, asked, line)
    else:
        way.count(What.SKIPPED, asked.key)
        leave(way, asked, way_out(asked, edge), line)
    return settle(way)
