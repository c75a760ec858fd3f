"""Finding tickets by number, buyer or words, in the stores that one may see. One UNION, no other server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from tenants.access import Action, may
from tenants.context import read_across
from tenants.models import Store, User
from tickets.desk.models import QueueEntry

FOUND_AT_MOST = 200  # over all stores
LATEST = 200_000  # messages of each store, in which words too short for the index are looked for

# Each part has an index of its own to go by; one WHERE with OR would read every message.
_NUMBER = "SELECT number FROM {schema}.tickets_ticket WHERE number = %s"
_SUBJECT = "SELECT number FROM {schema}.tickets_ticket WHERE subject <> '' AND subject ILIKE %s"
_BUYER = (
    "SELECT t.number FROM {schema}.tickets_customer c JOIN {schema}.tickets_ticket t ON t.customer_id = c.id"
    " WHERE c.name ILIKE %s OR c.external_id ILIKE %s OR c.email ILIKE %s"
)
_SAID = "SELECT ticket_id FROM {schema}.tickets_message WHERE body ILIKE %s"
_LATELY = f" AND id > (SELECT max(id) FROM {{schema}}.tickets_message) - {LATEST}"
_NO_NOTES = " AND kind <> 'note'"

_TICKETS = (
    "SELECT {store}, t.number, t.state, t.priority, t.channel, t.category, t.assignee_id, t.last_seq, t.last_message_at"
    " FROM {schema}.tickets_ticket t WHERE t.number IN ("
)
_BEST = f" ORDER BY t.number <> %s, t.state = 'closed', t.last_message_at DESC, t.number LIMIT {FOUND_AT_MOST + 1}"
_FIELDS = ("ticket_number", "state", "priority", "channel", "category", "assignee_id", "last_seq", "last_message_at")

_OF_VIEW = {
    "all": "",
    "mine": " AND t.state <> 'closed' AND t.assignee_id = %s",
    "unassigned": " AND t.state <> 'closed' AND t.assignee_id IS NULL",
    "overdue": " AND EXISTS (SELECT FROM public.desk_queueentry q"
    " WHERE q.store_id = {store} AND q.ticket_number = t.number AND q.due_at <= %s)",
    "escalated": " AND t.number IN (SELECT jsonb_array_elements_text(%s::jsonb -> ({store})::text)::bigint)",
    "snoozed": " AND EXISTS (SELECT FROM public.desk_queueentry q"
    " WHERE q.store_id = {store} AND q.ticket_number = t.number AND q.snoozed_until > %s)",
}

Place = tuple[float, float, int, int]


@dataclass(frozen=True)
class Wanted:
    """What is searched for, and what it is narrowed to: a view of `person` at `now`, a channel, or all (empty).

    `among`: store → the tickets of the view, where it is that of what was escalated.
    """

    text: str
    view: str
    channel: str
    person: User
    now: datetime
    among: Mapping[int, Sequence[int]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What buyers and messages must contain; empty where the text is too short to mean anything there."""
        text = self.text.strip().replace("\x00", "")[:200]
        return text if len(text) > 1 or text >= "\u3040" else ""  # from kana on, one letter can be a word

    @property
    def number(self) -> int:
        digits = self.text.strip().lstrip("#")[:200]
        return min(int(digits), 2**62) if digits.isascii() and digits.isdigit() else -1

    def place(self, ticket: QueueEntry) -> Place:
        """Where a ticket stands in what is found: the very number, what is open, what is latest."""
        rank = 2 * (ticket.ticket_number != self.number) + (ticket.state == "closed")
        return rank, -ticket.last_message_at.timestamp(), ticket.store_id, ticket.ticket_number


@dataclass(frozen=True)
class Found:
    """Tickets, best first. `is_cut`: there were more."""

    tickets: list[QueueEntry]
    is_cut: bool


def find_tickets(stores: Sequence[Store], wanted: Wanted) -> Found:
    """Tickets whose number, buyer or words match: the queue's entries, and unsaved ones for what is closed.

    `stores` come from the gate. Notes are searched only where the role on the store may read them. Words without
    three letters in a row, which the indexes can't help with, are looked for in the latest messages of each store.
    Three queries at most where all stores are read in one role.
    """
    if not wanted.words and wanted.number < 0:
        return Found([], is_cut=False)
    found = []
    for with_notes in (True, False):
        here = [store for store in stores if may(store, Action.NOTE) == with_notes]
        found += read_across(here, *_statement(wanted, with_notes=with_notes))
    tickets = [QueueEntry(store_id=row[0], **dict(zip(_FIELDS, row[1:], strict=True))) for row in found]
    tickets.sort(key=wanted.place)
    best = sorted(_as_queued(tickets[:FOUND_AT_MOST]), key=wanted.place)  # a page ends where its entry says
    return Found(best, is_cut=len(tickets) > FOUND_AT_MOST)


def _statement(wanted: Wanted, *, with_notes: bool) -> tuple[str, list[Any]]:
    parts, params = [_NUMBER], list[Any]([wanted.number])
    if wanted.words:
        like = "%" + re.sub(r"([\\%_])", r"\\\1", wanted.words) + "%"
        said = _SAID + ("" if _is_indexed(wanted.words) else _LATELY) + ("" if with_notes else _NO_NOTES)
        parts += [_SUBJECT, _BUYER, said]
        params += [like] * 5
    query = _TICKETS + " UNION ".join(parts) + ")" + _OF_VIEW[wanted.view]
    of_view: dict[str, Any] = {"mine": wanted.person.pk, "overdue": wanted.now, "snoozed": wanted.now}
    of_view["escalated"] = json.dumps(dict(wanted.among))
    params += [of_view[wanted.view]] if wanted.view in of_view else []
    if wanted.channel:
        query += " AND t.channel = %s"
        params.append(wanted.channel)
    if wanted.words.lower() == wanted.words.upper():
        query = query.replace(" ILIKE ", " LIKE ")  # nothing to fold: Han and digits, several times as fast
    return query + _BEST, [*params, wanted.number]


def _is_indexed(words: str) -> bool:
    return re.search(r"[^\W_]{3}", words) is not None


def _as_queued(tickets: list[QueueEntry]) -> list[QueueEntry]:
    """The same tickets with their clocks, as the queue has them, and with the people they belong to."""
    match = Q(pk__in=[])
    by_store: dict[int, list[int]] = {}
    for ticket in tickets:
        by_store.setdefault(ticket.store_id, []).append(ticket.ticket_number)
    for store_id, numbers in by_store.items():
        match |= Q(store_id=store_id, ticket_number__in=numbers)
    queued = {(entry.store_id, entry.ticket_number): entry for entry in QueueEntry.objects.filter(match)}
    known = [queued.get((ticket.store_id, ticket.ticket_number), ticket) for ticket in tickets]
    people = User.people.in_bulk({pk for ticket in known for pk in (ticket.assignee_id, ticket.escalated_to_id) if pk})
    for ticket in known:
        ticket.assignee = people.get(ticket.assignee_id or 0)
        ticket.escalated_to = people.get(ticket.escalated_to_id or 0)
    return known
