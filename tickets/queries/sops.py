"""The SOPs of a ticket: where its run stands, what is behind it, and what could be begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import CharField, F, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from knowledge.content import read
from knowledge.content.condition import FACTS
from knowledge.content.reply import VARIABLES, fill
from knowledge.content.sop import Sop, Step
from knowledge.content.text import Text
from knowledge.facts import STEP_KINDS, value_label
from knowledge.queries.held import Held, held_in
from tenants.access import Action, Caller
from tenants.context import in_store
from tenants.models import Assignment, Store
from tenants.models.people import without_secrets
from tickets.models import Attachment, Message, SopRun, SopStepDone, Ticket
from tickets.models.attachment import SHOWN
from tickets.queries.gate import ticket_for
from tickets.queries.names import aliases_for, buyer_name, person_ref, store_ref
from tickets.rows import AttachmentRow
from tickets.sop_rows import (
    Answer,
    EvidenceField,
    Shown,
    SopOffer,
    SopPane,
    SopRunRow,
    SopWords,
    StepBehind,
    StepNow,
)

MOST_PAST: Final = 10
MOST_PICTURES: Final = 30


def sop_pane(caller: Caller, store: Store, number: int, *, now: datetime) -> SopPane:
    """What the desk's right-hand side shows. Enters the store by itself. Raises NotFound, Forbidden."""
    with in_store(store):
        ticket = ticket_for(caller, store, number, Action.RUN_SOP)
        runs = list(
            ticket.sop_runs.select_related("started_by", "ended_by")
            .defer(*without_secrets("started_by"), *without_secrets("ended_by"))
            .order_by("-pk")[: MOST_PAST + 1]
        )
        behind = _behind(runs)
        held = held_in(caller, store, kind="sop")
        rows = [_run_row(run, behind.get(run.pk, ()), ticket, store, caller, now) for run in runs]
        attached = [each for each in held if ticket.category and ticket.category in each.categories]
        return SopPane(
            store=store_ref(store),
            number=ticket.number,
            mark=_mark(runs[0]) if runs else "",
            is_closed=ticket.is_closed,
            run=next((row for row in rows if row.state == SopRun.State.RUNNING), None),
            past=tuple(row for row in rows if row.state != SopRun.State.RUNNING),
            attached=tuple(map(_offer, attached)),
            others=tuple(_offer(each) for each in held if each not in attached),
            pictures=_pictures(ticket),
        )


def sop_mark(ticket: Ticket) -> Coalesce:
    """Differs when the ticket's SOPs have changed: an expression, for a query that is asked anyway."""
    parts = [Cast("pk", CharField()), Value("-"), F("state"), Value("-"), F("step")]
    marks = SopRun.objects.filter(ticket=ticket.pk).order_by("-pk").annotate(mark=Concat(*parts)).values("mark")
    return Coalesce(Subquery(marks[:1], output_field=CharField()), Value(""))


def _mark(run: SopRun) -> str:
    return f"{run.pk}-{run.state}-{run.step}"


def _offer(held: Held) -> SopOffer:
    return SopOffer(held.item_id, _say(Text(held.title["zh"], held.title["en"])), held.version, held.is_override)


def _pictures(ticket: Ticket) -> tuple[AttachmentRow, ...]:
    files = Attachment.objects.filter(message__ticket=ticket, content_type__in=SHOWN).order_by("-message__seq")
    return tuple(
        AttachmentRow(str(file.pk), file.name, file.content_type, file.size, True) for file in files[:MOST_PICTURES]
    )


# ---------------------------------------------------------------- a run


def _behind(runs: Sequence[SopRun]) -> dict[int, list[SopStepDone]]:
    lines = SopStepDone.objects.filter(run__in=[run.pk for run in runs]).select_related("by")
    found: dict[int, list[SopStepDone]] = {}
    for line in lines.defer(*without_secrets("by")).order_by("run", "place"):
        found.setdefault(line.run_id, []).append(line)
    return found


def _run_row(
    run: SopRun, behind: Sequence[SopStepDone], ticket: Ticket, store: Store, caller: Caller, now: datetime
) -> SopRunRow:
    sop = read("sop", run.content)
    assert isinstance(sop, Sop)
    names = aliases_for([store])
    started, ended = (person_ref(who, store, caller, names) for who in (run.started_by, run.ended_by))
    step = sop.step(run.step) if run.step else None
    return SopRunRow(
        pk=run.pk,
        item_id=run.item_id,
        title=_say(sop.title),
        purpose=_say(sop.purpose),
        version=run.version,
        is_override=run.is_override,
        state=run.state,
        state_label=str(SopRun.State(run.state).label),
        started_by=started.name if started else "",
        started_at=run.started_at,
        ended_by=ended.name if ended else "",
        ended_at=run.ended_at,
        reason=run.reason,
        behind=tuple(_behind_row(line, sop, store, caller, names) for line in behind),
        now=_now_row(run, step, sop, ticket, store, caller, len(behind), now) if step else None,
        ahead=_longest(sop, run.step) if step else 0,
    )


