"""record: how every verb ends. The ticket, what was said, what happened, the desk's index and the hint go together.

One statement writes all of it. It begins with how the ticket changes; the rest, ENDING, is the same for everybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tenants import live
from tenants.context import ask, current_store
from tenants.hearing import Brought
from tenants.later import nudge_after_commit
from tenants.models import User
from tickets.channels import CARRIED_BY_US, Channel
from tickets.clocks.happenings import Kind
from tickets.clocks.policy import Clock
from tickets.clocks.timers import FIRST_SHARE
from tickets.clocks.words import is_bare_greeting
from tickets.models import Event, Message, Ticket
from tickets.policies.queries import rules_of
from tickets.queries.brought import FOR_BUYER, for_buyer
from tickets.queries.chat import own_word

WORK_OUTBOX: Final = "tickets.jobs.work_outbox"
AWAY_AFTER: Final = timedelta(minutes=2)  # what the buyer's browser has not fetched by then goes by e-mail


_SEEN_OF_WORDS: Final[dict[str, Kind]] = {
    Message.Kind.BUYER: Kind.BUYER,
    Message.Kind.AGENT: Kind.HUMAN,
    Message.Kind.BOT: Kind.BOT,
}
_SEEN_OF_EVENTS: Final[dict[str, Kind]] = {
    Event.Kind.OPENED: Kind.OPENED,
    Event.Kind.REOPENED: Kind.REOPENED,
    Event.Kind.CLOSED: Kind.CLOSED,
}
_TRANSFERS: Final = frozenset({Event.Kind.ASSIGNED, Event.Kind.TAKEN_BACK})


def _happening(kind: Kind, at: datetime, person: int | None, *, is_bare: bool = False) -> dict[str, Any]:
    return {"kind": kind, "at": at.isoformat(), "person": person, "is_bare": is_bare}


@dataclass(frozen=True)
class Happened:
    """One line of the audit. `by` names the token or process, where it was not (only) a person.

    `tells_seq`: `after` is given the seq of the last word, which only the statement knows.
    """

    kind: str
    actor: User | None = None
    by: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    tells_seq: bool = False

    def as_row(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "actor": self.actor.pk if self.actor else None,
            "by": self.by,
            "before": self.before,
            "after": self.after,
            "tells_seq": self.tells_seq,
        }

    def happens(self, now: datetime) -> dict[str, Any] | None:
        """What a marketplace sees of it."""
        person = self.actor.pk if self.actor else None
        if self.kind in _TRANSFERS:
            holder = self.before.get("assignee")
            return _happening(Kind.TRANSFERRED, now, holder) if holder and self.after.get("assignee") else None
        if self.kind == Event.Kind.OPENED and person:
            return _happening(Kind.SELLER_OPENED, now, person)
        if self.kind == Event.Kind.REOPENED and person is None and self.before:
            return None  # by a rule of ours, which takes back a closing that a marketplace never saw
        kind = _SEEN_OF_EVENTS.get(self.kind)
        since = self.after.get("since")  # by the buyer's clock
        return _happening(kind, datetime.fromisoformat(since) if since else now, person) if kind else None


@dataclass(frozen=True)
class Word:
    """A message that is not written yet. `carrier`: who has to bring it to the buyer, where it is for one."""

    message: Message
    carrier: Channel | None = None
    has_files: bool = False

    @property
    def is_promised(self) -> bool:
        """An automatic word that was not fetched from the widget is not worth a letter."""
        in_widget = self.carrier == Channel.WIDGET
        return self.carrier is not None and not (in_widget and self.message.kind == Message.Kind.BOT)

    def as_row(self, behind: int, now: datetime) -> dict[str, Any]:
        """`behind`: how many words come after it."""
        message = self.message
        try_at = now + AWAY_AFTER if self.carrier == Channel.WIDGET else now
        return {
            "behind": behind,
            "kind": message.kind,
            "author": message.author_id,
            "body": message.body,
            "external_id": message.external_id,
            "card": message.card,
            "client_key": message.client_key,
            "delivery": message.delivery,
            "sent_at": message.sent_at.isoformat(),
            "carrier": self.carrier if self.is_promised else None,
            "is_ours": self.carrier in CARRIED_BY_US,
            "try_at": try_at.isoformat(),
        }

    def happens(self, now: datetime, *, acknowledges: bool) -> dict[str, Any] | None:
        """What a marketplace sees of it. The buyer's own clock says when they wrote, unless it runs ahead of ours."""
        message = self.message
        kind = _SEEN_OF_WORDS.get(message.kind)
        if kind is None:
            return None
        is_greeting = message.card is None and not self.has_files and is_bare_greeting(message.body)
        is_bare = acknowledges if kind == Kind.BOT else is_greeting
        return _happening(kind, min(message.sent_at, now), message.author_id, is_bare=is_bare)


