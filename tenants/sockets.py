"""A socket's place and person: from the host and the session, behind the origin check."""

from __future__ import annotations

import asyncio
import json
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Hashable, Mapping
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from tenants import live
from tenants.access import Caller, is_at_home
from tenants.bucket import Bucket
from tenants.context import at
from tenants.hearing import Told, of_both
from tenants.hosts import SESSION_HOST, bare_host, place_of
from tenants.lanes import Lanes

P = ParamSpec("P")
R = TypeVar("R")

# Channels' default is one thread for all sockets of a process, and with it one connection: one slow query stops
# every desk. Each call here has a thread and a connection to itself.
MOST_OF_ONE: Final = 2  # calls of one store's buyers at a time: fewer than work at once
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()
LANES = Lanes(8, "sockets", at_once=3)  # measured: with 2 cores, 2 and 8 are slower


async def in_database(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs one synchronous call that enters what it needs and leaves it again. The only way from a socket to a row."""
    return await in_lane("", call, *args, **kwargs)


async def in_lane(whose: Hashable, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """As `in_database`, where possible on a connection that stood at `whose` before."""
    found: R = await LANES.run(whose, partial(call, *args, **kwargs))
    return found


async def in_turn(whose: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """As `in_database`, but no more than MOST_OF_ONE at a time for `whose`: one store's rush leaves others room."""
    turns = _turns.setdefault(asyncio.get_running_loop(), {})
    async with turns.setdefault(whose, asyncio.Semaphore(MOST_OF_ONE)):
        return await in_lane(whose, call, *args, **kwargs)


class PlaceSocketMiddleware:
    """Puts `place` and `caller` on the scope, or closes before accepting: foreign origin, or unknown host.

    `caller` is None where nobody is signed in. `ask_again` on the scope gives the caller as of now, from the same
    cookie: None once they have signed out.
    """

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = CookieMiddleware(_WithCaller(app))

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class _WithCaller:
    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin", b"").decode("latin-1")
        session_key = scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")
        place = await in_database(place_of, bare_host(host)) if is_own_origin(origin, host) else None
        if place is None:
            await send({"type": "websocket.close", "code": 4403})
            return
        ask_again = partial(caller_of, host, session_key)
        caller = await in_database(ask_again) if session_key else None
        await self.app({**scope, "place": place, "caller": caller, "ask_again": ask_again}, receive, send)


class PatientConsumer(AsyncWebsocketConsumer):
    """A socket that neither waits for who does not read, nor listens to who says too much.

    One thing at a time: a frame, or what was heard meanwhile. Hints of the same ticket are one by the time that there
    is a turn for them.
    """

    FRAMES_A_SECOND = 10.0
    FRAMES_AT_ONCE = 40.0
    READ_WITHIN = 5.0  # seconds
    TOO_MUCH = 200  # frames beyond the rate, and it is closed
    MOST_PASSED_ON = 100  # at a time; while Redis hangs, what comes beyond them is lost
    MOST_HEARD = 100  # events that wait; of more, the oldest are lost

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bucket = Bucket(self.FRAMES_A_SECOND, self.FRAMES_AT_ONCE)
        self.refusals = 0
        self.is_closed = False
        self.passing_on: set[asyncio.Task[None]] = set()
        self.hints: dict[str, dict[tuple[int, int], Told]] = {}  # type → (store, ticket) → what is told
        self.events: deque[Mapping[str, Any]] = deque(maxlen=self.MOST_HEARD)
        self.woken: asyncio.Future[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """However it ends: by a disconnect, a handler that raises, a server that stops, or StopConsumer."""
        self.scope, self.base_send = scope, send
        coming = self._next(receive)
        try:
            while True:
                while heard := self._heard():
                    await self.dispatch(heard)
                    if coming.done():
                        break  # who hears much is listened to as well
                if coming.done():
                    await self.dispatch(coming.result())
                    coming = self._next(receive)
                elif not (self.hints or self.events):
                    self.woken = asyncio.get_running_loop().create_future()
                    await self.woken
        except StopConsumer:
            pass
        finally:
            coming.cancel()
            self.is_closed = True
            await self.let_go()

    def _next(self, receive: Any) -> asyncio.Future[Any]:
        coming = asyncio.ensure_future(receive())
        coming.add_done_callback(self._wake)
        return coming

    def _wake(self, _coming: object = None) -> None:
        if self.woken is not None and not self.woken.done():
            self.woken.set_result(None)

    def hear_hints(self, kind: str, about: Mapping[tuple[int, int], Told]) -> None:
        """Of two of the same ticket the later stays, and nothing that either brought: then it is read."""
        known = self.hints.setdefault(kind, {})
        for key, told in about.items():
            known[key] = of_both(told, known[key]) if key in known else told
        self._wake()

    def hear_event(self, event: Mapping[str, Any]) -> None:
        self.events.append(event)
        self._wake()

    def _heard(self) -> dict[str, Any] | None:
        """The next thing that was heard, as a message to be dispatched."""
        if self.hints:
            kind = next(iter(self.hints))
            about = self.hints.pop(kind)
            hints = [{"store": store, "ticket": ticket, "seq": seq} for (store, ticket), (seq, _) in about.items()]
            brought = {key: along for key, (_, along) in about.items() if along}
            return {"type": kind, "hints": hints, "brought": brought}
        return dict(self.events.popleft()) if self.events else None

    async def let_go(self) -> None:
        """Gives back what the socket holds beyond itself: places, groups, timers, tasks. Called once, at its end."""

    def pass_on(self, agency: int, group: str, event: Mapping[str, Any]) -> None:
        """Tells a group what may be lost. In order, and nobody waits for it: a Redis that hangs delays no message."""
        if len(self.passing_on) < self.MOST_PASSED_ON:
            task = asyncio.create_task(live.pass_on(agency, group, event))
            self.passing_on.add(task)
            task.add_done_callback(self.passing_on.discard)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels' own, which looks after database connections in a thread of its own before each message.

        What runs here has none: `in_database` has them.
        """
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def tell(self, *frames: Mapping[str, Any]) -> None:
        """Sends frames in order; what is not read within READ_WITHIN ends the socket (1013)."""
        if self.is_closed or not frames:
            return
        try:
            for frame in frames:
                text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
                await _within(self.READ_WITHIN, self.base_send({"type": "websocket.send", "text": text}))
        except TimeoutError:
            await self.end(1013)

    async def end(self, code: int) -> None:
        """Closes, once."""
        if not self.is_closed:
            self.is_closed = True
            try:
                async with asyncio.timeout(self.READ_WITHIN):
                    await self.close(code)
            except TimeoutError:
                raise StopConsumer from None  # the server drops the connection

    async def is_too_fast(self) -> bool:
        """Counts one frame. Whether it is beyond the rate; who goes on and on is closed (4429)."""
        if self.bucket.take():
            return False
        self.refusals += 1
        if self.refusals > self.TOO_MUCH:
            await self.end(4429)
        return True


async def _within(seconds: float, sending: Coroutine[Any, Any, None]) -> None:
    """Awaits it. Raises TimeoutError; what does not wait at all, as nearly all that is sent, needs no timer."""
    try:
        waits_for = sending.send(None)
    except StopIteration:
        return
    async with asyncio.timeout(seconds):
        await _rest(waits_for, sending)


@types.coroutine
def _rest(waits_for: Any, begun: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
    """A coroutine that has begun and waits, as if nobody had looked: what is thrown meanwhile, it is thrown."""
    while True:
        try:
            got = yield waits_for
        except BaseException as thrown:  # handed on, whatever it is
            goes_on = partial(begun.throw, thrown)
        else:
            goes_on = partial(begun.send, got)
        try:
            waits_for = goes_on()
        except StopIteration:
            return


def is_own_origin(origin: str, host: str) -> bool:
    """Only pages of this very host, scheme and port may open a socket to it; a sibling store's may not."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    scheme = "https" if settings.HTTPS else "http"
    return parts.scheme == scheme and bool(host) and parts.netloc.lower() == host.lower()


def caller_of(host: str, session_key: str) -> Caller | None:
    """Who is signed in at this host, by the session's cookie; None where nobody is, or not at home there."""
    place = place_of(bare_host(host))
    if place is None or not session_key:
        return None
    with at(place):
        request = HttpRequest()
        request.session = SessionStore(session_key)
        if request.session.get(SESSION_HOST) != place.host:
            return None
        person = get_user(request)
        if not person.is_authenticated or not is_at_home(person, place):
            return None
        return Caller(person, place)
