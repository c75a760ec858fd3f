"""A buyer and a desk that speak docs/chat-protocol.md: they send again until it is `sent`, and come back by cursor."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

Frame = dict[str, Any]
TOO_FAST = 1.0  # seconds that `too_fast` and `unavailable` ask to wait


@dataclass(frozen=True)
class Address:
    """Where to connect to: the port of this machine, and whose host is meant."""

    port: int
    host: str
    path: str
    cookie: str = ""

    def open(self) -> connect:
        authority = f"{self.host}:{self.port}"
        headers = {"Cookie": self.cookie} if self.cookie else {}
        return connect(
            f"ws://{authority}{self.path}", host="127.0.0.1", port=self.port, origin=f"http://{authority}",  # type: ignore[arg-type]
            additional_headers=headers, compression=None, ping_interval=None, proxy=None, open_timeout=20,
            close_timeout=1,
        )  # fmt: skip


@dataclass
class Thread:
    """What one side holds of a conversation, and what was odd about how it came."""

    items: dict[int, Frame] = field(default_factory=dict)  # by seq, in the order of their coming
    have: int = 0
    repeats: int = 0
    out_of_order: int = 0
    missed: set[int] = field(default_factory=set)  # told with a refusal: `messages` may bring them too

    def take(self, items: Iterable[Frame], *, missed: bool = False) -> list[Frame]:
        """Those that are new."""
        new = []
        for item in items:
            seq = item["seq"]
            if missed:
                self.missed.add(seq)
            if seq in self.items:
                self.repeats += seq not in self.missed
                continue
            self.out_of_order += seq < self.have
            self.items[seq] = item
            self.have = max(self.have, seq)
            new.append(item)
        return new


class Client:
    """Keeps one socket: connects, says what is unsent, hears, pings, and connects again as the protocol asks.

    `heard` is called with each new item and the thread's key; `acked` with a client_id that exists from now on.
    """

    def __init__(self, address: Address, *, ping_every: float = 20.0, seed: int = 0) -> None:
        self.address = address
        self.ping_every = ping_every
        self.random = random.Random(seed)
        self.unsent: dict[str, Frame] = {}  # client_id → its frame, oldest first
        self.sent: dict[str, Frame] = {}  # client_id → the server's `sent`
        self.heard: Callable[[Any, Frame], None] = lambda key, item: None
        self.acked: Callable[[str], None] = lambda client_id: None
        self.ready = asyncio.Event()
        self.codes: Counter[int] = Counter()  # with what its sockets were closed
        self.refused: Counter[str] = Counter()
        self.socket: ClientConnection | None = None

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            welcomed = False
            try:
                async with self.address.open() as self.socket:
                    await self.greet()
                    welcomed = True
                    failures = 0
                    self.ready.set()
                    await self._live(self.socket)
                self.codes[self.socket.close_code or 0] += 1
            except (OSError, WebSocketException, InvalidHandshake, TimeoutError):
                if welcomed and self.socket is not None:
                    self.codes[self.socket.close_code or 0] += 1
            self.ready.clear()
            self.socket = None
            failures += 1
            await asyncio.sleep(min(30.0, 1.5 * 2 ** (failures - 1)) * self.random.uniform(0.5, 1.0))

    async def say(self, client_id: str, frame: Frame) -> None:
        """Sends it now if there is a socket, and with each new one until the server has said `sent`."""
        self.unsent[client_id] = frame
        if self.ready.is_set() and self.socket is not None:
            await self._send(self.current(frame))

    async def greet(self) -> None:
        """From connected to welcome. Raises where it was no welcome."""
        raise NotImplementedError

    def ping(self) -> Frame:
        raise NotImplementedError

    def take(self, frame: Frame, *, missed: bool = False) -> None:
        """What came that is neither `sent` nor `refused`; or, `missed`, messages that came with a refusal."""
        raise NotImplementedError

    def current(self, frame: Frame) -> Frame:
        """A message's frame as it is said now."""
        return frame

    async def _live(self, socket: ClientConnection) -> None:
        pinging = asyncio.create_task(self._keep_pinging())
        try:
            for frame in list(self.unsent.values()):
                await socket.send(json.dumps(self.current(frame)))
            async for raw in socket:
                self._dispatch(json.loads(raw))
        finally:
            pinging.cancel()

    async def _keep_pinging(self) -> None:
        while True:
            await asyncio.sleep(self.ping_every * self.random.uniform(0.9, 1.0))
            await self._send(self.ping())

    async def _send(self, frame: Frame) -> None:
        if self.socket is not None:
            with contextlib.suppress(WebSocketException, OSError):  # the reader notices, and comes back
                await self.socket.send(json.dumps(frame))

    def _dispatch(self, frame: Frame) -> None:
        match frame["type"]:
            case "sent":
                self.sent[frame["client_id"]] = frame
                self.unsent.pop(frame["client_id"], None)
                self.acked(frame["client_id"])
            case "refused":
                self._refused(frame)
            case _:
                self.take(frame)

    def _refused(self, frame: Frame) -> None:
        code, client_id = frame["code"], frame.get("client_id")
        self.refused[code] += 1
        if code == "ticket_moved_on":
            self.take({**frame, "type": "messages", "items": frame["missed"]}, missed=True)
        wait = {"ticket_moved_on": 0.0, "too_fast": TOO_FAST, "unavailable": TOO_FAST}.get(code)
        if wait is None:
            self.unsent.pop(client_id or "", None)
        elif client_id in self.unsent:
            asyncio.get_running_loop().call_later(wait, self._again, client_id)

    def _again(self, client_id: str) -> None:
        if (frame := self.unsent.get(client_id)) is not None:
            self._sending = asyncio.ensure_future(self._send(self.current(frame)))


