"""A replay from the first message to the verdict."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tickets.replay.api import Api
from tickets.replay.compare import ReadMessage, ReadTicket, Verdict, judge
from tickets.replay.conversations import Conversation
from tickets.replay.errors import ReplayError, Stopped
from tickets.replay.figures import Figures, add_up
from tickets.replay.send import Pace, Sent, in_parallel, send_conversation


class Watcher(Protocol):
    """Is told how far it is, also from other threads."""

    def begin(self, what: str, total: int) -> None: ...

    def advance(self) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """The figures, and a sentence for each turn that was refused or went wrong."""

    figures: Figures
    problems: list[str]


def replay(
    api: Api,
    store: str,
    conversations: Sequence[Conversation],
    *,
    watcher: Watcher,
    parallel: int = 8,
    rate: float | None = None,
) -> Outcome:
    """Sends all, reads all back, compares. Raises ReplayError when the server is not there or stays away."""
    started = api.greet(store)
    began = time.monotonic()
    sent = _send_all(api, store, conversations, watcher, parallel, rate)
    arrived = time.monotonic()
    verdicts = _check_all(api, store, sent, watcher, parallel, started)
    figures = add_up(
        sent, verdicts, retried=api.retried, duration_s=arrived - began, check_s=time.monotonic() - arrived
    )
    problems = [line for one in sent for line in one.refused]
    return Outcome(figures, problems + [line for verdict in verdicts for line in verdict.problems])


def _send_all(
    api: Api, store: str, conversations: Sequence[Conversation], watcher: Watcher, parallel: int, rate: float | None
) -> list[Sent]:
    total = sum(len(conversation.turns) for conversation in conversations)
    settled = _Counter(watcher)
    watcher.begin("sending", total)
    pace = Pace(rate, api.stopped)

    def work(conversation: Conversation) -> Sent:
        return send_conversation(api, store, conversation, pace=pace, done=settled)

    try:
        return in_parallel(work, conversations, parallel=parallel, stopped=api.stopped)
    except (ReplayError, KeyboardInterrupt) as error:
        why = "Stopped." if isinstance(error, KeyboardInterrupt | Stopped) else str(error)
        raise type(error)(
            f"{why} {settled.count} of {total} messages were settled; the same command again takes it up there."
        ) from error


class _Counter:
    """Counts for the last words of a run that did not come through."""

    def __init__(self, watcher: Watcher) -> None:
        self.count = 0
        self._watcher = watcher
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self.count += 1
        self._watcher.advance()


def _check_all(
    api: Api, store: str, sent: Sequence[Sent], watcher: Watcher, parallel: int, started: datetime
) -> list[Verdict]:
    """Starts from the store's own list, not from what was answered: a second ticket of the same buyer is found too."""
    watcher.begin("reading back", len(sent))
    tickets = _tickets_of_buyers(api, store, {one.conversation.buyer_id for one in sent})

    def work(one: Sent) -> Verdict:
        read = [_read(api, store, row) for row in tickets[one.conversation.buyer_id]]
        watcher.advance()
        return judge(one, read, started=started)

    return in_parallel(work, sent, parallel=parallel, stopped=api.stopped)


def _tickets_of_buyers(api: Api, store: str, buyers: set[str]) -> dict[str, list[dict[str, Any]]]:
    tickets: dict[str, list[dict[str, Any]]] = defaultdict(list, {buyer: [] for buyer in buyers})
    for row in api.rows(f"/api/v1/stores/{store}/tickets/"):
        if row["customer"]["id"] in buyers:
            tickets[row["customer"]["id"]].append(row)
    return tickets


def _read(api: Api, store: str, row: dict[str, Any]) -> ReadTicket:
    number = row["number"]
    messages = tuple(
        ReadMessage(
            id=message["id"],
            ticket=number,
            seq=message["seq"],
            kind=message["kind"],
            body=message["body"],
            external_id=message["external_id"],
            at=datetime.fromisoformat(message["at"]),
        )
        for message in api.rows(f"/api/v1/stores/{store}/tickets/{number}/messages/")
    )
    return ReadTicket(number, row["openings"], messages)
