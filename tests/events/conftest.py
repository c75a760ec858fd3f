"""Fixtures of the events' tests: no message before them, and an event that is easily made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cast import NOON, Cast
from tickets.events.actions.set_event import Wanted, save_event
from tickets.events.models import LiveEvent
from tickets.score.models import Happening

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
Made = Callable[..., LiveEvent]


@pytest.fixture
def quiet(cast: Cast) -> Cast:
    """The cast, and nothing that any buyer wrote before."""
    Happening.objects.all().delete()
    return cast


@pytest.fixture
def event(cast: Cast) -> Made:
    """event(people=(), at=NOON, **more): North's, in store A, from 13:00 to 15:00, written by Ann."""

    def made(*, people: tuple[int, ...] = (), at: datetime = NOON, **more: Any) -> LiveEvent:
        wanted = Wanted(cast.a.pk, "Friday stream", NOON + HOUR, NOON + 3 * HOUR, multiplier=3)
        return save_event(cast.north.pk, None, replace(wanted, **more), people=people, by=cast.ann, now=at)

    return made
