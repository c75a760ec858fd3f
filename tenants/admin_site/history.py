"""Changes as people read them: fields by their names, values as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tenants.models import Change
from tenants.queries.changes import ChangeLine


@dataclass(frozen=True)
class ReadableField:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ReadableChange:
    """`kind` is in words; `fields` are those that differ."""

    id: int
    object_id: int
    what: str
    title: str
    kind: str
    actor: str
    at: datetime
    fields: tuple[ReadableField, ...]


def history_of(lines: Sequence[ChangeLine]) -> list[ReadableChange]:
    return [_readable(line) for line in lines]


def _readable(line: ChangeLine) -> ReadableChange:
    model = apps.get_model(line.what)
    return ReadableChange(
        id=line.id,
        object_id=line.object_id,
        what=str(model._meta.verbose_name),
        title=line.title,
        kind=kind_label(line.kind),
        actor=line.actor,
        at=line.at,
        fields=tuple(
            ReadableField(
                field_label(model, field.name),
                value_text(model, field.name, field.before),
                value_text(model, field.name, field.after),
            )
            for field in line.fields
        ),
    )


def kind_label(kind: str) -> str:
    """Apps' own kinds are translated as they stand, with the context "kind of change"."""
    known = {str(value): str(label) for value, label in Change.Kind.choices}
    return known.get(kind) or pgettext("kind of change", kind.replace("_", " "))


def field_label(model: type[Model], name: str) -> str:
    """The field's name for people; of a name that is no field, the name itself, translated as "field of a change"."""
    try:
        return str(getattr(model._meta.get_field(name), "verbose_name", name))
    except FieldDoesNotExist:
        return pgettext("field of a change", name.replace("_", " "))


def value_text(model: type[Model], name: str, value: Any) -> str:
    """One value as text: a choice by its label, yes and no, lists with commas; empty is an empty text."""
    try:
        choices = dict(getattr(model._meta.get_field(name), "flatchoices", []) or [])
    except FieldDoesNotExist:
        choices = {}
    if isinstance(value, list):
        return ", ".join(value_text(model, name, one) for one in value)
    if isinstance(value, dict):
        return "\n".join(f"{key}: {value_text(model, '', one)}" for key, one in value.items())
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(choices.get(value, value))
