"""A chat as its two sides may know it: the buyer by their browser's secret, a desk through the gate. Inside a store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tenants.access import MAY, Action, Caller, may, store_with
from tenants.context import ask, ask_inside, current_store, in_store
from tenants.models import Store
from tickets.channels import Channel
from tickets.chat.visitor import hash_of
from tickets.models import Attachment, ChatWidget, Message, Ticket
from tickets.queries.presence import FRESH
from tickets.queries.wait import expected_wait_now

PAGE: Final = 50  # messages that a browser is given at once
MOST_AT_ONCE: Final = 200  # of what it missed; the rest comes with the next frame


@dataclass(frozen=True)
class Talk:
    """A visitor with their conversation, as of now. `number` is None before the first message."""

    visitor: UUID
    customer: int
    customer_id: str
    email: str
    is_identified: bool
    is_introduced: bool
    expires_at: datetime
    number: int | None = None
    conversation: UUID | None = None
    state: str = ""
    last_seq: int = 0
    assignee: int | None = None
    alias: str = ""  # of the assignee, as buyers may know them
    waiting_since: datetime | None = None
    desk_has: int = 0
    desk_read: int = 0
    score: int | None = None
    has_draft: bool = False
    widget_at: datetime | None = None  # when the store's widget was last changed; None while it is off
    missed: list[dict[str, Any]] | None = None  # what came in it since, where that was asked along

    def receipts(self) -> dict[str, Any]:
        return {"type": "receipts", "delivered": max(self.desk_has, self.desk_read), "read": self.desk_read}


_ROWS = """
SELECT message.seq, message.kind, message.body, message.created_at, message.external_id, message.client_key,
       message.card, message.author_id, coalesce(given.alias, '') AS alias,
       coalesce(nullif(person.name, ''), person.email, '') AS name,
       (SELECT json_agg(json_build_object('id', file.id, 'name', file.name, 'type', file.content_type,
                                          'size', file.size) ORDER BY file.id)
        FROM tickets_attachment file WHERE file.message_id = message.id) AS files
FROM tickets_message message
LEFT JOIN tenants_assignment given ON given.store_id = %(store)s AND given.user_id = message.author_id
LEFT JOIN tenants_user person ON person.id = message.author_id
"""
# What came after, as one value: for those who ask it along with their gate. The first MOST_AT_ONCE.
_AFTER = f"""
SELECT coalesce(json_agg(item ORDER BY item.seq), '[]') FROM (
  {_ROWS} WHERE message.ticket_id = {{ticket}} AND message.seq > %(after)s AND {{which}}
  ORDER BY message.seq LIMIT {MOST_AT_ONCE}
) item
"""
_AFTER_AT_DESK = _AFTER.format(ticket="%(ticket)s", which="(message.kind <> 'note' OR seen.role = ANY(%(noters)s))")
_AFTER_FOR_BUYER = _AFTER.format(
    ticket="ticket.number", which="message.kind <> 'note' AND chat.public_id = %(conversation)s::uuid"
)

# The gate of every frame and the state of the conversation, in one statement. First, whether the store is open.
_TALK = f"""
SELECT (SELECT state = 'open' FROM tenants_store WHERE id = %(store)s),
       visitor.id, visitor.customer_id, customer.external_id, customer.email, visitor.is_identified,
       visitor.introduced_at IS NOT NULL, visitor.expires_at, ticket.number, chat.public_id, coalesce(ticket.state, ''),
       coalesce(ticket.last_seq, 0), ticket.assignee_id, coalesce(given.alias, ''), ticket.waiting_since,
       coalesce(chat.desk_has, 0), coalesce(chat.desk_read, 0), chat.score, coalesce(chat.draft, '') <> '',
       (SELECT changed_at FROM tickets_chatwidget WHERE is_on),
       CASE WHEN %(conversation)s::uuid IS NOT NULL THEN ({_AFTER_FOR_BUYER}) END
