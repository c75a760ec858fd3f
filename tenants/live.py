"""Push: the only caller of the channel layer. Hints only, after the commit; whoever hears one reads PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
from typing import Final, TypedDict

from channels.layers import get_channel_layer
from django.db import transaction

from tenants.background import Background
from tenants.models import Store

PATIENCE: Final = 5.0  # seconds; a channel layer that takes longer for one group loses the rest of the hints

_Ticket = tuple[str, int, int]  # (group, store, ticket)


class Hint(TypedDict):
    """'Ticket 12 of store 3 is at message 88.' Never a word of what was written."""

    store: int
    ticket: int
    seq: int


def agency_group(agency_id: int) -> str:
    return f"agency.{agency_id}"


def announce(store: Store, *, ticket: int, seq: int) -> None:
    """After the commit, tells the desks of the store's agency that a ticket has changed; each hears what it may.

    Nobody waits for it: a Redis that hangs or is gone delays no answer. A hint may be lost; desks then find out by
    their cursors. A process that ends by os._exit loses what it did not `flush`.
    """
    about = (agency_group(store.agency_id), store.pk, ticket)
    transaction.on_commit(lambda: _hints.post(about, seq), robust=True)


def flush(timeout: float = 1.0) -> bool:
    """Waits until every hint of this process is sent, or lost, `timeout` seconds at most. Whether that is so."""
    return _hints.flush(timeout)


def _send(unsent: dict[_Ticket, int]) -> None:
    hints: dict[str, list[Hint]] = {}
    for (group, store, ticket), seq in unsent.items():
        hints.setdefault(group, []).append(Hint(store=store, ticket=ticket, seq=seq))
    _loop().run_until_complete(_send_to_groups(hints))


async def _send_to_groups(hints: dict[str, list[Hint]]) -> None:
    layer = get_channel_layer()
    for group, gathered in hints.items():
        await asyncio.wait_for(layer.group_send(group, {"type": "tickets.changed", "hints": gathered}), PATIENCE)


_of_thread = threading.local()  # and so of this process: the layer keeps its connection by the loop


def _loop() -> asyncio.AbstractEventLoop:
    if not hasattr(_of_thread, "loop"):
        _of_thread.loop = asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = _of_thread.loop
    return loop


_hints: Final = Background("hints", _send)
