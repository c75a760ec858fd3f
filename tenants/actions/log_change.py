"""log_change: every verb of the admin says who changed what, from what to what, in its own transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tenants.errors import Conflict
from tenants.models import Change, User


@dataclass(frozen=True)
class Changed:
    """What a verb did to one object: {field: value} before and after, values that DjangoJSONEncoder can write.

    No `before`: it was made; no `after`: it is gone. `kind` where that says too little; `title` where str(of) does;
    `store_id` where the object is one store's own, and leaves with it.
    """

    of: models.Model
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    title: str = ""
    store_id: int | None = None


def log_change(
    of: models.Model,
    *,
    agency_id: int,
    by: User,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    kind: str = "",
    title: str = "",
    store_id: int | None = None,
) -> Change | None:
    """Writes the fields that differ; None, and nothing written, where none does and no `kind` is given. One query.

    Before a row is deleted, for its number is needed. See Changed.
    """
    changed = Changed(of, before or {}, after or {}, kind, title, store_id)
    return next(iter(log_changes([changed], agency_id=agency_id, by=by, now=now)), None)


def log_changes(changes: Sequence[Changed], *, agency_id: int, by: User, now: datetime) -> list[Change]:
    """The same for many objects at once. One query."""
    rows = []
    for changed in changes:
        row = _row(changed)
        if row.kind:
            row.agency_id, row.actor, row.actor_name, row.at = agency_id, by, str(by)[:80], now
            rows.append(row)
    return Change.objects.bulk_create(rows)


def _row(changed: Changed) -> Change:
    before, after = _plain(changed.before), _plain(changed.after)
    if before and after:
        same = {name for name in before if name in after and before[name] == after[name]}
        before = {name: value for name, value in before.items() if name not in same}
        after = {name: value for name, value in after.items() if name not in same}
    return Change(
        store_id=changed.store_id,
        what=changed.of._meta.label_lower,
        object_id=changed.of.pk,
        title=(changed.title or str(changed.of))[:200],
        kind=changed.kind or _kind(changed, is_different=bool(before or after)),
        before=before,
        after=after,
    )


def _kind(changed: Changed, *, is_different: bool) -> str:
    if not is_different:
        return ""
    if not changed.before:
        return Change.Kind.CREATED
    return Change.Kind.CHANGED if changed.after else Change.Kind.DELETED


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON keeps them, so that what is compared is what is written."""
    read: dict[str, Any] = json.loads(json.dumps(dict(values), cls=DjangoJSONEncoder))
    return read


@dataclass(frozen=True)
class Seen:
    """What somebody had before their eyes who sends a form: the object's latest change then, by its number as it was
    sent. `fields`: those of the form, as it calls them; then only their changes count. Empty: all do.
    """

    change: str
    fields: Mapping[str, str | Promise] = field(default_factory=dict)


def require_unchanged(of: models.Model, *, agency_id: int, seen: Seen) -> None:
    """Refuses to write over what somebody else changed after a form was opened; then nothing of either is lost.

    Holds a lock of the object until the transaction's end, so that of two who save at once the second is refused; its
    row is read after this. Raises Conflict, whose message says who changed what.
    """
    key = f"change {of._meta.label_lower} {of.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
    rows = Change.objects.filter(agency_id=agency_id, what=of._meta.label_lower, object_id=of.pk)
    if seen.fields:
        mine = list(seen.fields)
        rows = rows.filter(models.Q(before__has_any_keys=mine) | models.Q(after__has_any_keys=mine))
    if seen.change.isdecimal() and len(seen.change) < 19:
        rows = rows.filter(pk__gt=int(seen.change))
    newer = rows.order_by("-pk").first()
    if newer is None:
        return
    said = _(
        "%(who)s saved this while you were writing (%(fields)s). What you typed is here; save again to replace it."
    )
    touched = {**newer.before, **newer.after}
    names = dict.fromkeys(str(seen.fields.get(name, name)) for name in seen.fields or touched if name in touched)
    told = pgettext("between words of a list", ", ").join(names)
    raise Conflict(said % {"who": newer.actor_name, "fields": told or newer.kind}, details={"change": newer.pk})
