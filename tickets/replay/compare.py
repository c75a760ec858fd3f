"""What was sent against what is read back: the judge of a replay. Pure: no Django, no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from tickets.replay.conversations import Conversation, Side
from tickets.replay.send import Accepted, Sent


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message as the server tells it. `seq` is its place in its ticket; `external_id` counts for buyers' only."""

    id: int
    ticket: int
    seq: int
    kind: str
    body: str
    external_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReadTicket:
    number: int
    openings: int
    messages: tuple[ReadMessage, ...]


@dataclass(slots=True)
class Verdict:
    """One conversation's. `new` + `before` + lost turns are the accepted ones; `problems` says each fault in words."""

    lost: int = 0
    out_of_order: int = 0
    duplicates: int = 0
    new: int = 0
    before: int = 0
    acknowledged: bool = False
    answered: bool = False
    problems: list[str] = field(default_factory=list)


def judge(sent: Sent, tickets: Sequence[ReadTicket], *, started: datetime) -> Verdict:
    """Holds the accepted turns against the buyer's tickets, all of them and whole.

    Lost: accepted, but not where the server said it stands, or with another text. Out of order: a turn that stands
    at or before the turn it followed, and each seq that is missing. Duplicate: a turn that stands there once more.
    What a person wrote meanwhile is none of it. `started`, by the server's clock, parts new from received before.
    """
    verdict = Verdict()
    messages = {message.id: message for ticket in tickets for message in ticket.messages}
    found = _find(sent, messages, verdict)
    _check_order(sent.conversation, found, verdict)
    _check_gaps(sent.conversation, tickets, verdict)
    _check_duplicates(sent.conversation, list(messages.values()), verdict)
    verdict.new = sum(message.at >= started for message in found)
    verdict.before = len(found) - verdict.new
    kinds = Counter(message.kind for message in messages.values())
    verdict.answered = bool(kinds[Side.AGENT])
    # The API calls the acknowledgement a bot's message: one an opening.
    verdict.acknowledged = bool(tickets) and all(_acknowledged(ticket) for ticket in tickets)
    return verdict


def _find(sent: Sent, messages: dict[int, ReadMessage], verdict: Verdict) -> list[ReadMessage]:
    """The messages of the accepted turns, in the order in which they were said."""
    found = []
    for accepted in sent.accepted:
        message = messages.get(accepted.message)
        if message is None or not _is(accepted, message):
            verdict.lost += 1
            fault = "is missing" if message is None else "has become another"
            verdict.problems.append(f"{_name(sent.conversation, accepted)} was accepted and {fault}")
        else:
            found.append(message)
    return found


def _is(accepted: Accepted, message: ReadMessage) -> bool:
    place = (message.ticket, message.seq) == (accepted.ticket, accepted.seq)
    return place and message.kind == accepted.turn.side and message.body == accepted.turn.text


def _name(conversation: Conversation, accepted: Accepted) -> str:
    return f"conversation {conversation.id}, turn {accepted.turn.position + 1}"


def _check_order(conversation: Conversation, found: list[ReadMessage], verdict: Verdict) -> None:
    for before, after in pairwise(found):
        if (after.ticket, after.seq) <= (before.ticket, before.seq):
            verdict.out_of_order += 1
            first, second = f"{before.ticket}/{before.seq}", f"{after.ticket}/{after.seq}"
            verdict.problems.append(f"conversation {conversation.id}: {second} was said after {first}")


def _check_gaps(conversation: Conversation, tickets: Sequence[ReadTicket], verdict: Verdict) -> None:
    for ticket in tickets:
        seqs = {message.seq for message in ticket.messages}
        missing = sorted(set(range(1, max(seqs, default=0) + 1)) - seqs)
        if missing:
            verdict.out_of_order += len(missing)
            verdict.problems.append(f"conversation {conversation.id}: ticket {ticket.number} has no seq {missing[:5]}")


def _check_duplicates(conversation: Conversation, messages: list[ReadMessage], verdict: Verdict) -> None:
    """A buyer's turn is known by its external id. Of a reply only the text comes back: it is counted by that."""
    keys = {conversation.key_of(turn) for turn in conversation.turns if turn.side == Side.BUYER}
    by_key = Counter(m.external_id for m in messages if m.kind == Side.BUYER and m.external_id in keys)
    said = Counter(turn.text for turn in conversation.turns if turn.side == Side.AGENT)
    stands = Counter(m.body for m in messages if m.kind == Side.AGENT and m.body in said)
    surplus = sum((by_key - Counter(keys)).values()) + sum((stands - said).values())
    if surplus:
        verdict.duplicates += surplus
        verdict.problems.append(f"conversation {conversation.id}: {surplus} of its turns stand there twice")


def _acknowledged(ticket: ReadTicket) -> bool:
    return sum(message.kind == "bot" for message in ticket.messages) == ticket.openings