def _behind_row(
    line: SopStepDone, sop: Sop, store: Store, caller: Caller, names: dict[tuple[int, int], str]
) -> StepBehind:
    step, who = sop.step(line.step), person_ref(line.by, store, caller, names)
    way = step.edges[line.edge] if line.edge is not None and len(step.edges) > 1 else None
    return StepBehind(
        key=line.step,
        title=_say(step.title),
        outcome=line.outcome,
        outcome_label=str(SopStepDone.Outcome(line.outcome).label),
        answer=_say(way.label) if way else "",
        reason=line.reason,
        shown=tuple(_shown(step, line.evidence)),
        by=who.name if who else "",
        at=line.at,
    )


def _shown(step: Step, given: Mapping[str, Any]) -> list[Shown]:
    kinds = {evidence.key: evidence for evidence in step.evidence}
    rows = []
    for key, value in given.items():
        if key in kinds:
            evidence = kinds[key]
            picture = str(value) if evidence.kind == "picture" else ""
            text = "" if picture else _("yes") if value is True else f"{value:g}" if isinstance(value, float) else value
            rows.append(Shown(_say(evidence.label), str(text), picture))
    for fact, value in given.get("facts", {}).items():
        known = _("yes") if value is True else _("no") if value is False else value_label(fact, str(value or "–"))
        rows.append(Shown(str(FACTS[fact][1]) if fact in FACTS else fact, known))
    return rows


def _now_row(
    run: SopRun, step: Step, sop: Sop, ticket: Ticket, store: Store, caller: Caller, behind: int, now: datetime
) -> StepNow:
    until = run.step_since + timedelta(hours=step.wait_h) if step.kind == "wait" else None
    said = ticket.messages.filter(kind=Message.Kind.AGENT, seq__gt=run.since_seq) if step.kind == "send" else None
    titles = {each.key: _say(each.title) for each in sop.steps}
    return StepNow(
        key=step.key,
        number=behind + 1,
        kind=step.kind,
        kind_label=str(STEP_KINDS[step.kind]),
        title=_say(step.title),
        help=_say(step.help),
        words=_words(step, ticket, store, caller) if step.words else (),
        evidence=tuple(EvidenceField(each.key, _say(each.label), each.kind, each.required) for each in step.evidence),
        answers=tuple(Answer(at, _say(way.label), titles.get(way.to, "")) for at, way in enumerate(step.edges))
        if step.kind == "ask"
        else (),
        until=until,
        is_over=until is None or now >= until,
        is_said=said is not None and said.exists(),
    )


def _words(step: Step, ticket: Ticket, store: Store, caller: Caller) -> tuple[SopWords, ...]:
    known = known_of(ticket, store, caller)
    written = [(name, text) for name, text in (("zh", step.words.zh), ("en", step.words.en)) if text]
    buyers = ticket.customer.language or (get_language() or "zh")[:2]
    written.sort(key=lambda pair: pair[0] != buyers)
    rows = []
    for language, text in written:
        filled, missing = fill(text, known)
        rows.append(SopWords(language, filled, tuple(str(VARIABLES[name]) for name in missing)))
    return tuple(rows)


def known_of(ticket: Ticket, store: Store, caller: Caller) -> dict[str, str]:
    """What stands for the variables of a text, as far as the ticket knows. Inside the store; one query."""
    alias = Assignment.objects.filter(store=store, user=caller.person).values_list("alias", flat=True).first()
    name = buyer_name(ticket.customer.name) if ticket.customer.name else ""
    return {"buyer": name, "store": store.name, "agent": alias or store.name}


def _longest(sop: Sop, key: str) -> int:
    """Steps on the longest way from here on. No way leads back, so later steps are known first."""
    longest: dict[str, int] = {"": 0}

    def ahead(step: Step) -> int | None:
        below = [longest.get(way.to) for way in step.edges] or [0]
        return None if None in below else 1 + max(each for each in below if each is not None)

    while key not in longest:
        for step in sop.steps:
            if step.key not in longest and (found := ahead(step)) is not None:
                longest[step.key] = found
    return longest[key]


def _say(text: Text) -> str:
    return text.in_language(get_language() or "zh")
