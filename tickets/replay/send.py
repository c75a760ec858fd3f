"""One conversation goes in, turn after turn; several of them at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TypeVar

from tickets.replay.api import Answer, Api
from tickets.replay.conversations import Conversation, Side, Turn
from tickets.replay.errors import Refused

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Accepted:
    """Where the server says that a turn stands. `seconds` is how long the accepted request took."""

    turn: Turn
    ticket: int
    seq: int
    message: int
    seconds: float


@dataclass(slots=True)
class Sent:
    """What became of a conversation's turns. `skipped`: replies to a buyer who had not yet written."""

    conversation: Conversation
    accepted: list[Accepted] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    skipped: int = 0


class Pace:
    """At most `rate` turns a second over all threads, evenly spread; without a rate nobody waits."""

    def __init__(self, rate: float | None, stopped: threading.Event) -> None:
        self._step = 1 / rate if rate else 0.0
        self._stopped = stopped
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        if not self._step:
            return
        with self._lock:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._step
        self._stopped.wait(mine - now)


def send_conversation(
    api: Api, store: str, conversation: Conversation, *, pace: Pace, done: Callable[[], None]
) -> Sent:
    """Sends the turns in order, each after the one before was settled; calls `done` after each.

    A reply goes to the ticket of the buyer's latest turn. Where there is none yet, because the helpdesk spoke first or
    the buyer's turns were refused, there is nobody to answer: the reply is skipped and counted. A refused turn is
    written down and the next one goes on.
    """
    sent = Sent(conversation)
    ticket: int | None = None
    for turn in conversation.turns:
        if turn.side == Side.AGENT and ticket is None:
            sent.skipped += 1
            done()
            continue
        pace.wait()
        try:
            accepted = _send(api, store, conversation, turn, ticket)
        except Refused as refused:
            sent.refused.append(f"conversation {conversation.id}, turn {turn.position + 1}: {refused}")
        else:
            ticket = accepted.ticket
            sent.accepted.append(accepted)
        done()
    return sent


def _send(api: Api, store: str, conversation: Conversation, turn: Turn, ticket: int | None) -> Accepted:
    if turn.side == Side.BUYER:
        answer = api.post(f"/api/v1/stores/{store}/messages/", _incoming(conversation, turn))
        return _accepted(turn, answer, answer.body["ticket"], answer.body["message"])
    body = {"body": turn.text, "client_key": conversation.key_of(turn)}
    answer = api.post(f"/api/v1/stores/{store}/tickets/{ticket}/reply/", body)
    return _accepted(turn, answer, ticket or 0, answer.body["id"])


def _accepted(turn: Turn, answer: Answer, ticket: int, message: int) -> Accepted:
    return Accepted(turn, ticket, answer.body["seq"], message, answer.seconds)


def _incoming(conversation: Conversation, turn: Turn) -> dict[str, object]:
    return {
        "external_id": conversation.key_of(turn),
        "customer": {"id": conversation.buyer_id, "name": conversation.buyer_name},
        "text": turn.text,
    }


def in_parallel(
    work: Callable[[Item], Result], items: Iterable[Item], *, parallel: int, stopped: threading.Event
) -> list[Result]:
    """The results in the items' order. The first error, or Ctrl-C, sets `stopped`, waits for the threads, and rises."""
    with ThreadPoolExecutor(parallel) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        except BaseException:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
        return [future.result() for future in futures]
