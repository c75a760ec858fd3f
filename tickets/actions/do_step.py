"""do_step: a step of a running SOP is done, with what shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from knowledge.content.sop import Evidence, Step
from tenants.errors import Conflict, Invalid
from tenants.models import User
from tickets.actions.attach import attach, check_uploads, content_type
from tickets.actions.note import add_note
from tickets.actions.sop_way import Going, What, decide, going, leave, running, settle, step_here, way_out
from tickets.incoming import FileRefused, Upload
from tickets.models import Attachment, Event, Message, SopRun, SopStepDone, Ticket

LONGEST_EVIDENCE: Final = 2_000


class StepWaits(Conflict):
    """`details`: `until`, as ISO 8601."""

    code = "sop_step_waits"
    message = _("This step waits. It goes on when its time is over; to go on now, skip it and say why.")


class NothingSaid(Conflict):
    code = "sop_nothing_said"
    message = _("Nothing was sent to the buyer since this step began. Send it first, or skip the step and say why.")


def do_step(
    ticket: Ticket,
    run_id: int,
    step: str,
    *,
    by: User,
    now: datetime,
    edge: int | None = None,
    evidence: Mapping[str, str] | None = None,
    uploads: Mapping[str, Sequence[Upload]] | None = None,
) -> SopRun:
    """Goes on from the step; `edge` is the answer to a question. The caller holds the ticket's lock.

    `evidence` by its keys: texts; of a picture the id of one of the ticket's. `uploads` by the same keys: pictures that
    are not in the ticket yet; they come into it as a note. The same again has no effect. Raises Invalid with
    `evidence.<key>` or `edge`, StepWaits, NothingSaid, RunMovedOn.
    """
    run = running(ticket, run_id)
    if step_here(run, step, SopStepDone.Outcome.DONE, edge) is not None:
        return run
    way = going(ticket, run, by=by, now=now)
    asked = way.sop.step(step)
    _check_time(run, asked, now)
    taken = None if asked.kind == "check" else way_out(asked, edge)
    shown = _shown(way, asked, evidence or {}, uploads or {})
    if asked.kind == "send":
        shown["message"] = _said(ticket, run)
    if asked.kind == "check":
        decide(way, asked, {"evidence": shown, "by": by})
    else:
        way.tell(Event.Kind.SOP_STEP, asked, by, edge=taken)
        way.count(What.DONE, asked.key)
        leave(way, asked, taken, {"outcome": SopStepDone.Outcome.DONE, "evidence": shown})
    return settle(way)


def may_go_on_at(run: SopRun, step: Step) -> datetime:
    """When a step that waits is over; of any other, since when it stands."""
    return run.step_since + timedelta(hours=step.wait_h if step.kind == "wait" else 0)


def _check_time(run: SopRun, step: Step, now: datetime) -> None:
    until = may_go_on_at(run, step)
    if now < until:
        raise StepWaits(field="step", details={"until": until.isoformat()})


def _said(ticket: Ticket, run: SopRun) -> int:
    """The seq of what was said to the buyer since the run stands here."""
    said = ticket.messages.filter(kind=Message.Kind.AGENT, seq__gt=run.since_seq).order_by("-seq").first()
    if said is None:
        raise NothingSaid(field="step")
    return said.seq


# ---------------------------------------------------------------- evidence


def _shown(way: Going, step: Step, given: Mapping[str, str], uploads: Mapping[str, Sequence[Upload]]) -> dict[str, Any]:
    """What was shown, by key. All is checked before the first picture is kept."""
    shown: dict[str, Any] = {}
    for evidence in step.evidence:
        files = [file for file in uploads.get(evidence.key, ()) if file.content]
        value = None if files else _read(way.ticket, evidence, given.get(evidence.key, "").strip())
        if files:
            _check_pictures(evidence, files)
        elif value is not None:
            shown[evidence.key] = value
        elif evidence.required:
            raise Invalid(_("This has to be shown before the step is done."), field=f"evidence.{evidence.key}")
    for evidence in step.evidence:
        if files := [file for file in uploads.get(evidence.key, ()) if file.content]:
            shown[evidence.key] = _keep_picture(way, evidence, files)
    return shown


def _read(ticket: Ticket, evidence: Evidence, text: str) -> Any:
    """The value, or None where nothing was given. Raises Invalid."""
    field = f"evidence.{evidence.key}"
    if evidence.kind == "tick":
        return True if text in ("1", "on", "true") else None
    if not text:
        return None
    if len(text) > LONGEST_EVIDENCE or "\x00" in text:
        raise Invalid(_("This text is longer than %(most)d characters.") % {"most": LONGEST_EVIDENCE}, field=field)
    match evidence.kind:
        case "number":
            return _number(text, field)
        case "link":
            return _link(text, field)
        case "picture":
            return _picture(ticket, text, field)
    return text


def _number(text: str, field: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise Invalid(_("This is not a number."), field=field) from None
    if not math.isfinite(number):
        raise Invalid(_("This is not a number."), field=field)
    return number


def _link(text: str, field: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(_("A link begins with https://"), field=field)
    return text


def _picture(ticket: Ticket, text: str, field: str) -> str:
    try:
        file = Attachment.objects.filter(pk=UUID(text), message__ticket=ticket).first()
    except ValueError:
        file = None
    if file is None or not file.is_image:
        raise Invalid(_("There is no such picture in this ticket."), field=field)
    return str(file.pk)


def _check_pictures(evidence: Evidence, files: Sequence[Upload]) -> None:
    field = f"evidence.{evidence.key}"
    try:
        check_uploads(files)
    except FileRefused as error:
        raise Invalid(error.message, field=field) from error
    for file in files:
        if not Attachment.is_shown(content_type(file.content) or ""):
            raise Invalid(_("A picture is wanted here: JPEG, PNG, GIF or WebP."), field=field)


def _keep_picture(way: Going, evidence: Evidence, files: Sequence[Upload]) -> str:
    """As a note, so that colleagues see it in the conversation, and buyer and seller do not."""
    language = way.by.language or "zh"
    words = f"{way.sop.title.in_language(language)} · {evidence.label.in_language(language)}"
    note = add_note(way.ticket, author=way.by, body=words, client_key="", now=way.now, by="sop")
    return str(attach(note, files)[0].pk)
