"""Push: the only caller of the channel layer. Hints, after the commit; whoever hears one reads PostgreSQL.

A hint may bring along what one of those who hear it would read, where whoever wrote it has asked the gate for them.
Then nothing is read.

Sockets of the same process hear it at once. Other processes are told in one message for an agency, with what came
meanwhile, and tell those of their sockets whom it is for.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypedDict
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.db import transaction

from tenants.background import Background
from tenants.hearing import Brought, Ear, Hearer, Told, of_both
from tenants.models import Store

log = logging.getLogger(__name__)

PATIENCE: Final = 5.0  # seconds; a channel layer that takes longer for one agency loses the rest of the hints

News = tuple[str, str, int, int]  # (group, type, store, ticket)
_About = tuple[int, str, str, int, int]  # the same behind the agency


class Hint(TypedDict):
    """'Ticket 12 of store 3 is at message 88.' As browsers are told it."""

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


def widget_group(store_id: int) -> str:
    """Every open widget of a store."""
    return f"widget.{store_id}"


def announce(
    store: Store,
    *,
    ticket: int,
    seq: int,
    hears_buyer: bool = False,
    to_desk: Brought | None = None,
    to_buyer: Brought | None = None,
) -> None:
    """After the commit, tells that a ticket has changed: at once who has it open, soon all of the agency's desks.

    `hears_buyer`: its buyer does too. `to_desk` and `to_buyer` come along: see `tickets.queries.brought`.

    Nobody waits for it: a Redis that hangs or is gone delays no answer. A hint may be lost; desks then find out by
    their cursors. A process that ends by os._exit loses what it did not `flush`.
    """
    news: dict[News, Told] = {(watchers_group(store.pk, ticket), "tickets.changed", store.pk, ticket): (seq, to_desk)}
    if hears_buyer:
        news[buyer_group(store.pk, ticket), "tickets.changed", store.pk, ticket] = (seq, to_buyer)
    news[agency_group(store.agency_id), "queue.changed", store.pk, ticket] = (seq, None)
    transaction.on_commit(lambda: _tell(store.agency_id, news), robust=True)


def announce_receipts(store: Store, group: str, ticket: int) -> None:
    """After the commit, tells one side of a chat that the other has read on."""
    news: dict[News, Told] = {(group, "chat.receipts", store.pk, ticket): (0, None)}
    transaction.on_commit(lambda: _tell(store.agency_id, news), robust=True)


def announce_widget(store: Store) -> None:
    """After the commit, tells the open widgets of a store that theirs was changed, or switched off."""
    news: dict[News, Told] = {(widget_group(store.pk), "widget.changed", store.pk, 0): (0, None)}
    transaction.on_commit(lambda: _tell(store.agency_id, news), robust=True)


def _tell(agency: int, news: Mapping[News, Told]) -> None:
    _tell_here(agency, lambda ear: ear.hear(news))
    _hints.post_all({(agency, *about): told for about, told in news.items()})


async def pass_on(agency: int, group: str, event: Mapping[str, Any]) -> None:
    """Tells a group what lasts for a moment and is kept nowhere: who types, who looks. It may be lost."""
    _tell_here(agency, lambda ear: ear.hear_event(group, event))
    message = {"type": "passed.on", "group": group, "event": dict(event)}
    try:
        await asyncio.wait_for(get_channel_layer().group_send(agency_group(agency), message), PATIENCE)
    except Exception as error:  # Redis may vanish at any point
        log.warning("not passed on: %s", type(error).__name__)


async def join(agency: int, group: str, who: Hearer) -> bool:
    """Hears a group from now on. False while Redis is away: then from this process alone, and what other processes
    told is found by its next look."""
    try:
        await asyncio.wait_for(_ear().join(get_channel_layer(), agency, agency_group(agency), group, who), PATIENCE)
    except Exception as error:  # Redis may vanish at any point
        log.warning("not joined: %s", type(error).__name__)
        return False
    return True


async def leave(agency: int, group: str, who: Hearer) -> None:
    """Hears it no more."""
    try:
        await asyncio.wait_for(_ear().leave(get_channel_layer(), agency, agency_group(agency), group, who), PATIENCE)
    except Exception as error:  # the same
        log.warning("not left: %s", type(error).__name__)


def check_layer() -> None:
    """Raises what is wrong with the channel layer's settings, which later would be taken for a Redis that is away."""
    get_channel_layer()


def flush(timeout: float = 1.0) -> bool:
    """Waits until every hint of this process is sent, or lost, `timeout` seconds at most. Whether that is so."""
    return _hints.flush(timeout)


def _send(unsent: dict[_About, Told]) -> None:
    news: dict[int, list[list[Any]]] = {}
    for (agency, *about), told in unsent.items():
        news.setdefault(agency, []).append([*about, *told])
    _loop().run_until_complete(_send_to_agencies(news))


async def _send_to_agencies(news: dict[int, list[list[Any]]]) -> None:
    layer = get_channel_layer()
    for agency, told in news.items():
        message = {"type": "told", "news": told}
        await asyncio.wait_for(layer.group_send(agency_group(agency), message), PATIENCE)


_of_thread = threading.local()  # and so of this process: the layer keeps its connection by the loop


def _loop() -> asyncio.AbstractEventLoop:
    if not hasattr(_of_thread, "loop"):
        _of_thread.loop = asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = _of_thread.loop
    return loop


_ears: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, Ear]] = WeakKeyDictionary()
_ears_lock: Final = threading.Lock()


def _ear() -> Ear:
    with _ears_lock:
        return _ears.setdefault(asyncio.get_running_loop(), Ear())


def _tell_here(agency: int, tell: Callable[[Ear], None]) -> None:
    """Does it in the loop of each ear of this process in which the agency has sockets."""
    with _ears_lock:
        ears = list(_ears.items())
    for loop, ear in ears:
        if agency in ear.agencies:
            with suppress(RuntimeError):  # a loop that was closed
                loop.call_soon_threadsafe(tell, ear)


_hints: Final = Background("hints", _send, merge=of_both)