# What changes a figure of the reports. A chat that goes on does not.
COUNTED: Final = frozenset({Event.Kind.OPENED, Event.Kind.REOPENED, Event.Kind.ACKNOWLEDGED, Event.Kind.CLOSED})

_SAVED = """
WITH ticket AS (
  UPDATE tickets_ticket SET state = %(state)s, priority = %(priority)s, category = %(category)s,
    assignee_id = %(assignee)s, last_seq = %(last_seq)s, openings = %(openings)s, opened_at = %(opened_at)s,
    waiting_since = %(waiting_since)s, first_response_at = %(first_response_at)s,
    last_message_at = %(last_message_at)s, closed_at = %(closed_at)s
  WHERE number = %(number)s AND (%(version)s::text IS NULL OR xmin::text = %(version)s AND NOT EXISTS (
    SELECT FROM tickets_message said
    WHERE said.ticket_id = %(number)s AND said.client_key = ANY(%(keys)s) AND said.client_key <> ''))
  RETURNING *
)"""
_TOLD = """, words AS (
  INSERT INTO tickets_message (ticket_id, seq, kind, author_id, body, external_id, card, client_key, delivery,
                               delivery_error, sent_at, created_at)
  SELECT ticket.number, ticket.last_seq - word.behind, word.kind, word.author, word.body, word.external_id,
         word.card, word.client_key, word.delivery, '', word.sent_at, %(now)s
  FROM ticket, jsonb_to_recordset(%(words)s::jsonb) AS word(
    behind bigint, kind text, author bigint, body text, external_id text, card jsonb, client_key text, delivery text,
    sent_at timestamptz)
  RETURNING id, seq
), promised AS (
  INSERT INTO desk_outbox (store_id, message_id, ticket_number, channel, carried_by_us, attempts, next_try_at,
                           created_at)
  SELECT %(store)s, words.id, ticket.number, word.carrier, word.is_ours, 0, word.try_at, %(now)s
  FROM ticket JOIN jsonb_to_recordset(%(words)s::jsonb) AS word(
    behind bigint, carrier text, is_ours boolean, try_at timestamptz) ON word.carrier IS NOT NULL
  JOIN words ON words.seq = ticket.last_seq - word.behind
), told AS (
  INSERT INTO tickets_event (ticket_id, kind, actor_id, by, before, after, at)
  SELECT ticket.number, told.kind, told.actor, told.by, told.before,
         CASE WHEN told.tells_seq THEN told.after || jsonb_build_object('seq', ticket.last_seq) ELSE told.after END,
         %(now)s
  FROM ticket, jsonb_to_recordset(%(events)s::jsonb) AS told(
    kind text, actor bigint, by text, before jsonb, after jsonb, tells_seq boolean)
), touched AS (
  INSERT INTO desk_touched (store_id, ticket_number, at)
  SELECT %(store)s, ticket.number, %(now)s FROM ticket WHERE %(is_counted)s
), happened AS (
  INSERT INTO score_happening (store_id, ticket_number, channel, kind, at, recorded_at, person_id, is_bare)
  SELECT %(store)s, ticket.number, ticket.channel, seen.kind, seen.at, %(now)s, seen.person, seen.is_bare
  FROM ticket, jsonb_to_recordset(%(happenings)s::jsonb) AS seen(kind text, at timestamptz, person bigint, is_bare bool)
), stirred AS (
  INSERT INTO score_stirred (store_id, ticket_number)
  SELECT %(store)s, ticket.number FROM ticket WHERE %(happenings)s <> '[]'
)"""
# A silence, the buyer's or ours, keeps what was told of it. Nothing happens to a ticket before `next_at`; the agency's
# plan says how early that may be, and the tick looks closer (tickets.clocks.timers). What rules look at has changed: it
# looks at once. While a live event runs warnings are earlier (tickets.events).
_SAME_SILENCE = """entry.waiting_since IS NOT DISTINCT FROM EXCLUDED.waiting_since
    AND (entry.waiting_since IS NOT NULL OR entry.last_message_at = EXCLUDED.last_message_at)"""
