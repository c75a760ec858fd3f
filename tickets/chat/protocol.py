"""The chat's frames, as docs/chat-protocol.md says them: what comes in is checked here, once. Pure: no database.

`read_frame` turns a text into a frozen frame or raises Invalid with the field at fault, or UnknownType. It never
trusts nesting, length or types; meaning is the verbs' business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError, Invalid
from tickets.characters import is_keepable, keepable

VERSION: Final = 1
MOST_BYTES: Final = 65_536  # of one frame, as the server is told to accept at most
LONGEST_TEXT: Final = 4_000
LONGEST_DRAFT: Final = 500
FIELDS: Final = ("name", "email", "phone", "order", "topic")
_CLIENT_ID = re.compile(r"\A[A-Za-z0-9_-]{8,64}\Z")
_SECRET = re.compile(r"\A[A-Za-z0-9_-]{43}\Z")


class UnknownType(DomainError):
    code = "unknown_type"
    message = _("There is no frame of this type.")


class WrongVersion(DomainError):
    """`details`: `speaks`, the versions that this server knows."""

    code = "version"
    message = _("This page is older or newer than the server. Reload it.")


class WrongSecret(DomainError):
    code = "secret"
    message = _("The secret is not 43 characters of base64url.")


# ---------------------------------------------------------------- the frames


@dataclass(frozen=True)
class Hello:
    key: str
    secret: str
    identity: str = ""
    conversation: UUID | None = None
    have: int = 0
    language: str = "en"
    page: str = ""


@dataclass(frozen=True)
class Introduce:
    fields: Mapping[str, str]
    consent: bool


@dataclass(frozen=True)
class Say:
    client_id: str
    text: str
    choice: tuple[int, str] | None = None  # (seq of the offer, id of the option)


@dataclass(frozen=True)
class Earlier:
    before: int


@dataclass(frozen=True)
class Seen:
    delivered: int
    read: int


@dataclass(frozen=True)
class Typing:
    text: str


@dataclass(frozen=True)
class Ping:
    pass


@dataclass(frozen=True)
class Rate:
    score: int
    comment: str


@dataclass(frozen=True)
class Transcript:
    email: str


@dataclass(frozen=True)
class End:
    pass


@dataclass(frozen=True)
class Watch:
    store: int
    ticket: int
    have: int | None = None


@dataclass(frozen=True)
class Unwatch:
    store: int
    ticket: int


@dataclass(frozen=True)
class Reply:
    client_id: str
    store: int
    ticket: int
    text: str
    seen: int
    card: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class DeskSeen:
    store: int
    ticket: int
    read: int


@dataclass(frozen=True)
class DeskTyping:
    store: int
    ticket: int
    on: bool


@dataclass(frozen=True)
class DeskPing:
    pass


BuyerFrame = Hello | Introduce | Say | Earlier | Seen | Typing | Ping | Rate | Transcript | End
DeskFrame = Watch | Unwatch | Reply | DeskSeen | DeskTyping | DeskPing
Frame = BuyerFrame | DeskFrame


# ---------------------------------------------------------------- reading


def read_buyer(data: str | Mapping[str, Any]) -> BuyerFrame:
    """A frame of the buyer's side. Raises Invalid, UnknownType, WrongVersion, WrongSecret."""
    raw = data if isinstance(data, Mapping) else decoded(data)
    return _reader(_BUYER, raw)(raw)


def read_desk(data: str | Mapping[str, Any]) -> DeskFrame:
    """A frame of the desk's side. Raises Invalid, UnknownType."""
    raw = data if isinstance(data, Mapping) else decoded(data)
    return _reader(_DESK, raw)(raw)


