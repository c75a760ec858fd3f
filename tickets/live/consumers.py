"""The desk's socket: a postman. It joins on connect, forwards hints, and knows no text."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from tenants.access import Caller, stores_for
from tenants.context import at
from tenants.live import agency_group
from tenants.sockets import in_database

GATE_LASTS = 4.0  # seconds; then it is asked again, whether or not there is anything to tell


class DeskConsumer(AsyncJsonWebsocketConsumer):
    """Tells a desk which of its tickets have changed. Whoever signed out or lost a store soon hears no more."""

    group = ""
    allowed: frozenset[int] = frozenset()
    watch: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        agency_id = self.scope["caller"].place.agency_id
        if agency_id is None or not await self._ask_gate():
            await self.close(4404)
            return
        self.group = agency_group(agency_id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send_json({"type": "hello"})
        self.watch = asyncio.create_task(self._keep_asking())

    async def disconnect(self, code: int) -> None:
        if self.watch:
            self.watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.watch
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Nothing is asked for over this socket: a page acts by its forms."""

    async def tickets_changed(self, event: dict[str, Any]) -> None:
        for hint in event["hints"]:
            if hint["store"] in self.allowed:
                await self.send_json({"type": "ticket.changed", **hint})

    async def _keep_asking(self) -> None:
        while True:
            await asyncio.sleep(GATE_LASTS)
            if not await self._ask_gate():
                await self.close(4401)
                return

    async def _ask_gate(self) -> bool:
        """Asks anew what the caller may hear of. False for somebody who is no longer signed in here."""
        allowed = await in_database(stores_now, self.scope["ask_again"])
        self.allowed = allowed or frozenset()
        return allowed is not None


def stores_now(ask_again: Any) -> frozenset[int] | None:
    """The stores that the caller may see at this moment; None for somebody who is no longer let in."""
    caller: Caller | None = ask_again()
    if caller is None:
        return None
    with at(caller.place):
        return frozenset(store.pk for store in stores_for(caller))
