"""A socket's place and person: from the host and the session, behind the origin check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from tenants.access import Caller, is_at_home
from tenants.context import at
from tenants.hosts import SESSION_HOST, bare_host, place_of

P = ParamSpec("P")
R = TypeVar("R")

# Channels' default is one thread for all sockets of a process, and with it one connection: one slow query stops
# every desk. Each call here takes a thread and a connection of its own, and gives both back.
EXECUTOR = ThreadPoolExecutor(max_workers=8, thread_name_prefix="sockets")


async def in_database(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs one synchronous call that enters what it needs and leaves it again. The only way from a socket to a row."""
    run: Callable[P, Awaitable[R]] = database_sync_to_async(call, thread_sensitive=False, executor=EXECUTOR)
    return await run(*args, **kwargs)


class PlaceSocketMiddleware:
    """Puts `caller` on the scope, or closes before accepting: foreign origin, unknown host, nobody signed in.

    `ask_again` on the scope gives the caller as of now, from the same cookie: None once they have signed out.
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
        caller = await in_database(caller_of, host, session_key) if is_own_origin(origin, host) else None
        if caller is None:
            await send({"type": "websocket.close", "code": 4403})
            return
        ask_again = partial(caller_of, host, session_key)
        await self.app({**scope, "caller": caller, "ask_again": ask_again}, receive, send)


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