def decoded(text: str) -> Mapping[str, Any]:
    """One JSON object. Nesting that would be too deep for Python is refused like any other that is no object."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(_("This is not JSON."), field="frame") from error
    if not isinstance(raw, dict):
        raise Invalid(_("A frame is a JSON object."), field="frame")
    return raw


def readable(text: str) -> str | Mapping[str, Any]:
    """The object that the text is, so that it need not be decoded again; or the text, which is then refused."""
    try:
        return decoded(text)
    except Invalid:
        return text


def named(data: str | Mapping[str, Any] | None) -> tuple[str, str | None]:
    """(`type`, `client_id`) of a frame that may be refused, as far as they can be read."""
    try:
        raw = data if isinstance(data, Mapping) else decoded(data or "")
    except Invalid:
        return "", None
    kind, client_id = raw.get("type"), raw.get("client_id")
    good = isinstance(client_id, str) and _CLIENT_ID.match(client_id)
    return (keepable(kind[:40]) if isinstance(kind, str) else ""), (client_id if good else None)


def _reader(readers: Mapping[str, Callable[[Mapping[str, Any]], Any]], raw: Mapping[str, Any]) -> Any:
    kind = raw.get("type")
    reader = readers.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise UnknownType(field="type")
    return reader


def _hello(raw: Mapping[str, Any]) -> Hello:
    if raw.get("v") != VERSION:
        raise WrongVersion(field="v", details={"speaks": [VERSION]})
    secret = _text(raw, "secret", 200)
    if not _SECRET.match(secret):
        raise WrongSecret(field="secret")
    return Hello(
        key=_text(raw, "key", 40),
        secret=secret,
        identity=_text(raw, "identity", 4_000, ""),
        conversation=_uuid(raw, "conversation"),
        have=_number(raw, "have", 0),
        language="zh" if _text(raw, "language", 20, "en").lower().startswith("zh") else "en",
        page=_text(raw, "page", 2_000, "")[:500],
    )


def _introduce(raw: Mapping[str, Any]) -> Introduce:
    given = raw.get("fields")
    if not isinstance(given, dict):
        raise Invalid(_("This must be an object."), field="fields")
    fields = {name: _text(given, name, 200, "").strip() for name in FIELDS if given.get(name) is not None}
    return Introduce(fields, consent=raw.get("consent") is True)


def _say(raw: Mapping[str, Any]) -> Say:
    choice = raw.get("choice")
    if choice is not None:
        if not isinstance(choice, dict):
            raise Invalid(_("This must be an object."), field="choice")
        choice = (_number(choice, "seq"), _text(choice, "option", 20))
    return Say(_client_id(raw), _text(raw, "text", LONGEST_TEXT, "" if choice else None), choice)


_BUYER: Final[Mapping[str, Callable[[Mapping[str, Any]], BuyerFrame]]] = {
    "hello": _hello,
    "introduce": _introduce,
    "message": _say,
    "earlier": lambda raw: Earlier(_number(raw, "before")),
    "seen": lambda raw: Seen(_number(raw, "delivered", 0), _number(raw, "read", 0)),
    "typing": lambda raw: Typing(_text(raw, "text", 100_000, "")[:LONGEST_DRAFT]),
    "ping": lambda raw: Ping(),
    "rate": lambda raw: Rate(_number(raw, "score"), _text(raw, "comment", 1_000, "")),
    "transcript": lambda raw: Transcript(_text(raw, "email", 254)),
    "end": lambda raw: End(),
}


def _watch(raw: Mapping[str, Any]) -> Watch:
    have = raw.get("have")
    return Watch(_number(raw, "store"), _number(raw, "ticket"), None if have is None else _number(raw, "have"))


def _reply(raw: Mapping[str, Any]) -> Reply:
    card = raw.get("card")
    if card is not None and not isinstance(card, dict):
        raise Invalid(_("This must be an object."), field="card")
    return Reply(
        client_id=_client_id(raw),
        store=_number(raw, "store"),
        ticket=_number(raw, "ticket"),
        text=_text(raw, "text", 20_000, "" if card else None),
        seen=_number(raw, "seen"),
        card=card,
    )


_DESK: Final[Mapping[str, Callable[[Mapping[str, Any]], DeskFrame]]] = {
    "watch": _watch,
    "unwatch": lambda raw: Unwatch(_number(raw, "store"), _number(raw, "ticket")),
    "reply": _reply,
    "seen": lambda raw: DeskSeen(_number(raw, "store"), _number(raw, "ticket"), _number(raw, "read")),
    "typing": lambda raw: DeskTyping(_number(raw, "store"), _number(raw, "ticket"), raw.get("on") is True),
    "ping": lambda raw: DeskPing(),
}


# ---------------------------------------------------------------- values


def _text(raw: Mapping[str, Any], name: str, longest: int, default: str | None = None) -> str:
    value = raw.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise Invalid(_("This must be a text."), field=name)
    if len(value) > longest:
        raise Invalid(_("This text is longer than %(most)d characters.") % {"most": longest}, field=name)
    if not is_keepable(value):
        raise Invalid(_("This text has a character that can't be kept."), field=name)
    return value


def _number(raw: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = raw.get(name)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise Invalid(_("This must be a whole number, not negative."), field=name)
    return value


def _uuid(raw: Mapping[str, Any], name: str) -> UUID | None:
    value = raw.get(name)
    if value is None:
        return None
    try:
        return UUID(value)
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid(_("This is not the id of a conversation."), field=name) from error


def _client_id(raw: Mapping[str, Any]) -> str:
    value = raw.get("client_id")
    if not isinstance(value, str) or not _CLIENT_ID.match(value):
        raise Invalid(_("This must be 8 to 64 letters, digits, - or _."), field="client_id")
    return value


# ---------------------------------------------------------------- answering


def refused(error: DomainError, *, of: str = "", client_id: str | None = None, **where: Any) -> dict[str, Any]:
    """The frame that says why not."""
    body = error.body()["error"]
    frame = {"type": "refused", "of": of, "code": body["code"], "message": body["message"], "field": body["field"]}
    frame |= {"client_id": client_id} if client_id else {}
    frame |= {"details": body["details"]} if body["details"] else {}
    return frame | where
