"""The history of an agency's objects: who changed what, from what to what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import models

from tenants.models import Change

PAGE: Final = 50


@dataclass(frozen=True)
class FieldChange:
    """One field's value before and after, JSON-able; None on the side where the object was not there."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ChangeLine:
    """What one verb did to one object. `what` is its model's label, `kind` one of Change.Kind or an app's own word."""

    id: int
    what: str
    object_id: int
    title: str
    kind: str
    actor: str
    at: datetime
    fields: tuple[FieldChange, ...]


def changes_of(
    agency_id: int, model: type[models.Model], object_id: int, *, before_id: int | None = None
) -> list[ChangeLine]:
    """The latest PAGE changes of one object, the newest first, or those before `before_id`. One query."""
    rows = Change.objects.filter(agency_id=agency_id, what=model._meta.label_lower, object_id=object_id)
    return _page(rows, before_id)


def changes_of_each(agency_id: int, model: type[models.Model], object_ids: Collection[int]) -> list[ChangeLine]:
    """The latest PAGE changes of these objects together, the newest first. One query."""
    return _page(
        Change.objects.filter(agency_id=agency_id, what=model._meta.label_lower, object_id__in=object_ids), None
    )


def latest_changes(
    agency_id: int, *, models_: Sequence[type[models.Model]] = (), before_id: int | None = None
) -> list[ChangeLine]:
    """The latest PAGE changes in the agency, of these models or of all, the newest first. One query."""
    rows = Change.objects.filter(agency_id=agency_id)
    if models_:
        rows = rows.filter(what__in=[model._meta.label_lower for model in models_])
    return _page(rows, before_id)


def _page(rows: models.QuerySet[Change], before_id: int | None) -> list[ChangeLine]:
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [_line(row) for row in rows.order_by("-pk")[:PAGE]]


def _line(row: Change) -> ChangeLine:
    names = dict.fromkeys([*row.before, *row.after])
    fields = tuple(FieldChange(name, row.before.get(name), row.after.get(name)) for name in names)
    return ChangeLine(row.pk, row.what, row.object_id, row.title, row.kind, row.actor_name, row.at, fields)


def latest_change_id(agency_id: int, model: type[models.Model], object_id: int) -> int:
    """The number of the object's latest change, or 0: what a form that edits it was opened at. One query."""
    rows = Change.objects.filter(agency_id=agency_id, what=model._meta.label_lower, object_id=object_id)
    return rows.order_by("-pk").values_list("pk", flat=True).first() or 0