class Buyer(Client):
    """One browser at a store's widget."""

    def __init__(self, port: int, host: str, key: str, *, ping_every: float = 20.0, seed: int = 0) -> None:
        super().__init__(Address(port, host, "/ws/chat/"), ping_every=ping_every, seed=seed)
        self.key = key
        self.secret = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
        self.conversation: str | None = None
        self.thread = Thread()

    async def message(self, client_id: str, text: str) -> None:
        await self.say(client_id, {"type": "message", "client_id": client_id, "text": text})

    async def greet(self) -> None:
        assert self.socket
        hello = {"type": "hello", "v": 1, "key": self.key, "secret": self.secret, "language": "zh", **self._cursor()}
        await self.socket.send(json.dumps(hello))
        welcome = json.loads(await asyncio.wait_for(self.socket.recv(), 20))
        if welcome["type"] != "welcome":
            self.refused[welcome.get("code", "")] += 1
            raise TimeoutError
        self.take({"type": "messages", "conversation": welcome["conversation"], "items": welcome["messages"]})

    def ping(self) -> Frame:
        return {"type": "ping", **self._cursor()}

    def take(self, frame: Frame, *, missed: bool = False) -> None:
        if frame["type"] != "messages":
            return
        if self.conversation not in (None, frame["conversation"]):
            self.thread = Thread()
        self.conversation = frame["conversation"]
        for item in self.thread.take(frame["items"], missed=missed):
            self.heard(self.conversation, item)

    def _cursor(self) -> Frame:
        return {"conversation": self.conversation, "have": self.thread.have} if self.conversation else {}


Key = tuple[int, int]  # (store, ticket)


class Desk(Client):
    """One agent's page with some chats open."""

    def __init__(self, port: int, host: str, cookie: str, *, ping_every: float = 20.0, seed: int = 0) -> None:
        super().__init__(Address(port, host, "/ws/desk/", cookie), ping_every=ping_every, seed=seed)
        self.threads: dict[Key, Thread] = {}

    async def watch(self, store: int, ticket: int) -> None:
        self.threads.setdefault((store, ticket), Thread())
        if self.ready.is_set():
            await self._send(self._watching((store, ticket)))

    async def reply(self, client_id: str, key: Key, text: str) -> None:
        about = {"store": key[0], "ticket": key[1]}
        await self.say(client_id, {"type": "reply", "client_id": client_id, "text": text, **about})

    def current(self, frame: Frame) -> Frame:
        return {**frame, "seen": self.threads[frame["store"], frame["ticket"]].have}

    async def greet(self) -> None:
        assert self.socket
        hello = json.loads(await asyncio.wait_for(self.socket.recv(), 20))
        if hello["type"] != "hello":
            raise TimeoutError
        for key in self.threads:
            await self.socket.send(json.dumps(self._watching(key)))

    def ping(self) -> Frame:
        return {"type": "ping", "have": [self._cursor(key) for key in self.threads]}

    def take(self, frame: Frame, *, missed: bool = False) -> None:
        if frame["type"] != "messages":
            return
        key = (frame["store"], frame["ticket"])
        for item in self.threads[key].take(frame["items"], missed=missed):
            self.heard(key, item)

    def _watching(self, key: Key) -> Frame:
        return {"type": "watch", **self._cursor(key)}

    def _cursor(self, key: Key) -> Frame:
        return {"store": key[0], "ticket": key[1], "have": self.threads[key].have}
