"""manage.py clock: every second, what has come due for open tickets, and which promised messages are due."""

from __future__ import annotations

import logging
import signal
import threading
import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from django.db.utils import DatabaseError, InterfaceError
from django.utils.module_loading import import_string

from knowledge.actions.release_due import release_due
from tenants.context import as_operator
from tenants.later import nudge
from tickets.actions.record import WORK_OUTBOX
from tickets.queries.outbox import stores_with_mail_due
from tickets.routing.actions.give import give_waiting, take_back_stranded
from tickets.timers.actions.tick import tick as tick_timers
from tickets.timers.actions.work import work_for
from tickets.timers.queries.fired import stores_with_fired

log = logging.getLogger(__name__)

LOCK = 0x6465736B  # pg_try_advisory_xact_lock: economy only; the conditional UPDATE is what makes it once
RECONCILE_EVERY = 5  # ticks
WORK_FIRED = "tickets.jobs.work_fired"
WORK_FOR = 0.4  # seconds of a tick in which the clock does by itself what came due; the rest is for workers


class Command(BaseCommand):
    help = "Fires what is due. Two of them are safe; one is enough."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one tick, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            tick(reconcile=True)
            return
        stopped = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopped.set())
        for count in range(10**12):
            began = time.monotonic()
            try:
                tick(reconcile=count % RECONCILE_EVERY == 0)
            except (DatabaseError, InterfaceError):
                log.exception("this tick failed; the next one tries again")
                connection.close()
            if stopped.wait(max(0.0, 1.0 - (time.monotonic() - began))):
                return


def tick(*, reconcile: bool) -> int:
    """One look at the index, by the database's clock. Returns in how many stores something came due."""
    with as_operator():
        now = database_now()
        return _tick(now, reconcile=reconcile) if now else 0


def _tick(now: datetime, *, reconcile: bool) -> int:
    stores = tick_timers(now)
    if reconcile:  # what a worker that died, or a nudge that was lost, has left
        stores = list(dict.fromkeys([*stores, *stores_with_fired()]))
    for store_id in work_for(stores, now=lambda: now, seconds=WORK_FOR):
        nudge(WORK_FIRED, store_id)
    release_due(now)
    take_back_stranded(now)
    give_waiting(now)
    for path in settings.EVERY_SECOND:
        try:
            import_string(path)(now)
        except DatabaseError:  # numbers may be late; waits may not
            log.exception("%s failed; the next tick tries again", path)
    if reconcile:
        for store_id in stores_with_mail_due(now):
            nudge(WORK_OUTBOX, store_id)
    return len(stores)


def database_now() -> datetime | None:
    """The database's time, or None while another clock process holds this second."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT now(), pg_try_advisory_xact_lock(%s)", [LOCK])
        now, alone = cursor.fetchone()
    return now if alone else None