# Who answered the buyer of `ticket` last, in the five before it: a few steps in two indexes, when it is opened.
_LAST_AGENT = """
  SELECT said.author_id FROM (
    SELECT number FROM tickets_ticket
    WHERE customer_id = ticket.customer_id AND number < ticket.number ORDER BY number DESC LIMIT 5
  ) past CROSS JOIN LATERAL (
    SELECT author_id FROM tickets_message
    WHERE ticket_id = past.number AND kind = 'agent' AND author_id IS NOT NULL ORDER BY seq DESC LIMIT 1
  ) said ORDER BY past.number DESC LIMIT 1"""
# A wait keeps its clock: only a new wait may breach again, whatever rules say meanwhile. One that began at another
# time than %(since)s, from which `dues` were reckoned, goes on as it stands in the index. Of `dues` the first that
# fits the ticket holds.
_OPEN = f""", kept AS (
  INSERT INTO desk_queueentry AS entry (store_id, ticket_number, state, priority, channel, category, assignee_id,
                                        last_seq, clock, waiting_since, due_at, due_why, breached_at, last_message_at,
                                        next_at, last_agent_id)
  SELECT %(store)s, ticket.number, ticket.state, ticket.priority, ticket.channel, ticket.category, ticket.assignee_id,
         ticket.last_seq, clock.name, ticket.waiting_since,
         due.at, coalesce(due.why, ''), NULL, ticket.last_message_at,
         CASE WHEN ticket.waiting_since IS NULL THEN ticket.last_message_at + make_interval(secs => plan.silent_s)
         ELSE least(
           ticket.waiting_since + (due.at - ticket.waiting_since)
             * (CASE WHEN plan.id IS NULL THEN %(first_share)s ELSE coalesce(plan.first_share, 100) END / 100.0)
             * (coalesce(event.alarm_share, 100) / 100.0),
           ticket.waiting_since + make_interval(secs => plan.waiting_s)) END,
         CASE WHEN %(is_opened)s THEN ({_LAST_AGENT}) END
  FROM ticket CROSS JOIN LATERAL (SELECT CASE WHEN ticket.waiting_since IS NULL THEN ''
                                    WHEN ticket.first_response_at IS NULL THEN 'first' ELSE 'next' END) AS clock(name)
  LEFT JOIN LATERAL (
    SELECT one.at, one.why FROM jsonb_to_recordset(%(dues)s::jsonb) AS one(
      rank int, clock text, category text, priority int, at timestamptz, why text)
    WHERE one.clock = clock.name AND coalesce(one.category, ticket.category) = ticket.category
      AND coalesce(one.priority, ticket.priority) = ticket.priority
    ORDER BY one.rank LIMIT 1
  ) due ON true
  LEFT JOIN timers_plan plan ON plan.agency_id = %(agency)s
  LEFT JOIN events_liveevent event
    ON event.store_id = %(store)s AND event.begun_at IS NOT NULL AND event.ended_at IS NULL
  ON CONFLICT (store_id, ticket_number) DO UPDATE SET
    state = EXCLUDED.state, priority = EXCLUDED.priority, category = EXCLUDED.category,
    assignee_id = EXCLUDED.assignee_id, last_seq = EXCLUDED.last_seq, clock = EXCLUDED.clock,
    waiting_since = EXCLUDED.waiting_since, last_message_at = EXCLUDED.last_message_at,
    (due_at, due_why, breached_at) = (
      SELECT CASE WHEN goes_on THEN entry.due_at ELSE EXCLUDED.due_at END,
             CASE WHEN goes_on THEN entry.due_why ELSE EXCLUDED.due_why END,
             CASE WHEN goes_on OR entry.due_at = EXCLUDED.due_at THEN entry.breached_at END
      FROM (SELECT coalesce(EXCLUDED.waiting_since <> %(since)s::timestamptz OR (
        entry.breached_at IS NOT NULL AND entry.clock = EXCLUDED.clock
        AND entry.waiting_since = EXCLUDED.waiting_since), false)) AS wait(goes_on)),
    told = CASE WHEN {_SAME_SILENCE} THEN entry.told ELSE '{{}}' END,
    next_what = CASE WHEN {_SAME_SILENCE} THEN entry.next_what ELSE '' END,
    next_at = CASE WHEN NOT ({_SAME_SILENCE}) THEN EXCLUDED.next_at
      WHEN (entry.priority, entry.category, entry.assignee_id)
        IS NOT DISTINCT FROM (EXCLUDED.priority, EXCLUDED.category, EXCLUDED.assignee_id) THEN entry.next_at
      ELSE least(entry.next_at, %(now)s::timestamptz) END,
    snoozed_until = CASE WHEN entry.last_message_at = EXCLUDED.last_message_at THEN entry.snoozed_until END,
    escalated_to_id = CASE WHEN {_SAME_SILENCE} THEN entry.escalated_to_id END
)"""
_CLOSED = """, gone AS (
  DELETE FROM desk_queueentry WHERE store_id = %(store)s AND ticket_number = %(number)s
)"""
# To be put behind `WITH ticket AS (…)`, which changes one open ticket or none and returns it whole.
ENDING: Final = _TOLD + _OPEN
_SAVED_WORDS = "SELECT ARRAY(SELECT id FROM words ORDER BY seq)"
_DONE = f"{_SAVED_WORDS}, NULL FROM ticket"
_DONE_IN_CHAT = f"{_SAVED_WORDS}, {FOR_BUYER} FROM ticket"


