"""Chats as a desk sees them: those that ring, those of one's own, and what one has beyond other tickets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from knowledge.categories import Category
from tenants.access import Action, Caller, may
from tenants.context import read_across
from tenants.models import Store
from tickets.channels import Channel
from tickets.desk.models import QueueEntry
from tickets.models import Ticket
from tickets.queries.names import buyer_name, store_ref
from tickets.rows import ChatRow, Chats, ChatTile, WidgetLine

MOST_OWN: Final = 20  # chats in the strip; more than anybody holds
MOST_RINGING: Final = 20  # that are shown; `Chats.ringing_total` counts all

# (store, number) → who writes, their first words of this wait, the last ones, what nobody has looked at yet, and
# whether somebody else gave it to the reader who has not answered since.
_TILES = """
SELECT {store}, t.number, coalesce(nullif(c.name, ''), c.external_id),
  (SELECT left(m.body, 160) FROM {schema}.tickets_message m WHERE m.ticket_id = t.number AND m.kind = 'buyer'
     AND m.created_at >= coalesce(t.waiting_since, t.opened_at) ORDER BY m.seq LIMIT 1),
  (SELECT count(*) FROM {schema}.tickets_message m WHERE m.ticket_id = t.number AND m.kind = 'buyer'
     AND m.seq > coalesce(chat.desk_read, 0)),
  coalesce((SELECT e.actor_id IS DISTINCT FROM %s AND NOT EXISTS (
       SELECT FROM {schema}.tickets_message m WHERE m.ticket_id = t.number AND m.kind = 'agent' AND m.author_id = %s
         AND m.created_at > e.at)
     FROM {schema}.tickets_event e WHERE e.ticket_id = t.number AND e.kind IN ('ticket.assigned', 'chat.taken_back')
     ORDER BY e.id DESC LIMIT 1), false)
FROM {schema}.tickets_ticket t JOIN {schema}.tickets_customer c ON c.id = t.customer_id
LEFT JOIN {schema}.tickets_chat chat ON chat.ticket_id = t.number
WHERE t.number = ANY(%s)
"""


def chats_for(caller: Caller, stores: Sequence[Store], *, now: datetime) -> Chats:
    """What rings in these stores, longest first, and the caller's own chats in the order in which they came.

    `stores` come from the gate. One query, and one UNION where there is any chat. A seller hears no chat ring: it is
    the agency that accepts them.
    """
    answered = {store.pk: store for store in stores if may(store, Action.ASSIGN)}
    if not answered:
        return Chats((), (), 0)
    rings = Q(assignee__isnull=True, waiting_since__isnull=False)
    chats = QueueEntry.objects.filter(store_id__in=answered, channel=Channel.WIDGET)
    found = list(chats.filter(rings | Q(assignee=caller.person.pk)).order_by("waiting_since", "pk")[:200])
    own = sorted((e for e in found if e.assignee_id is not None), key=lambda entry: entry.pk)[:MOST_OWN]
    ringing = [entry for entry in found if entry.assignee_id is None]
    texts = _texts(caller, [*own, *ringing[:MOST_RINGING]], answered)
    return Chats(
        ringing=tuple(_tile(entry, answered, texts, now) for entry in ringing[:MOST_RINGING]),
        own=tuple(_tile(entry, answered, texts, now) for entry in own),
        ringing_total=len(ringing),
    )


Texts = dict[tuple[int, int], tuple[str, str, int, bool]]


def _texts(caller: Caller, entries: Sequence[QueueEntry], stores: dict[int, Store]) -> Texts:
    if not entries:
        return {}
    here = [stores[pk] for pk in dict.fromkeys(entry.store_id for entry in entries)]
    person, numbers = caller.person.pk, [entry.ticket_number for entry in entries]
    rows = read_across(here, _TILES, [person, person, numbers])
    return {(row[0], row[1]): (buyer_name(row[2]), " ".join((row[3] or "").split()), row[4], row[5]) for row in rows}


def _tile(entry: QueueEntry, stores: dict[int, Store], texts: Texts, now: datetime) -> ChatTile:
    buyer, words, unread, is_given = texts.get((entry.store_id, entry.ticket_number), ("", "", 0, False))
    return ChatTile(
        store=store_ref(stores[entry.store_id]),
        number=entry.ticket_number,
        buyer=buyer,
        words=words,
        unread=unread,
        is_given=is_given,
        waiting_since=entry.waiting_since,
        due_at=entry.due_at,
        is_breached=entry.due_at is not None and entry.due_at <= now,
    )


# ---------------------------------------------------------------- one chat


_CHAT = """
SELECT visitor.page, visitor.answers, visitor.is_identified, chat.buyer_read, chat.draft, chat.draft_at, chat.score,
       chat.comment, (SELECT count(*) FROM tickets_message m WHERE m.ticket_id = chat.ticket_id
                      AND m.kind = 'agent' AND m.seq > chat.buyer_read)
FROM tickets_chat chat
LEFT JOIN LATERAL (
  SELECT * FROM tickets_visitor WHERE customer_id = %(customer)s ORDER BY created_at DESC LIMIT 1
) visitor ON true
WHERE chat.ticket_id = %(ticket)s
"""
_DRAFT_LASTS: Final = timedelta(seconds=10)


def chat_row(ticket: Ticket, *, drafts: bool, now: datetime) -> ChatRow | None:
    """What the ticket has as a chat; None for one that is held elsewhere. Inside the entered store; one query.

    `drafts`: whether the reader may see what the buyer is typing.
    """
    if ticket.channel != Channel.WIDGET:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_CHAT, {"customer": ticket.customer_id, "ticket": ticket.pk})
        row = cursor.fetchone()
    if row is None:
        return None
    page, answers, is_identified, buyer_read, draft, draft_at, score, comment, unread = row
    is_typing = drafts and draft_at is not None and draft_at > now - _DRAFT_LASTS
    return ChatRow(
        page=page or "",
        answers=_labelled(answers),
        is_identified=bool(is_identified),
        buyer_read=buyer_read,
        unread_by_buyer=unread,
        draft=draft if is_typing else "",
        score=score,
        comment=comment,
    )


def _labelled(answers: Any) -> tuple[tuple[str, str], ...]:
    """The form's answers with what each was asked as, in the form's order."""
    labels = {"phone": _("Phone"), "order": _("Order number"), "topic": _("Topic")}
    given = answers if isinstance(answers, dict) else {}
    topics = dict(Category.choices)
    told = {name: str(topics.get(given[name], given[name])) if name == "topic" else given[name] for name in given}
    return tuple((label, str(told[name])) for name, label in labels.items() if told.get(name))


# ---------------------------------------------------------------- widgets


def widget_lines(stores: Iterable[Store]) -> tuple[WidgetLine, ...]:
    """Each store with how far its widget is set up. One UNION, or one query where there is one store."""
    here = list(stores)
    rows = read_across(here, "SELECT {store}, is_on, jsonb_array_length(sites) FROM {schema}.tickets_chatwidget", [])
    known = {row[0]: row[1:] for row in rows}
    return tuple(WidgetLine(store_ref(store), store.pk in known, *known.get(store.pk, (False, 0))) for store in here)
