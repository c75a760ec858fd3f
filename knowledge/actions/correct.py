"""propose_correction, accept_correction, decline_correction: a reader's word on an article, and the answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from knowledge.actions.override import override
from knowledge.actions.write_item import save_draft
from knowledge.content import read, write
from knowledge.content.text import LONGEST_BODY, clean
from knowledge.models import Correction, Item
from knowledge.queries.held import own_text
from tenants.actions.log_change import log_change
from tenants.errors import Conflict, Invalid
from tenants.models import Store, User

LONGEST_WORD: Final = 500
MOST_OPEN: Final = 30  # of one author


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = _("Somebody has decided this already.")


def propose_correction(
    item: Item,
    *,
    language: str,
    before: str,
    after: str,
    reason: str,
    author: User,
    now: datetime,
    store: Store | None = None,
    version_id: int | None = None,
) -> Correction:
    """What the article should say in that language. `before` is what its author reads: as the store runs it, if one is
    named, else the latest version. The same again is the one that is open. Raises Invalid with the field, Conflict.
    """
    if language not in Correction.Language.values:
        raise Invalid(_("There is no such choice."), field="language")
    after = clean(after, "after", most=LONGEST_BODY)
    reason = clean(reason, "reason", most=LONGEST_WORD)
    if not after:
        raise Invalid(_("Write what it should say."), field="after")
    if after == clean(before, "before", most=LONGEST_BODY):
        raise Invalid(_("This is what it says already. Change what is wrong."), field="after")
    if not reason:
        raise Invalid(_("Say how you know."), field="reason")
    mine = Correction.objects.filter(author=author, state=Correction.State.OPEN)
    same = mine.filter(item=item, store=store, language=language, after=after).first()
    if same is not None:
        return same
    if mine.count() >= MOST_OPEN:
        raise Conflict(_("%(most)d of your corrections wait for an answer. Wait for some.") % {"most": MOST_OPEN})
    made = Correction.objects.create(
        agency_id=item.agency_id,
        item=item,
        store=store,
        version_id=version_id,
        language=language,
        before=before,
        after=after,
        reason=reason,
        author=author,
        proposed_at=now,
    )
    _note(made, "correction_proposed", author, now, {"reason": reason})
    return made


def accept_correction(
    correction: Correction,
    item: Item,
    *,
    text: str,
    into: str,
    revision: int,
    by: User,
    now: datetime,
    answer: str = "",
) -> Correction:
    """`text`, as the lead has settled it, becomes the draft's, or the own text of the store it came from. Both locked.

    Raises AlreadyDecided, Invalid with the field, ItemMovedOn (the item is another than `revision`).
    """
    _check_open(correction)
    if into == Correction.Into.DRAFT:
        latest = item.latest.content if item.latest else None
        content = _with(item.draft or latest, correction.language, text)
        save_draft(item, content, revision=revision, author=by, now=now)
    elif into == Correction.Into.OVERRIDE:
        _override(correction, text, by, now)
    else:
        raise Invalid(_("There is no such choice."), field="into")
    return _decide(correction, Correction.State.ACCEPTED, by=by, now=now, answer=answer, into=into)


def decline_correction(correction: Correction, *, answer: str, by: User, now: datetime) -> Correction:
    """With a word to its author. Locked. Raises AlreadyDecided, Invalid (`answer`)."""
    _check_open(correction)
    if not answer.strip():
        raise Invalid(_("Tell them why: they will read it."), field="answer")
    return _decide(correction, Correction.State.DECLINED, by=by, now=now, answer=answer)


def _check_open(correction: Correction) -> None:
    if correction.state != Correction.State.OPEN:
        raise AlreadyDecided


def _with(content: Mapping[str, Any] | None, language: str, text: str) -> dict[str, Any]:
    """The content with another text in one language. Raises Invalid."""
    if content is None:
        raise Invalid(_("There is no text to correct yet."), field="into")
    changed = {**content, "body": {**content["body"], language: clean(text, "text", most=LONGEST_BODY)}}
    return write(read("article", changed))


def _override(correction: Correction, text: str, by: User, now: datetime) -> None:
    """From the store's own text on, where it has one."""
    said = own_text(correction.store, correction.item_id) if correction.store else None
    if correction.store is None or said is None:
        raise Invalid(_("The store does not run this article any more."), field="into")
    override(correction.store, correction.item, _with(said, correction.language, text), author=by, now=now)


def _decide(
    correction: Correction, state: Correction.State, *, by: User, now: datetime, answer: str, into: str = ""
) -> Correction:
    correction.state, correction.went_to, correction.decided_by, correction.decided_at = state, into, by, now
    correction.answer = clean(answer, "answer", most=LONGEST_WORD)
    correction.save(update_fields=["state", "went_to", "decided_by", "decided_at", "answer"])
    _note(correction, f"correction_{state}", by, now, {"answer": correction.answer, "into": into})
    return correction


def _note(correction: Correction, kind: str, by: User, now: datetime, after: Mapping[str, Any]) -> None:
    """A line in the history of the article that it is about."""
    log_change(
        correction.item,
        agency_id=correction.agency_id,
        by=by,
        now=now,
        after={**after, "correction": correction.pk},
        kind=kind,
        store_id=correction.store_id,
    )