class Overtaken(Exception):
    """A ticket that was read without its lock is not as it was read, or what is to be written takes more than one
    statement. Nothing was written: take the lock, and begin anew."""


def record(ticket: Ticket, *events: Happened, now: datetime, words: Sequence[Word] = ()) -> None:
    """Writes the ticket as it stands, its new words and the events, makes the index say the same, and announces it
    after the commit. One statement.

    `ticket` is of the entered store and locked; its subject and its buyer stay as they are. `words` are its last ones,
    counted in `last_seq` already, and are saved afterwards. An open ticket has one row in the index, a closed one none.

    One that was read without its lock, and stays open, is written if it is still as it was read and no word with the
    same key is in it; else raises Overtaken.
    """
    ticket.check_store()
    waiting_since = ticket.waiting_since
    values = {
        "number": ticket.number,
        "version": ticket.version,
        "keys": [word.message.client_key for word in words],
        "state": ticket.state,
        "priority": ticket.priority,
        "category": ticket.category,
        "assignee": ticket.assignee_id,
        "last_seq": ticket.last_seq,
        "openings": ticket.openings,
        "opened_at": ticket.opened_at,
        "waiting_since": waiting_since,
        "first_response_at": ticket.first_response_at,
        "last_message_at": ticket.last_message_at,
        "closed_at": ticket.closed_at,
        **ending(Channel(ticket.channel), *events, now=now, since=waiting_since, words=words),
    }
    answer = _answer_in_chat(words)
    if answer:
        values["author"] = answer.author_id
    statement = _SAVED + (_TOLD + _CLOSED if ticket.is_closed else ENDING) + (_DONE_IN_CHAT if answer else _DONE)
    saved, beside = _written(ticket, statement, values)
    for word, pk in zip(words, saved, strict=True):
        word.message.pk = pk
        word.message._state.adding = False
    to_buyer = _for_buyer(answer, beside) if answer and beside else None
    announce(Channel(ticket.channel), ticket.number, ticket.last_seq, words=words, to_buyer=to_buyer)


def _written(ticket: Ticket, statement: str, values: Mapping[str, Any]) -> tuple[list[int], Mapping[str, Any] | None]:
    """The ids of the words, and what is beside an answer. Raises Overtaken."""
    for saved, beside in ask(statement, values):
        return saved, beside
    if ticket.version is None:
        raise RuntimeError(f"ticket {ticket.number}, which is locked, is not there")
    raise Overtaken


