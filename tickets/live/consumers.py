"""The desk's socket: a postman. It hears of everything in its stores, and has some chats open."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Mapping
from typing import Any, Final

from django.db import InterfaceError, OperationalError

from tenants import live
from tenants.access import Caller, stores_for
from tenants.clock import database_now
from tenants.context import at
from tenants.sockets import PatientConsumer, in_database, in_lane
from tickets.actions.presence import touch
from tickets.chat import protocol
from tickets.chat.buyer import TooFast
from tickets.chat.desk import DeskSide, Key

log = logging.getLogger(__name__)

GATE_LASTS = 4.0  # seconds; then it is asked again, whether or not there is anything to tell
MOST_WATCHED: Final = 50  # chats of one desk
LOOKS_AGAIN: Final = 20.0  # seconds, after which a looker who was not heard of is thought gone


class DeskConsumer(PatientConsumer):
    """Tells a desk which of its tickets have changed. Whoever signed out or lost a store soon hears no more."""

    FRAMES_A_SECOND = 30.0
    FRAMES_AT_ONCE = 120.0

    agency = 0
    group = ""
    hears = False  # Redis took it into its group
    allowed: frozenset[int] = frozenset()
    watch: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        caller = self.scope["caller"]
        if caller is None:
            await self.close(4403)
            return
        if caller.place.agency_id is None or not await self._ask_gate():
            await self.close(4404)
            return
        self.side = DeskSide(caller)
        self.agency = caller.place.agency_id
        self.group = live.agency_group(self.agency)
        await self.accept()
        self.hears = await live.join(self.agency, self.group, self)
        await self.tell({"type": "hello", "v": protocol.VERSION})
        self.watch = asyncio.create_task(self._keep_asking())

    async def let_go(self) -> None:
        if self.watch:
            self.watch.cancel()
            await asyncio.wait({self.watch})
        if self.group:
            await live.leave(self.agency, self.group, self)
            for key in list(self.side.watched):
                await self._unwatch(key)

    # ------------------------------------------------------------ what the desk says

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        if text_data is None:
            await self.end(4400)
            return
        said = protocol.readable(text_data)
        kind, client_id = protocol.named(said)
        if await self.is_too_fast():
            await self.tell(protocol.refused(TooFast(), of=kind, client_id=client_id))
            return
        if kind == "watch" and len(self.side.watched) >= MOST_WATCHED:
            await self.tell(protocol.refused(TooFast(), of=kind))
            return
        before = set(self.side.watched)
        store = said.get("store") if isinstance(said, Mapping) else None
        frames = await in_lane(self._lane(store), self.side.answer, said)
        await self._join(before)
        await self.tell(*frames)
        if kind == "typing" and not frames:
            self._pass_on_typing(said)

    async def _join(self, before: set[Key]) -> None:
        """Hears the buyers of the chats that were opened, and tells who else has them open."""
        for key in set(self.side.watched) - before:
            await live.join(self.agency, live.watchers_group(*key), self)
            self._say_looking(key, asks=True)
        for key in before - set(self.side.watched):
            await self._unwatch(key)

    async def _unwatch(self, key: Key) -> None:
        await live.leave(self.agency, live.watchers_group(*key), self)
        self._say_looking(key, leaves=True)

    def _say_looking(self, key: Key, *, asks: bool = False, leaves: bool = False) -> None:
        event = {"type": "desk.looking", "store": key[0], "ticket": key[1], "person": self._person(), "asks": asks}
        self.pass_on(self.agency, live.watchers_group(*key), event | {"leaves": leaves})

    def _pass_on_typing(self, frame: Any) -> None:
        store, ticket = frame["store"], frame["ticket"]
        event = {"type": "chat.typing", "store": store, "ticket": ticket, "on": frame.get("on") is True}
        self.pass_on(self.agency, live.buyer_group(store, ticket), event)

    def _lane(self, store: object) -> tuple[int, str]:
        return self.agency, str(store)

    def _person(self) -> int:
        return int(self.side.caller.person.pk)

    # ------------------------------------------------------------ what the desk hears

    async def queue_changed(self, event: dict[str, Any]) -> None:
        """Something in the agency's stores: for the list."""
        await self._tell_changed(event["hints"])

    async def tickets_changed(self, event: dict[str, Any]) -> None:
        """In what is open here: at once, and the messages themselves where this desk is sent them."""
        for hint in event["hints"]:
            key = (hint["store"], hint["ticket"])
            watched = self.side.watched.get(key)
            if watched is None or watched.have is None:
                await self._tell_changed([hint])
            elif hint["seq"] > watched.have and hint["store"] in self.allowed:
                brought = event["brought"].get(key)
                taken = self.side.take(key, brought) if brought else []
                await self.tell(*(taken or await in_lane(self._lane(key[0]), self.side.look, key)))

    async def chat_receipts(self, event: dict[str, Any]) -> None:
        """The buyer has read on: what is open here shows it."""
        await self._tell_changed(event["hints"])

    async def _tell_changed(self, hints: list[dict[str, Any]]) -> None:
        if told := [hint for hint in hints if hint["store"] in self.allowed]:
            await self.tell({"type": "tickets.changed", "tickets": told})

    async def chat_typing(self, event: dict[str, Any]) -> None:
        key = (event["store"], event["ticket"])
        if key in self.side.watched and event["store"] in self.allowed:
            text = await in_lane(self._lane(key[0]), self.side.preview, key) if event["on"] else ""
            await self.tell({"type": "typing", "store": key[0], "ticket": key[1], "on": event["on"], "text": text})

    async def desk_looking(self, event: dict[str, Any]) -> None:
        key, person = (event["store"], event["ticket"]), event["person"]
        watched = self.side.watched.get(key)
        if watched is None or event["store"] not in self.allowed or person == self._person():
            return
        now = asyncio.get_running_loop().time()
        known = set(watched.lookers)
        watched.lookers[person] = now
        if event["leaves"]:
            del watched.lookers[person]
        if event["asks"]:
            self._say_looking(key)
        if set(watched.lookers) != known:
            await self._tell_lookers(key)

    async def _tell_lookers(self, key: Key) -> None:
        watched = self.side.watched.get(key)
        if watched is None:
            return  # closed while it was looked after
        people = sorted(watched.lookers)
        names = await in_database(self.side.names, key[0], people) if people else []
        await self.tell({"type": "looking", "store": key[0], "ticket": key[1], "people": names})

    async def _look_again(self) -> None:
        """Says that it still looks, and forgets who did not say so for long."""
        now = asyncio.get_running_loop().time()
        for key, watched in list(self.side.watched.items()):
            self._say_looking(key)
            gone = [person for person, heard in watched.lookers.items() if heard < now - LOOKS_AGAIN]
            for person in gone:
                del watched.lookers[person]
            if gone:
                await self._tell_lookers(key)

    async def _keep_asking(self) -> None:
        """Whatever ends the asking, ends the socket: nobody hears or says anything behind a gate that is not asked."""
        code = 1011
        try:
            await asyncio.sleep(GATE_LASTS)
            for count in itertools.count():
                if not await self._ask_gate():
                    code = 4401
                    return
                self.hears = self.hears or await live.join(self.agency, self.group, self)
                if count % 2:
                    await self._look_again()
                await asyncio.sleep(GATE_LASTS)
        except Exception:  # whatever it is, the socket is closed, and the page connects again
            log.exception("a desk's gate can't be asked any more")
        finally:
            await self.end(code)

    async def _ask_gate(self) -> bool:
        """Asks anew what the caller may hear of. False for somebody who is no longer signed in here.

        While the database is away there is nothing that anybody may hear of; the next time asks again.
        """
        try:
            allowed = await in_database(stores_now, self.scope["ask_again"])
        except (OperationalError, InterfaceError):
            allowed = frozenset()
        self.allowed = allowed or frozenset()
        return allowed is not None


def stores_now(ask_again: Any) -> frozenset[int] | None:
    """The stores that the caller may see at this moment, whose desk is noted to be there; None for nobody any more."""
    caller: Caller | None = ask_again()
    if caller is None:
        return None
    with at(caller.place):
        touch(caller, now=database_now())
        return frozenset(store.pk for store in stores_for(caller))
