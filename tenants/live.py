"""Push: the only caller of the channel layer. Hints only, after the commit; whoever hears one reads PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, Final, TypedDict

from channels.layers import get_channel_layer
from django.db import transaction

from tenants.background import Background
from tenants.models import Store

log = logging.getLogger(__name__)

PATIENCE: Final = 5.0  # seconds; a channel layer that takes longer for one group loses the rest of the hints

_About = tuple[str, str, int, int]  # (group, type, store, ticket)


class Hint(TypedDict):
    """'Ticket 12 of store 3 is at message 88.' Never a word of what was written."""

    store: int
    ticket: int
    seq: int


def agency_group(agency_id: int) -> str:
    """Desks of an agency: what has changed in any of its stores."""
    return f"agency.{agency_id}"


def buyer_group(store_id: int, ticket: int) -> str:
    """The buyer of one chat."""
    return f"buyer.{store_id}.{ticket}"


def watchers_group(store_id: int, ticket: int) -> str:
    """Desks that have one chat open. What a buyer must never hear goes here."""
    return f"watchers.{store_id}.{ticket}"


def announce(store: Store, *, ticket: int, seq: int, to_buyer: bool = False) -> None:
    """After the commit, tells that a ticket has changed: at once who has it open, soon all of the agency's desks.

    Nobody waits for it: a Redis that hangs or is gone delays no answer. A hint may be lost; desks then find out by
    their cursors. A process that ends by os._exit loses what it did not `flush`.
    """
    groups = [watchers_group(store.pk, ticket), *([buyer_group(store.pk, ticket)] if to_buyer else [])]

    def post() -> None:
        for group in groups:
            _hints.post((group, "tickets.changed", store.pk, ticket), seq)
        _queues.post((agency_group(store.agency_id), "queue.changed", store.pk, ticket), seq)

    transaction.on_commit(post, robust=True)


def announce_receipts(group: str, store_id: int, ticket: int) -> None:
    """After the commit, tells one side of a chat that the other has read on."""
    transaction.on_commit(lambda: _hints.post((group, "chat.receipts", store_id, ticket), 0), robust=True)


async def pass_on(group: str, event: Mapping[str, Any]) -> None:
    """Tells a group what lasts for a moment and is kept nowhere: who types, who looks. It may be lost."""
    try:
        await asyncio.wait_for(get_channel_layer().group_send(group, dict(event)), PATIENCE)
    except Exception as error:  # Redis may vanish at any point
        log.warning("not passed on: %s", type(error).__name__)


async def join(group: str, channel: str) -> bool:
    """Hears a group from now on. False while Redis is away: its next look finds what it missed."""
    try:
        await asyncio.wait_for(get_channel_layer().group_add(group, channel), PATIENCE)
    except Exception as error:  # Redis may vanish at any point
        log.warning("not joined: %s", type(error).__name__)
        return False
    return True


async def leave(group: str, channel: str) -> None:
    """Hears it no more."""
    try:
        await asyncio.wait_for(get_channel_layer().group_discard(group, channel), PATIENCE)
    except Exception as error:  # the same
        log.warning("not left: %s", type(error).__name__)


def flush(timeout: float = 1.0) -> bool:
    """Waits until every hint of this process is sent, or lost, `timeout` seconds at most. Whether that is so."""
    ends = time.monotonic() + timeout
    hints_sent = _hints.flush(timeout)
    return _queues.flush(max(0.0, ends - time.monotonic())) and hints_sent


def _send(unsent: dict[_About, int]) -> None:
    hints: dict[tuple[str, str], list[Hint]] = {}
    for (group, kind, store, ticket), seq in unsent.items():
        hints.setdefault((group, kind), []).append(Hint(store=store, ticket=ticket, seq=seq))
    _loop().run_until_complete(_send_to_groups(hints))


async def _send_to_groups(hints: dict[tuple[str, str], list[Hint]]) -> None:
    layer = get_channel_layer()
    for (group, kind), gathered in hints.items():
        await asyncio.wait_for(layer.group_send(group, {"type": kind, "hints": gathered}), PATIENCE)


_of_thread = threading.local()  # and so of this process: the layer keeps its connection by the loop


def _loop() -> asyncio.AbstractEventLoop:
    if not hasattr(_of_thread, "loop"):
        _of_thread.loop = asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = _of_thread.loop
    return loop


_hints: Final = Background("hints", _send)
# A queue is looked at ten times a second at most: each desk of the agency hears these.
_queues: Final = Background("queues", _send, gathering=0.1)
