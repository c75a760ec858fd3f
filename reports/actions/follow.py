"""follow: each second, what has happened since becomes figures; and what was missed is found within the hour."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError

from reports.actions.roll_up import roll_up
from reports.actions.take_up import begin_anew, count_anew, take_up
from reports.models import Counting
from reports.queries.events import store_says, we_say
from reports.queries.feed import (
    groups_broken,
    stores_counted_anew,
    stores_to_check,
    stores_touched,
    stores_uncounted,
)
from tenants.later import nudge
from tenants.models import Store

log = logging.getLogger(__name__)

RESTORE_GROUP: Final = "reports.jobs.restore_group"
PATIENCE: Final = 0.5  # seconds of a tick; what is left is the next one's
CHECKED_EVERY: Final = timedelta(hours=1)


def follow(now: datetime) -> int:
    """One look at the feed, from the operator's place. Returns how many tickets were counted.

    First what was touched; then new stores, counting anew, and a comparison or two, while there is time.
    """
    ends = time.monotonic() + PATIENCE
    counted = sum(_counted(store) for store in stores_touched() if time.monotonic() < ends)
    for store in stores_uncounted():
        take_up(store)
    for store, first in stores_counted_anew(limit=20):
        if time.monotonic() < ends:
            _count_anew(store, first, now)
    for store in stores_to_check(now - CHECKED_EVERY, limit=2):
        if time.monotonic() < ends:
            check(store, now=now)
    for group in groups_broken():
        nudge(RESTORE_GROUP, group)
    return counted


def _counted(store: Store) -> int:
    try:
        return roll_up(store)
    except DatabaseError:  # one store in trouble stops nobody else's figures
        log.exception("what happened in store %s was not counted", store.pk)
        return 0


def _count_anew(store: Store, first: int, now: datetime) -> None:
    try:
        count_anew(store, first, now=now)
    except DatabaseError:
        log.exception("store %s was not counted anew", store.pk)


def check(store: Store, *, now: datetime) -> bool:
    """Compares the store with what was counted of it. One that is behind is counted anew. Whether it was as it should.

    What waits in the feed is counted first.
    """
    try:
        roll_up(store)
        is_good = store_says(store) == we_say(store)
    except DatabaseError:
        log.exception("the figures of store %s were not compared", store.pk)
        is_good = True
    if not is_good:
        log.warning("the figures of store %s are behind: it is counted anew", store.pk)
        begin_anew(store)
    Counting.objects.filter(store=store).update(checked_at=now)
    return is_good
