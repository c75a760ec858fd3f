"""The buyer's socket: a postman between a widget and BuyerSide. Joins on the first message, forwards on hints."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from tenants import live
from tenants.bucket import Places, neighbourhood
from tenants.hosts import Kind
from tenants.sockets import PatientConsumer, in_turn
from tickets.chat import protocol
from tickets.chat.buyer import BuyerSide, TooFast

HELLO_WITHIN: Final = 10.0  # seconds
HEARD_WITHIN: Final = 90.0

sockets_of_address = Places(settings.CHAT_SOCKETS_PER_ADDRESS)


class BuyerConsumer(PatientConsumer):
    """One widget. What it may hear: its own conversation's group, and that the store's widget has changed.

    What it is told, it is told by BuyerSide.
    """

    group = ""
    hears_of_widget = False
    address = ""
    timer: asyncio.TimerHandle | None = None
    silent_at = 0.0  # when it will have said nothing for too long
    own = 0  # the seq of what it has just said: its hint is no news

    async def connect(self) -> None:
        place = self.scope["place"]
        self.address = neighbourhood((self.scope.get("client") or [""])[0])
        if place.kind != Kind.STORE:
            self.address = ""
            await self.close(4404)
            return
        if not sockets_of_address.take(self.address):
            self.address = ""
            await self.accept()  # or a browser could not read why
            await self.end(4429)
            return
        self.side = BuyerSide(place, self.address)
        await self.accept()
        self._wait(HELLO_WITHIN)

    async def let_go(self) -> None:
        if self.timer:
            self.timer.cancel()
        if self.address:
            sockets_of_address.give_back(self.address)
        if self.group:
            await live.leave(self._agency(), self.group, self)
        if self.hears_of_widget and self.side.store is not None:
            await live.leave(self._agency(), live.widget_group(self.side.store.pk), self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        if text_data is None:
            await self.tell({"type": "bye", "code": 4400})
            await self.end(4400)
            return
        said = protocol.readable(text_data)
        kind, client_id = protocol.named(said)
        if await self.is_too_fast():
            await self.tell(protocol.refused(TooFast(), of=kind, client_id=client_id))
            return
        self._wait(HEARD_WITHIN)
        frames = await in_turn(self.scope["place"].host, self.side.answer, said)
        if any(frame["type"] == "sent" for frame in frames):
            self.own = self.side.have
        if not await self._tell(frames):
            return
        await self._join()
        if kind == "typing" and self.group and isinstance(said, Mapping):
            self._typing(bool(said.get("text")))

    async def tickets_changed(self, event: dict[str, Any]) -> None:
        seq = max(hint["seq"] for hint in event["hints"])
        own, self.own = self.own, 0
        if seq >= self.side.have and not (seq == own and seq == self.side.have):
            brought = next(iter(event["brought"].values()), None)  # it hears of one conversation
            taken = self.side.take(brought) if brought else []
            if taken:
                await self.tell(*taken)
                return
            await self._look()
            await self._join()

    async def chat_receipts(self, event: dict[str, Any]) -> None:
        await self._look()

    async def widget_changed(self, event: dict[str, Any]) -> None:
        await self._look()

    async def chat_typing(self, event: dict[str, Any]) -> None:
        await self.tell({"type": "typing", "on": event["on"]})

    def _typing(self, on: bool) -> None:
        store, ticket = self.side.store, self.side.ticket
        if store is not None and ticket is not None:
            event = {"type": "chat.typing", "store": store.pk, "ticket": ticket, "on": on}
            self.pass_on(self._agency(), live.watchers_group(store.pk, ticket), event)

    async def _join(self) -> None:
        """Hears of its conversation from now on. Whatever was written in between, is looked for once more."""
        store, ticket = self.side.store, self.side.ticket
        if store is not None and not self.hears_of_widget:
            self.hears_of_widget = await live.join(self._agency(), live.widget_group(store.pk), self)
        group = live.buyer_group(store.pk, ticket) if store is not None and ticket is not None else ""
        if group == self.group:
            return
        if self.group:
            await live.leave(self._agency(), self.group, self)
        self.group = ""
        if group and await live.join(self._agency(), group, self):
            self.group = group  # or the next frame tries again
            await self._look()

    async def _look(self) -> None:
        await self._tell(await in_turn(self.scope["place"].host, self.side.look))

    async def _tell(self, frames: list[dict[str, Any]]) -> bool:
        """Whether the socket goes on: not without a hello, nor where the widget or the store is closed meanwhile."""
        await self.tell(*frames)
        if self.side.is_open and not self.side.is_over:
            return True
        await self.end(next((_code_of(frame) for frame in frames if frame["type"] == "refused"), 4400))
        return False

    def _agency(self) -> int:
        return int(self.scope["place"].agency_id)

    def _wait(self, seconds: float) -> None:
        """From now on for so long. One timer, that looks again when it rings: frames come more often."""
        loop = asyncio.get_running_loop()
        self.silent_at = loop.time() + seconds
        if self.timer is None or self.timer.when() > self.silent_at:
            self._ring_at(loop, self.silent_at)

    def _ring_at(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self.timer:
            self.timer.cancel()
        self.timer = loop.call_at(at, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop.time() < self.silent_at:
            self._ring_at(loop, self.silent_at)
        else:
            self.silence = loop.create_task(self.end(4408))


def _code_of(frame: dict[str, Any]) -> int:
    return {"expired": 4401, "key": 4404, "unavailable": 1013}.get(frame["code"], 4400)
