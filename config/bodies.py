"""What comes over HTTP is measured before it is read: how it is written, how large it is, how much comes at once.

Django takes the whole body of a request in, to disk if need be, before a view can say no.
"""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, parse_cookie
from django.utils import translation
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext_lazy as _

from tenants.bucket import Places, neighbourhood
from tenants.errors import DomainError, Invalid, TooMuch
from tickets.chat.buyer import TooFast
from tickets.chat.protocol import MOST_BYTES as MOST_OF_FRAMES
from tickets.incoming import MOST_BYTES, MOST_FILES, MOST_TOGETHER

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

CHAT: Final = "/chat/frames/"


class TooSlow(DomainError):
    code = "too_slow"
    status = 408
    message = _("This took too long to arrive. Try again where the network is better.")


@dataclass(frozen=True)
class Limit:
    most: int  # bytes of one body
    within: float  # seconds for the whole of it


FRAMES: Final = Limit(MOST_OF_FRAMES, 30)
TEXT: Final = Limit(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, 60)
CHAT_FILES: Final = Limit(MOST_TOGETHER + MOST_OF_FRAMES, 300)
FILES: Final = Limit(MOST_FILES * MOST_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE, 900)

# Buyers' files are in memory while they are drawn, and anybody may send some. Bytes on their way in, in this process.
of_address = Places(CHAT_FILES.most)
of_store = Places(3 * CHAT_FILES.most)
of_process = Places(6 * CHAT_FILES.most)


class Measured:
    """An ASGI application for HTTP whose requests are refused, in the one shape of errors, before they are read."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            _check_charset(headers.get("content-type", ""))
            if "content-length" not in headers and "transfer-encoding" not in headers:
                return await self.app(scope, receive, send)  # no body
            limit = _limit_of(scope["path"], headers.get("content-type", ""))
            size = int(headers.get("content-length") or limit.most)
            if size > limit.most:
                raise TooMuch
            with _room_for(size, scope, headers) if limit is CHAT_FILES else nullcontext():
                await self.app(scope, _counted(receive, limit), send)
        except DomainError as error:
            await _refuse(error, headers, send)


def _check_charset(content_type: str) -> None:
    """What is sent is UTF-8. Python reads encodings that spell half a character, and some that are no text at all."""
    if "charset" not in content_type.lower():
        return
    try:
        name = codecs.lookup(parse_header_parameters(content_type)[1].get("charset", "utf-8")).name
    except LookupError:
        return  # Django takes what nobody knows for UTF-8 too
    except ValueError as error:
        raise Invalid(field="charset") from error
    if name not in {"utf-8", "ascii"}:
        raise Invalid(_("Send text as UTF-8."), field="charset")


def _limit_of(path: str, content_type: str) -> Limit:
    is_form = content_type.lower().startswith("multipart/")
    if path == CHAT:
        return CHAT_FILES if is_form else FRAMES
    return FILES if is_form else TEXT


@contextmanager
def _room_for(size: int, scope: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[None]:
    """Holds so many bytes of what an address, a store and this process may take in at once. Raises TooFast."""
    address = neighbourhood((scope.get("client") or [""])[0])
    held: list[tuple[Places, str]] = []
    try:
        for places, whose in ((of_address, address), (of_store, headers.get("host", "")), (of_process, "")):
            if not places.take(whose, size):
                raise TooFast
            held.append((places, whose))
        yield
    finally:
        for places, whose in held:
            places.give_back(whose, size)


def _counted(receive: Receive, limit: Limit) -> Receive:
    """`receive`, until the body is complete; raises where more comes than may, or not in time."""
    ends = asyncio.get_running_loop().time() + limit.within
    taken, is_whole = 0, False

    async def received() -> Mapping[str, Any]:
        nonlocal taken, is_whole
        if is_whole:
            return await receive()  # whether they are still there
        try:
            async with asyncio.timeout_at(ends):
                message = await receive()
        except TimeoutError:
            raise TooSlow from None
        taken += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if taken > limit.most:
            raise TooMuch
        return message

    return received


async def _refuse(error: DomainError, headers: Mapping[str, str], send: Send) -> None:
    asked = HttpRequest()
    asked.COOKIES = parse_cookie(headers.get("cookie", ""))
    asked.META["HTTP_ACCEPT_LANGUAGE"] = headers.get("accept-language", "")
    with translation.override(translation.get_language_from_request(asked)):
        body = json.dumps(error.body()).encode()
    said = {"content-type": "application/json", "content-length": str(len(body)), "cache-control": "no-store"}
    start = [(name.encode(), value.encode()) for name, value in said.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": start})
    await send({"type": "http.response.body", "body": body})
