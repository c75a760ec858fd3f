"""Frames that are none: each is refused with the field at fault, and nothing of them reaches a table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tenants.errors import DomainError, Invalid
from tickets.chat import protocol
from tickets.chat.protocol import Hello, Say, UnknownType, WrongSecret, WrongVersion, read_buyer, read_desk

SECRET = "A" * 43
HELLO = {"type": "hello", "v": 1, "key": "pk_1", "secret": SECRET}
MESSAGE = {"type": "message", "client_id": "abcdefgh", "text": "hi"}
REPLY = {"type": "reply", "client_id": "abcdefgh", "store": 1, "ticket": 1, "text": "x", "seen": 1}


def test_hello_and_message_are_read() -> None:
    hello = read_buyer(json.dumps({**HELLO, "language": "zh-Hans", "page": "x" * 900, "later": "ignored"}))
    assert hello == Hello("pk_1", SECRET, language="zh", page="x" * 500)
    said = read_buyer(json.dumps({**MESSAGE, "text": "", "choice": {"seq": 5, "option": "A"}}))
    assert said == Say("abcdefgh", "", (5, "A"))


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "1", "null", '"hello"', "{", "[" * 60_000, '{"a":' * 10_000, '{"type": "hello"', "\ud800", "NaN"],
)
def test_what_is_no_object_is_refused(text: str) -> None:
    for read in (read_buyer, read_desk):
        with pytest.raises(Invalid) as refused:
            read(text)
        assert refused.value.field == "frame"


@pytest.mark.parametrize("kind", ["", "nonsense", "reply", None, 1, [], {}, True])
def test_unknown_types_are_refused(kind: Any) -> None:
    with pytest.raises(UnknownType):
        read_buyer({"type": kind})


@pytest.mark.parametrize("version", [None, 0, 2, "1", True and 1.5])
def test_other_versions_are_told_what_is_spoken(version: Any) -> None:
    with pytest.raises(WrongVersion) as refused:
        read_buyer({**HELLO, "v": version})
    assert refused.value.details == {"speaks": [1]}


@pytest.mark.parametrize("secret", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "ü" * 43, "A" * 42 + "\n"])
def test_secret_has_one_shape(secret: str) -> None:
    with pytest.raises(WrongSecret):
        read_buyer({**HELLO, "secret": secret})


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ({**HELLO, "secret": 1}, "secret"),
        ({**HELLO, "key": None}, "key"),
        ({**HELLO, "key": "k" * 41}, "key"),
        ({**HELLO, "have": -1}, "have"),
        ({**HELLO, "have": 2**53}, "have"),
        ({**HELLO, "have": True}, "have"),
        ({**HELLO, "have": 1.5}, "have"),
        ({**HELLO, "conversation": "12"}, "conversation"),
        ({**HELLO, "conversation": 12}, "conversation"),
        ({**HELLO, "conversation": ["x"]}, "conversation"),
        ({**HELLO, "identity": {}}, "identity"),
        ({**MESSAGE, "client_id": "short"}, "client_id"),
        ({**MESSAGE, "client_id": "a b c d e f"}, "client_id"),
        ({**MESSAGE, "client_id": "x" * 65}, "client_id"),
        ({**MESSAGE, "client_id": None}, "client_id"),
        ({**MESSAGE, "text": "x" * 4001}, "text"),
        ({**MESSAGE, "text": "a\x00b"}, "text"),
        ({**MESSAGE, "text": "\ud83d"}, "text"),
        ({**MESSAGE, "text": ["hi"]}, "text"),
        ({**MESSAGE, "choice": "A"}, "choice"),
        ({**MESSAGE, "choice": {"seq": "1", "option": "A"}}, "seq"),
        ({"type": "introduce", "fields": []}, "fields"),
        ({"type": "introduce", "fields": {"name": 5}}, "name"),
        ({"type": "introduce", "fields": {"email": "x" * 201}}, "email"),
        ({"type": "earlier"}, "before"),
        ({"type": "rate", "score": "5"}, "score"),
        ({"type": "rate", "score": 5, "comment": "x" * 1001}, "comment"),
        ({"type": "transcript"}, "email"),
        ({"type": "seen", "read": "all"}, "read"),
    ],
)
def test_bad_values_of_the_buyers_side_are_named(frame: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        read_buyer(frame)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ({"type": "watch", "ticket": 1}, "store"),
        ({"type": "watch", "store": 1, "ticket": "1"}, "ticket"),
        ({**REPLY, "seen": None}, "seen"),
        ({**REPLY, "card": []}, "card"),
        ({**REPLY, "text": None}, "text"),
    ],
)
def test_bad_values_of_the_desks_side_are_named(frame: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        read_desk(frame)
    assert refused.value.field == field


def test_a_refusal_names_the_frame_as_far_as_it_can_be_read() -> None:
    assert protocol.named(json.dumps(MESSAGE)) == ("message", "abcdefgh")
    assert protocol.named('{"type": 5, "client_id": "<script>"}') == ("", None)
    assert protocol.named("[" * 70_000) == ("", None)
    assert protocol.named('{"type": "ping\\ud800"}') == ("ping", None)  # what is sent back can be sent
