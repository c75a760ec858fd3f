"""Rows from statements that are written out: those that run so often that composing them costs more than they do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


def columns(model: type[models.Model], alias: str) -> str:
    """All columns of the model, as a statement names them, in the order that `row` wants them."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def width(model: type[models.Model]) -> int:
    """How many columns that are."""
    return len(model._meta.concrete_fields)


def row(model: type[Row], values: Sequence[Any]) -> Row:
    """As the ORM would have fetched it, and of the store that is entered."""
    names, json_at = _shape(model)
    found = list(values)
    for position in json_at:  # psycopg hands JSON to Django as text
        if isinstance(found[position], str):
            found[position] = json.loads(found[position])
    return model.from_db("default", names, found)


@cache
def _shape(model: type[models.Model]) -> tuple[list[str], list[int]]:
    fields = model._meta.concrete_fields
    json_at = [position for position, field in enumerate(fields) if isinstance(field, models.JSONField)]
    return [field.attname for field in fields], json_at
