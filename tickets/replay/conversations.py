"""A file of conversations, one JSON object a line: `{"id", "turns": [{"from", "text"}]}`. Pure: no Django."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tickets.acknowledgement import language_of

LONGEST_ID = 80  # characters; keys made from it must fit into 100


class Side(StrEnum):
    """Who speaks; the values are what the API calls the kinds of their messages."""

    BUYER = "buyer"
    AGENT = "agent"


SIDES = {"customer": Side.BUYER, "buyer": Side.BUYER, "agent": Side.AGENT, "helpdesk": Side.AGENT}


@dataclass(frozen=True, slots=True)
class Turn:
    """`position` counts from 0; `text` is as the desk will keep it."""

    position: int
    side: Side
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Its keys follow from its id alone, so that a second run sends what the first one sent."""

    id: str
    turns: tuple[Turn, ...]

    @property
    def buyer_id(self) -> str:
        return f"replay-{self.id}"

    @property
    def buyer_name(self) -> str:
        word = "买家" if any(language_of(turn.text) == "zh" for turn in self.turns) else "Buyer"
        return f"{word} {self.id[-6:]}"

    def key_of(self, turn: Turn) -> str:
        return f"replay-{self.id}-{turn.position}"


@dataclass(frozen=True)
class Script:
    """What a file holds: its good conversations, and one sentence with the line's number for each bad line."""

    conversations: list[Conversation]
    bad_lines: list[str]

    @property
    def size(self) -> int:
        return sum(len(conversation.turns) for conversation in self.conversations)


class BadLine(ValueError):
    """The line is no conversation; the text says why."""


def read_script(lines: Iterable[bytes], *, limit: int | None = None) -> Script:
    """The first `limit` good conversations, in the file's order. Blank lines are nothing; a bad one stops nobody."""
    script = Script([], [])
    first_seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if limit is not None and len(script.conversations) >= limit:
            break
        if not line.strip():
            continue
        try:
            conversation = read_conversation(line)
            if conversation.id in first_seen:
                raise BadLine(f"id {conversation.id!r} stands in line {first_seen[conversation.id]} already")
        except BadLine as error:
            script.bad_lines.append(f"line {number}: {error}")
            continue
        first_seen[conversation.id] = number
        script.conversations.append(conversation)
    return script


def read_conversation(line: bytes) -> Conversation:
    """One line. Raises BadLine."""
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadLine("not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BadLine("not JSON") from error
    if not isinstance(value, dict):
        raise BadLine("not a JSON object")
    if missing := [name for name in ("id", "turns") if name not in value]:
        raise BadLine(f"{missing[0]!r} is missing")
    turns = value["turns"]
    if not isinstance(turns, list) or not turns:
        raise BadLine("'turns' is not a list with turns in it")
    return Conversation(_read_id(value["id"]), tuple(_read_turn(n, turn) for n, turn in enumerate(turns)))


def _read_id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadLine("'id' is neither text nor a whole number")
    text = str(value).strip()
    if not text:
        raise BadLine("'id' is empty")
    if len(text) > LONGEST_ID:
        raise BadLine(f"'id' is longer than {LONGEST_ID} characters")
    return _writable(text, "'id'")


def _read_turn(position: int, value: Any) -> Turn:
    name = f"turn {position + 1}"
    if not isinstance(value, dict):
        raise BadLine(f"{name} is not a JSON object")
    if missing := [key for key in ("from", "text") if key not in value]:
        raise BadLine(f"{name}: {missing[0]!r} is missing")
    side = SIDES.get(value["from"]) if isinstance(value["from"], str) else None
    if side is None:
        raise BadLine(f"{name}: 'from' is none of {', '.join(SIDES)}")
    if not isinstance(value["text"], str) or not value["text"].strip():
        raise BadLine(f"{name}: 'text' is empty or no text")
    return Turn(position, side, _as_kept(side, _writable(value["text"], f"{name}: 'text'")))


def _writable(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadLine(f"{name} has half a character (a lone surrogate)") from error
    return text


def _as_kept(side: Side, text: str) -> str:
    """A buyer's words are kept to the letter; a reply is trimmed by the verb that writes it (tickets.actions.reply)."""
    return text if side == Side.BUYER else text.replace("\r\n", "\n").strip()
