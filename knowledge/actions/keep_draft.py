"""keep_draft: what an author has typed so far, sound or not; and set_aside, for what they will not go on with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from knowledge.actions.index_items import index_items
from knowledge.actions.write_item import check_revision, name_item, note
from knowledge.content import read, write
from knowledge.models import Item
from tenants.errors import Invalid
from tenants.models import Change, User

LONGEST_ROUGH: Final = 1_000_000  # characters of JSON
# One line of the history holds what an author typed in this time; what another wrote before is always in it.
A_LINE_HOLDS: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Kept:
    """`fault` says why it is no draft yet, with the field; None where it is one."""

    item: Item
    fault: Invalid | None


def keep_draft(item: Item, content: Mapping[str, Any], *, revision: int, author: User, now: datetime) -> Kept:
    """What is sound becomes the draft; what is not is kept beside it, as it was typed. `item` is locked.

    Raises ItemMovedOn, ItemIsArchived; Invalid only for what is too long to be kept.
    """
    check_revision(item, revision)
    rough = _bounded(content)
    before = item.rough if item.rough is not None else item.draft
    try:
        draft, fault = write(read(item.kind, rough)), None
    except Invalid as error:
        draft, fault = None, error
    if before == (draft or rough) and (item.rough is None) == (fault is None):
        return Kept(item, fault)
    taken_over = item.draft_by_id is not None and item.draft_by_id != author.pk
    if draft is not None:
        item.draft, item.rough = draft, None
        name_item(item, draft)
    else:
        item.rough = rough
    item.draft_by, item.draft_at, item.changed_at = author, now, now
    item.revision += 1
    item.save()
    if draft is not None and item.latest_id is None:
        index_items([item])
    if taken_over or not _told_lately(item, author, now):
        note(item, "drafted", by=author, before={"content": before}, after={"content": draft or rough}, now=now)
    return Kept(item, fault)


def set_aside(item: Item, content: Mapping[str, Any], *, author: User, now: datetime) -> None:
    """What an author typed and gave up for another's words: into the history, and nowhere else. `item` is locked."""
    note(item, "set_aside", by=author, after={"content": _bounded(content)}, now=now)


def _bounded(content: Mapping[str, Any]) -> dict[str, Any]:
    """As it can be kept: without NUL and lone surrogates."""
    text = json.dumps(content, ensure_ascii=False)
    if len(text) > LONGEST_ROUGH:
        raise Invalid(_("This is too long to be kept."), field="content")
    text = text.replace("\\u0000", "").encode("utf-8", "ignore").decode()
    kept: dict[str, Any] = json.loads(text)
    return kept


def _told_lately(item: Item, author: User, now: datetime) -> bool:
    latest = Change.objects.filter(agency_id=item.agency_id, what=item._meta.label_lower, object_id=item.pk)
    line = latest.order_by("-pk").values("kind", "actor_id", "at").first()
    if line is None or line["actor_id"] != author.pk or line["kind"] not in ("drafted", "created"):
        return False
    return bool(now - line["at"] < A_LINE_HOLDS)
