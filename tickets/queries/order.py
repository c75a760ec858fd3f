"""The order of the desk in SQL: what `tickets.clocks.urgency` says, over all stores in one statement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Case, DateTimeField, F, FloatField, Func, TextField, Value, When
from django.db.models.functions import Cast

from tickets.clocks.urgency import pressing, weight_of
from tickets.score.queries.scores import Tightest


def weights(tightest: Mapping[int, Tightest]) -> dict[int, float]:
    """store → weight; a store that is not in it weighs 1."""
    return {store: weight_of(one.headroom) for store, one in tightest.items()}


def pressing_at(at: datetime, weights: Mapping[int, float]) -> Case:
    """`urgency.pressing` of a queue entry at that time: the same float, or NULL."""
    seconds = _seconds_until(F("due_at"), at)
    if not weights:
        return Case(When(due_at__isnull=False, then=seconds))
    weight = _weight(weights)
    return Case(When(due_at__lte=at, then=seconds / weight), default=seconds * weight, output_field=FloatField())


def pressing_of(due_at: datetime | None, at: datetime, weight: float) -> float | None:
    """The same for one of them, without the database."""
    return pressing(None if due_at is None else (due_at - at).total_seconds(), weight)


def _seconds_until(due_at: Any, at: datetime) -> Func:
    return Func(
        due_at,
        Value(at, output_field=DateTimeField()),
        template="extract(epoch FROM (%(expressions)s))::float8",
        arg_joiner=" - ",
        output_field=FloatField(),
    )


def _weight(weights: Mapping[int, float]) -> Func:
    """The weights go along as one object, in which the store of each row is looked up."""
    return Func(
        Value(json.dumps(dict(weights))),
        Cast(F("store_id"), TextField()),
        template="coalesce((%(expressions)s)::float8, 1)",
        arg_joiner="::jsonb ->> ",
        output_field=FloatField(),
    )
