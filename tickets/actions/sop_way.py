"""How a run goes on: the way out of a step, checks decided by facts, the end; counted, and told in the audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from knowledge.content import read
from knowledge.content.sop import Sop, Step
from tenants.context import current_store
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import User
from tickets.actions.record import Happened, record
from tickets.desk.models import SopCount
from tickets.models import Event, SopRun, SopStepDone, Ticket
from tickets.queries.facts import facts_of

LONGEST_REASON = 500
What = SopCount.What


class RunMovedOn(Conflict):
    """Somebody else was faster. `details`: the step at which the run stands now, empty where it is over."""

    code = "sop_moved_on"
    message = _("Somebody went on with this SOP meanwhile. Look where it stands now.")


@dataclass
class Going:
    """A run while a verb changes it: what has happened so far, and what is to be counted."""

    ticket: Ticket
    run: SopRun
    sop: Sop
    by: User
    now: datetime
    place: int
    told: list[Happened] = field(default_factory=list)
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def tell(self, kind: str, step: Step | None = None, actor: User | None = None, **more: Any) -> None:
        about = {"run": self.run.pk, "item": self.run.item_id, "sop": asdict(self.sop.title)}
        if step is not None:
            about |= {"step": step.key, "title": asdict(step.title)}
        self.told.append(Happened(kind, actor=actor, after={**about, **more}))

    def count(self, what: str, step: str = "") -> None:
        self.counted[step, what] += 1


def going(ticket: Ticket, run: SopRun, *, by: User, now: datetime) -> Going:
    sop = read("sop", run.content)
    assert isinstance(sop, Sop)  # what `start_sop` keeps is one
    return Going(ticket, run, sop, by, now, run.steps.count())


def running(ticket: Ticket, run_id: int) -> SopRun:
    """The ticket's run, whatever its state; the caller holds the ticket's lock. Raises NotFound."""
    run = ticket.sop_runs.filter(pk=run_id).first()
    if run is None:
        raise NotFound(field="run")
    return run


def step_here(run: SopRun, key: str, outcome: str, edge: int | None) -> SopStepDone | None:
    """None where the run stands at this step; the line of it, where the same was said of it before.

    Raises RunMovedOn where it is behind the run in another way, or the run stands elsewhere.
    """
    if run.state == SopRun.State.RUNNING and run.step == key:
        return None
    said = run.steps.filter(step=key, outcome=outcome).first()
    if said is not None and edge in (None, said.edge):
        return said
    raise RunMovedOn(field="step", details={"step": run.step, "state": run.state})


def way_out(step: Step, edge: int | None) -> int | None:
    """The edge that is taken; None where the SOP ends here. Raises Invalid (`edge`) where an answer is wanting."""
    if step.kind == "ask":
        if edge is None or not 0 <= edge < len(step.edges):
            raise Invalid(_("Choose an answer."), field="edge")
        return edge
    return 0 if step.edges else None


def leave(going: Going, step: Step, edge: int | None, line: Mapping[str, Any]) -> None:
    """Puts a step behind the run and goes on, past every check that facts decide, to where a person is asked."""
    _put(going, step, edge, {"by": going.by, **line})
    _stand(going, step.edges[edge].to if edge is not None else "")
    while going.run.step and (asked := going.sop.step(going.run.step)).kind == "check" and not asked.evidence:
        decide(going, asked)


def decide(going: Going, step: Step, line: Mapping[str, Any] | None = None) -> None:
    """A check: the first way whose condition the facts fulfil, else the last. `line`: who came so far, and how."""
    line = {"outcome": What.DECIDED, "evidence": {}, **(line or {})}
    facts = facts_of(going.ticket, now=going.now)
    edge = next(
        (at for at, way in enumerate(step.edges) if way.when is None or way.when.holds(facts)), len(step.edges) - 1
    )
    asked = {way.when.fact: facts.get(way.when.fact) for way in step.edges if way.when is not None}
    _put(going, step, edge, {**line, "evidence": {**line["evidence"], "facts": asked}})
    going.tell(Event.Kind.SOP_DECIDED, step, line.get("by"), edge=edge, facts=asked)
    going.count(line["outcome"], step.key)
    _stand(going, step.edges[edge].to)


def settle(going: Going) -> SopRun:
    """Saves the run, ends it where no step is left, and writes what has happened. The last call of every verb."""
    run = going.run
    if not run.step and run.state == SopRun.State.RUNNING:
        run.state, run.ended_by, run.ended_at = SopRun.State.FINISHED, going.by, going.now
        going.tell(Event.Kind.SOP_FINISHED, actor=going.by)
        going.count(What.FINISHED)
    run.save()
    _count(run, going.counted)
    record(going.ticket, *going.told, now=going.now)
    return run


def check_reason(reason: str, message: Any) -> str:
    """Trimmed. Raises Invalid (`reason`) with the message where none is given."""
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid(message, field="reason")
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise Invalid(_("This text is longer than %(most)d characters.") % {"most": LONGEST_REASON}, field="reason")
    return reason


def _put(going: Going, step: Step, edge: int | None, line: Mapping[str, Any]) -> None:
    SopStepDone.objects.create(run=going.run, step=step.key, place=going.place, edge=edge, at=going.now, **line)
    going.place += 1


def _stand(going: Going, key: str) -> None:
    going.run.step = key
    going.run.step_since = going.now
    going.run.since_seq = going.ticket.last_seq


_ADD = """
INSERT INTO desk_sopcount AS kept (store_id, item_id, version, step, what, count)
SELECT %s, version.item_id, version.number, told.step, told.what, told.count
FROM knowledge_version version, unnest(%s::text[], %s::text[], %s::int[]) AS told(step, what, count)
WHERE version.id = %s AND version.item_id = %s AND version.number = %s
ORDER BY told.step, told.what
ON CONFLICT (item_id, store_id, version, step, what) DO UPDATE SET count = kept.count + EXCLUDED.count
"""


def _count(run: SopRun, counted: Counter[tuple[str, str]]) -> None:
    """In one order everywhere, so that two runs never wait for each other.

    A run that came with its store from elsewhere goes on, but is of no SOP of this library and counts for none.
    """
    if not counted:
        return
    steps: Sequence[str]
    steps, whats = zip(*counted, strict=True)
    values = [list(steps), [str(what) for what in whats], list(counted.values())]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [current_store().pk, *values, run.version_id, run.item_id, run.version])