FROM tickets_visitor visitor
JOIN tickets_customer customer ON customer.id = visitor.customer_id
LEFT JOIN LATERAL (
  SELECT * FROM tickets_ticket WHERE customer_id = visitor.customer_id ORDER BY number DESC LIMIT 1
) ticket ON true
LEFT JOIN tickets_chat chat ON chat.ticket_id = ticket.number
LEFT JOIN tenants_assignment given ON given.store_id = %(store)s AND given.user_id = ticket.assignee_id
WHERE visitor.secret_hash = %(secret)s
"""


def talk_of(secret: str) -> Talk | None:
    """The visitor with this secret and their latest conversation; None for a secret that was never seen here."""
    return _talk(ask(_TALK, _of_visitor(current_store(), secret)))


@contextmanager
def talk_in(store: Store, secret: str, *, conversation: UUID | None = None, after: int = 0) -> Iterator[Talk | None]:
    """Enters the store, from its own place, with the talk of this secret. One query where the connection was there.

    `conversation`: what came in it after this seq is asked along, if it is the latest one.
    """
    values = _of_visitor(store, secret, conversation, after)
    rows = ask_inside(store, _TALK, values)
    with in_store(store):
        yield _talk(ask(_TALK, values) if rows is None else rows)


def _of_visitor(store: Store, secret: str, conversation: UUID | None = None, after: int = 0) -> dict[str, Any]:
    return {"store": store.pk, "secret": hash_of(secret), "conversation": conversation, "after": after}


def _talk(rows: Sequence[tuple[Any, ...]]) -> Talk | None:
    return Talk(*rows[0][1:]) if rows else None


def widget_of() -> ChatWidget | None:
    """The entered store's widget; None where nobody has set it up."""
    return ChatWidget.objects.first()


# ---------------------------------------------------------------- messages

_MESSAGES = f"""{_ROWS}
WHERE message.ticket_id = %(ticket)s AND message.seq > %(after)s AND message.seq < %(before)s
  AND (%(notes)s OR message.kind <> 'note')
"""
_NO_END: Final = 2**62
_NOTERS: Final = [role for role, allowed in MAY.items() if Action.NOTE in allowed]


def messages_for_buyer(talk: Talk, *, after: int = 0, before: int = _NO_END, latest: int | None = None) -> list[Any]:
    """Items as the buyer's frames have them, in order: never a note, agents by their alias or the store's name.

    `latest`: only so many, the last ones; otherwise the first MOST_AT_ONCE.
    """
    if talk.number is None:
        return []
    return _for_buyer(talk, _rows(talk.number, after, before, notes=False, latest=latest))


def missed_by_buyer(talk: Talk) -> list[Any] | None:
    """The same of what was asked along with the talk; None where it was not."""
    return None if talk.missed is None else _for_buyer(talk, map(_row_of, talk.missed))


def _for_buyer(talk: Talk, rows: Iterable[_Row]) -> list[Any]:
    name, prefix = current_store().name, f"{talk.visitor}:"
    items = []
    for row in rows:
        own = row.external_id.removeprefix(prefix) if row.external_id.startswith(prefix) else None
        author = (row.alias or name) if row.kind == Message.Kind.AGENT else ""
        items.append(_item(row, author, own))
    return items


def messages_for_desk(ticket: int, *, after: int, notes: bool, names: bool) -> list[Any]:
    """Items as a desk's frames have them. `notes` and `names`: whether this reader may know them."""
    return _for_desk(_rows(ticket, after, _NO_END, notes=notes, latest=None), current_store(), names=names)


def store_and_missed(caller: Caller, pk: int, ticket: int, *, after: int) -> tuple[Store, list[Any] | None]:
    """The gate of one store, and what a desk has not got of one of its tickets, if that could be asked along.

    Raises NotFound, Forbidden, as `store_by_pk_for`.
    """
    values = {"ticket": ticket, "after": after, "noters": _NOTERS}
    store, found = store_with(caller, pk, Action.VIEW, _AFTER_AT_DESK, values)
    if found is None:
        return store, None
    return store, _for_desk(map(_row_of, found), store, names=may(store, Action.ASSIGN))


def _for_desk(rows: Iterable[_Row], store: Store, *, names: bool) -> list[Any]:
    return [
        _item(row, (row.name if names else row.alias or store.name) if row.author else "", row.client_key or None)
        for row in rows
    ]


