"""Push: the only caller of the channel layer. Hints only, after the commit; whoever hears one reads PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
import threading
from functools import cache
from typing import Final, TypedDict

from channels.layers import get_channel_layer
from django.db import transaction

from tenants.models import Store

log = logging.getLogger(__name__)

MOST_UNSENT: Final = 1000  # tickets; hints beyond that are dropped, and readers find out by their cursors
GATHERING: Final = 0.02  # seconds; a ticket that changes five times in them is announced once


class Hint(TypedDict):
    """'Ticket 12 of store 3 is at message 88.' Never a word of what was written."""

    store: int
    ticket: int
    seq: int


def agency_group(agency_id: int) -> str:
    return f"agency.{agency_id}"


def announce(store: Store, *, ticket: int, seq: int) -> None:
    """After the commit, tells the desks of the store's agency that a ticket has changed; each hears what it may.

    Nobody waits for it: a Redis that hangs or is gone delays no answer, and a lost hint loses nothing.
    """
    hint = Hint(store=store.pk, ticket=ticket, seq=seq)
    group = agency_group(store.agency_id)
    transaction.on_commit(lambda: _sender().post(group, hint), robust=True)


class _Sender:
    """A thread of its own with its event loop, which sends what it is handed, what came close together in one go."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.unsent: dict[tuple[str, int, int], int] = {}  # (group, store, ticket) → seq
        self.lock = threading.Lock()
        threading.Thread(target=self.loop.run_forever, name="live", daemon=True).start()

    def post(self, group: str, hint: Hint) -> None:
        with self.lock:
            idle = not self.unsent
            if len(self.unsent) < MOST_UNSENT:
                self.unsent[group, hint["store"], hint["ticket"]] = hint["seq"]
        if idle:
            asyncio.run_coroutine_threadsafe(self.send(), self.loop)

    async def send(self) -> None:
        await asyncio.sleep(GATHERING)
        with self.lock:
            unsent, self.unsent = self.unsent, {}
        hints: dict[str, list[Hint]] = {}
        for (group, store, ticket), seq in unsent.items():
            hints.setdefault(group, []).append(Hint(store=store, ticket=ticket, seq=seq))
        try:
            layer = get_channel_layer()
            for group, gathered in hints.items():
                await asyncio.wait_for(layer.group_send(group, {"type": "tickets.changed", "hints": gathered}), 5)
        except Exception:  # Redis may vanish at any point; the messages are safe in PostgreSQL
            log.warning("%s hints not sent: the channel layer does not answer", len(unsent))


@cache
def _sender() -> _Sender:
    """One a process, made by the first hint, so that a forked worker makes its own."""
    return _Sender()
