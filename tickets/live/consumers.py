"""The desk's socket: a postman. It joins on connect, forwards hints, and knows no text."""

from __future__ import annotations

import time
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from tenants.access import Caller, is_at_home, stores_for
from tenants.live import agency_group
from tenants.sockets import in_database

GATE_LASTS = 5.0  # seconds; after that the next hint asks the gate again


class DeskConsumer(AsyncJsonWebsocketConsumer):
    """Tells a desk which of its tickets have changed. What it may hear of is asked again every five seconds."""

    caller: Caller
    group: str
    allowed: frozenset[int]
    asked_at: float

    async def connect(self) -> None:
        self.caller = self.scope["caller"]
        agency_id = self.caller.place.agency_id
        if agency_id is None or not await self._ask_gate():
            await self.close(4404)
            return
        self.group = agency_group(agency_id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send_json({"type": "hello"})

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Nothing is asked for over this socket: a page acts by its forms."""

    async def tickets_changed(self, event: dict[str, Any]) -> None:
        if time.monotonic() - self.asked_at > GATE_LASTS and not await self._ask_gate():
            await self.close(4401)
            return
        for hint in event["hints"]:
            if hint["store"] in self.allowed:
                await self.send_json({"type": "ticket.changed", **hint})

    async def _ask_gate(self) -> bool:
        """Asks anew what the caller may hear of. False for somebody who is no longer let in at all."""
        allowed = await in_database(stores_now, self.caller)
        self.allowed = allowed or frozenset()
        self.asked_at = time.monotonic()
        return allowed is not None


def stores_now(caller: Caller) -> frozenset[int] | None:
    """The stores that the caller may see at this moment; None for somebody who is no longer let in at all."""
    if not is_at_home(caller.person, caller.place):
        return None
    return frozenset(store.pk for store in stores_for(caller))