def ending(
    channel: Channel, *events: Happened, now: datetime, since: datetime | None, words: Sequence[Word] = ()
) -> dict[str, Any]:
    """The values of ENDING. `since`: since when the buyer waits, if they do."""
    behind = len(words)
    store = current_store()
    return {
        "store": store.pk,
        "agency": store.agency_id,
        "first_share": FIRST_SHARE,
        "now": now,
        "since": since,
        "dues": json.dumps(dues(channel, since) if since else []),
        "events": json.dumps([event.as_row() for event in events]),
        "is_counted": any(map(_is_counted, events)),
        "is_opened": any(event.kind == Event.Kind.OPENED for event in events),
        "words": json.dumps(
            [word.as_row(behind - number, now) for number, word in enumerate(words, 1)], ensure_ascii=False
        ),
        "happenings": json.dumps(_seen(events, words, now)),
    }


def dues(channel: Channel, since: datetime) -> list[dict[str, Any]]:
    """What is promised to a buyer who waits since then in the entered store; the first that fits the ticket holds."""
    found = rules_of(current_store(), since).candidates(channel, since)
    return [
        {
            "rank": rank,
            "clock": one.clock,
            "category": one.category,
            "priority": one.priority,
            "at": one.due.at.isoformat(),
            "why": one.due.why_key,
        }
        for rank, one in enumerate(found)
    ]


def _seen(events: Sequence[Happened], words: Sequence[Word], now: datetime) -> list[dict[str, Any]]:
    """What happened as far as time is measured: an opening before the words in it."""
    acknowledges = any(event.kind == Event.Kind.ACKNOWLEDGED for event in events)
    of_events = [event.happens(now) for event in events]
    of_words = [word.happens(now, acknowledges=acknowledges) for word in words]
    return [seen for seen in (*of_events, *of_words) if seen]


def _answer_in_chat(words: Sequence[Word]) -> Message | None:
    """An agent's answer that its buyer may be shown as it is; files are read with their names."""
    if len(words) != 1 or words[0].carrier != Channel.WIDGET or words[0].has_files:
        return None
    return words[0].message if words[0].message.kind == Message.Kind.AGENT else None


def _for_buyer(answer: Message, beside: Mapping[str, Any]) -> Brought:
    item = own_word(
        answer.seq, answer.kind, answer.body, author="", client_id=None, at=answer.created_at, card=answer.card
    )
    return for_buyer(beside, item, store_name=current_store().name)


def announce(
    channel: Channel,
    number: int,
    seq: int,
    *,
    words: Sequence[Word] = (),
    to_holder: Brought | None = None,
    to_buyer: Brought | None = None,
) -> None:
    """After the commit: tells who looks at it, and nudges who carries what was promised."""
    store = current_store()
    if any(word.is_promised and word.carrier in CARRIED_BY_US - {Channel.WIDGET} for word in words):
        nudge_after_commit(WORK_OUTBOX, store.pk)
    hears = channel == Channel.WIDGET
    live.announce(store, ticket=number, seq=seq, hears_buyer=hears, to_desk=to_holder, to_buyer=to_buyer)


def _is_counted(event: Happened) -> bool:
    return event.kind in COUNTED or (event.kind == Event.Kind.REPLIED and bool(event.after.get("first")))


def touch(numbers: Iterable[int], *, now: datetime) -> None:
    """For what changes figures of tickets of the entered store beside `record`: a breach, another category."""
    ask(
        "INSERT INTO desk_touched (store_id, ticket_number, at) SELECT %s, number, %s FROM unnest(%s::bigint[]) number",
        [current_store().pk, now, list(numbers)],
    )


def clock_of(ticket: Ticket) -> Clock | None:
    """Which clock runs: none while nobody waits for us."""
    if ticket.waiting_since is None:
        return None
    return Clock.NEXT if ticket.first_response_at else Clock.FIRST


def due_at(ticket: Ticket, clock: Clock | None) -> datetime | None:
    """When the buyer will have waited too long."""
    if clock is None or ticket.waiting_since is None:
        return None
    since = ticket.waiting_since
    due = rules_of(current_store(), since).due(clock, ticket.channel, ticket.category, ticket.priority, since)
    return due.at if due else None