def own_word(
    seq: int,
    kind: str,
    text: str,
    *,
    author: str,
    client_id: str | None,
    at: datetime,
    card: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The item of a message without files as it was just written, for whoever wrote it: they need not read it."""
    return {
        "seq": seq,
        "kind": kind,
        "author": author,
        "text": text,
        "at": told_at(at),
        "client_id": client_id,
        "card": card,
        "files": [],
    }


def told_at(at: datetime) -> str:
    """A time as frames tell it: ISO 8601, UTC, milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class _Row:
    seq: int
    kind: str
    body: str
    at: datetime
    external_id: str
    client_key: str
    card: dict[str, Any] | str | None
    author: int | None
    alias: str
    name: str
    files: list[dict[str, Any]] | None


def _row_of(item: dict[str, Any]) -> _Row:
    """Of an item of _AFTER."""
    at = datetime.fromisoformat(item.pop("created_at")).astimezone(UTC)
    return _Row(at=at, author=item.pop("author_id"), **item)


def _rows(ticket: int, after: int, before: int, *, notes: bool, latest: int | None) -> list[_Row]:
    values = {"store": current_store().pk, "ticket": ticket, "after": after, "before": before, "notes": notes}
    order = " ORDER BY message.seq DESC LIMIT %(most)s" if latest else " ORDER BY message.seq LIMIT %(most)s"
    rows = [_Row(*row) for row in ask(_MESSAGES + order, {**values, "most": latest or MOST_AT_ONCE})]
    return rows[::-1] if latest else rows


def _item(row: _Row, author: str, client_id: str | None) -> dict[str, Any]:
    card = json.loads(row.card) if isinstance(row.card, str) else row.card
    files = [
        {**file, "is_image": Attachment.is_shown(file["type"]), "has_small": Attachment.is_shown(file["type"])}
        for file in row.files or ()
    ]
    return {
        "seq": row.seq,
        "kind": row.kind,
        "author": author,
        "text": row.body,
        "at": told_at(row.at),
        "client_id": client_id,
        "card": card,
        "files": files,
    }


# ---------------------------------------------------------------- state

_ONLINE = f"""
SELECT coalesce((
  SELECT count(*) FROM desk_queueentry
  WHERE store_id = %(store)s AND channel = 'widget' AND assignee_id IS NULL AND waiting_since IS NOT NULL
) >= (SELECT longest_queue FROM routing_plan WHERE agency_id = %(agency)s), false), EXISTS (
  SELECT FROM desk_presence present
  JOIN tenants_membership member ON member.user_id = present.person_id AND member.agency_id = present.agency_id
  LEFT JOIN tenants_assignment given
    ON given.user_id = present.person_id AND given.store_id = %(store)s AND given.role = 'agent'
  WHERE present.agency_id = %(agency)s AND present.status = 'online'
    AND present.seen_at > %(now)s - interval '{FRESH.total_seconds()} seconds'
    AND (member.role <> 'agent' OR given.id IS NOT NULL)
)
"""
_PLACE = """
SELECT count(*) + 1 FROM desk_queueentry
WHERE store_id = %s AND channel = 'widget' AND assignee_id IS NULL AND waiting_since < %s
"""


def free_now(now: datetime) -> tuple[bool, bool]:
    """(whether a person who may answer in the entered store is at a desk and takes chats, whether as many chats wait
    there as its agency wants to wait). One query.
    """
    store = current_store()
    [(is_full, is_online)] = ask(_ONLINE, {"store": store.pk, "agency": store.agency_id, "now": now})
    return is_online, is_full


def state_of(talk: Talk | None, now: datetime) -> dict[str, Any]:
    """The `state` frame: one query, three more for a buyer who waits."""
    frame: dict[str, Any] = {"type": "state", "is": "idle", "agent": None, "place": None, "wait_s": None}
    frame["online"], frame["full"] = free_now(now)
    if talk is None or talk.number is None:
        return frame
    if talk.state == Ticket.State.CLOSED:
        return frame | {"is": "ended"}
    frame["full"] = False  # who is in the queue already has their place
    if talk.assignee is not None:
        return frame | {"is": "with_agent", "agent": talk.alias or current_store().name}
    frame["is"] = "waiting"
    if talk.waiting_since is not None:
        wait = expected_wait_now(Channel.WIDGET, now)
        frame["wait_s"] = int(wait.total_seconds()) if wait else None
        frame["place"] = _place(talk.waiting_since)
    return frame


def _place(since: datetime) -> int:
    [(place,)] = ask(_PLACE, [current_store().pk, since])
    return int(place)


def buyers_file(talk: Talk, file_id: UUID) -> Attachment | None:
    """A file of the visitor's own conversations, and of no other's; never one of a note."""
    files = Attachment.objects.filter(pk=file_id, message__ticket__customer_id=talk.customer)
    return files.exclude(message__kind=Message.Kind.NOTE).first()


def draft_of(ticket: int, now: datetime) -> str:
    """What the buyer is typing, as far as it is known and not older than ten seconds."""
    for draft, at in ask("SELECT draft, draft_at FROM tickets_chat WHERE ticket_id = %s", [ticket]):
        return draft if at and at > now - timedelta(seconds=10) else ""
    return ""
