"""The readers, and the gate to a ticket. What leaves here is a locked row for a verb, or frozen rows for a door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from tenants.access import Action, Caller, colleagues, may, require, stores_for
from tenants.context import current_store, in_store, read_across
from tenants.errors import Invalid, NotFound
from tenants.models import Assignment, Store, User
from tickets.channels import Channel
from tickets.clocks.wait import SHARE, expected_wait
from tickets.cursors import QueueCursor
from tickets.desk.models import Outbox, QueueEntry
from tickets.models import Attachment, Event, Message, Ticket
from tickets.models.ticket import Category, Priority
from tickets.rows import (
    AttachmentRow,
    Conversation,
    EventRow,
    MessageRow,
    PastTicket,
    PersonRef,
    Queue,
    QueueRow,
    StoreRef,
    TicketRow,
)

QUEUE_PAGE = 50
MESSAGES_PAGE = 50
MESSAGES_AT_ONCE = 1000  # what a page that has scrolled far up is given afresh: the latest of them
HISTORY = 30
FOUND_AT_MOST = 200  # tickets that a text search brings into the queue


# ---------------------------------------------------------------- the gate


def ticket_for(caller: Caller, store: Store, number: int, action: Action, *, lock: bool = False) -> Ticket:
    """The ticket, inside its entered store, for one action. `store` comes from access.store_for.

    With `lock`, the row is held until the transaction ends: verbs want that. Raises Forbidden, NotFound (`number`).
    """
    require(caller, store, action)
    if current_store().pk != store.pk:
        raise RuntimeError("the ticket's store is not the one that is entered")
    tickets = Ticket.objects.select_related("customer")
    if lock:
        tickets = tickets.select_for_update(no_key=True, of=("self",))
    ticket = tickets.filter(pk=number).first()
    if ticket is None:
        raise NotFound(field="number")
    return ticket


def tickets_for(caller: Caller, store: Store, *, state: str = "") -> QuerySet[Ticket]:
    """The same gate as a queryset, inside the entered store."""
    require(caller, store, Action.VIEW)
    tickets = Ticket.objects.select_related("customer", "assignee")
    return tickets.filter(state=state) if state else tickets


def messages_for(caller: Caller, store: Store, ticket: Ticket) -> QuerySet[Message]:
    """The messages that this reader may see, in order: notes only for those who may write them."""
    require(caller, store, Action.VIEW)
    messages = ticket.messages.select_related("author").prefetch_related("attachments").order_by("seq")
    return messages if may_read_notes(caller, store) else messages.exclude(kind=Message.Kind.NOTE)


def attachment_for(caller: Caller, store: Store, attachment_id: str) -> Attachment:
    """A file, inside the entered store. One in a note is for those who may read notes. Raises NotFound."""
    require(caller, store, Action.VIEW)
    files = Attachment.objects.select_related("message").filter(pk=attachment_id)
    if not may_read_notes(caller, store):
        files = files.exclude(message__kind=Message.Kind.NOTE)
    file = files.first()
    if file is None:
        raise NotFound(field="attachment")
    return file


def may_read_notes(caller: Caller, store: Store) -> bool:
    return may(store, Action.NOTE)


# ---------------------------------------------------------------- the wait


_WAITS = """
WITH answered AS (
  SELECT greatest(first_response_at - opened_at, interval '0') AS wait FROM tickets_ticket
  WHERE first_response_at > %(since)s AND first_response_at <= %(now)s AND channel = %(channel)s
  ORDER BY first_response_at DESC LIMIT 200
), summed AS (
  SELECT count(*) AS samples, percentile_cont(%(share)s) WITHIN GROUP (ORDER BY wait) AS wait FROM answered
)
SELECT samples, wait, (
  SELECT %(now)s - opened_at FROM tickets_ticket
  WHERE first_response_at IS NULL AND state <> 'closed' AND channel = %(channel)s
  ORDER BY opened_at OFFSET samples / 4 LIMIT 1
) FROM summed
"""


def expected_wait_now(channel: str, now: datetime) -> timedelta | None:
    """What the entered store may tell a buyer on this channel, from its last hour. One statement over 200 rows."""
    with connection.cursor() as cursor:
        since = now - timedelta(hours=1)
        values: dict[str, Any] = {"share": SHARE, "since": since, "now": now, "channel": channel}
        cursor.execute(_WAITS, values)
        samples, answered, waiting = cursor.fetchone()
    return expected_wait(samples=samples, answered=answered, waiting=waiting)


# ---------------------------------------------------------------- the queue


@dataclass(frozen=True)
class Filters:
    """What the queue is narrowed to. Empty strings narrow nothing."""

    view: str = "all"  # all, mine, unassigned, overdue
    store: str = ""
    channel: str = ""
    q: str = ""
    cursor: str = ""

    VIEWS = ("all", "mine", "unassigned", "overdue")

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Filters:
        """As a query string says it. Raises Invalid (`view`) for one that does not exist."""
        view, cursor = query.get("view", ""), query.get("cursor", "")
        store, channel, q = (query.get(name, "").replace("\x00", "") for name in ("store", "channel", "q"))
        if view and view not in cls.VIEWS:
            raise Invalid(_("There is no such view."), field="view")
        return cls(view or "all", store, channel, q[:200], cursor)


def queue_for(caller: Caller, filters: Filters, *, now: datetime, size: int = QUEUE_PAGE) -> Queue:
    """A page of open work over every store the caller may see, most urgent first.

    Four queries however many stores: stores, counts, entries, and one UNION for the lines; two more when narrowed.
    """
    stores = {store.pk: store for store in stores_for(caller)}
    entries = QueueEntry.objects.filter(store_id__in=stores)
    counts = _counts(entries, caller, now)
    narrowed = _narrow(entries, caller, filters, stores, now)
    page = QueueCursor.read(filters.cursor).after(narrowed).select_related("assignee")
    found = list(page[: size + 1])
    if filters != Filters():
        totals = narrowed.aggregate(total=Count("pk"), overdue=Count("pk", filter=_overdue(now)))
    else:
        totals = {"total": counts["all"], "overdue": counts["overdue"]}
    lines = _lines(found[:size], stores, caller)
    aliases = _aliases(stores.values(), caller)
    return Queue(
        rows=tuple(_queue_row(entry, stores[entry.store_id], lines, aliases, caller, now) for entry in found[:size]),
        total=totals["total"],
        overdue=totals["overdue"],
        next_cursor=QueueCursor.at(found[size - 1]).write() if len(found) > size else "",
        counts=counts,
    )


def _overdue(now: datetime) -> Q:
    return Q(due_at__lte=now)


def _counts(entries: QuerySet[QueueEntry], caller: Caller, now: datetime) -> dict[str, int]:
    return entries.aggregate(
        all=Count("pk"),
        mine=Count("pk", filter=Q(assignee=caller.person)),
        unassigned=Count("pk", filter=Q(assignee__isnull=True)),
        overdue=Count("pk", filter=_overdue(now)),
    )


def _narrow(
    entries: QuerySet[QueueEntry], caller: Caller, filters: Filters, stores: dict[int, Store], now: datetime
) -> QuerySet[QueueEntry]:
    if filters.view == "mine":
        entries = entries.filter(assignee=caller.person)
    elif filters.view == "unassigned":
        entries = entries.filter(assignee__isnull=True)
    elif filters.view == "overdue":
        entries = entries.filter(_overdue(now))
    if filters.store:
        entries = entries.filter(store__slug=filters.store)
    if filters.channel:
        entries = entries.filter(channel=filters.channel)
    if filters.q.strip():
        wanted = [store for store in stores.values() if filters.store in ("", store.slug)]
        hits = find_tickets(wanted, filters.q)
        by_store: dict[int, list[int]] = {}
        for store_id, number in hits:
            by_store.setdefault(store_id, []).append(number)
        match = Q(pk__in=[])
        for store_id, numbers in by_store.items():
            match |= Q(store_id=store_id, ticket_number__in=numbers)
        entries = entries.filter(match)
    return entries


def find_tickets(stores: Sequence[Store], text: str) -> list[tuple[int, int]]:
    """(store id, ticket number) of open tickets whose number, buyer or words match. One UNION over the given stores.

    Notes are searched only where the role on the store may read them.
    """
    text = text.strip().replace("\x00", "")[:200]
    number = int(text.lstrip("#")) if text.lstrip("#").isascii() and text.lstrip("#").isdigit() else -1
    like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    found: list[tuple[int, int]] = []
    for with_notes in (True, False):
        here = [store for store in stores if may(store, Action.NOTE) == with_notes]
        words = "" if with_notes else " AND m.kind <> 'note'"
        found += read_across(
            here,
            "SELECT {store}, t.number FROM {schema}.tickets_ticket t JOIN {schema}.tickets_customer c"
            " ON c.id = t.customer_id WHERE t.state <> 'closed' AND (t.number = %s OR c.name ILIKE %s"
            " OR c.external_id ILIKE %s OR c.email ILIKE %s OR t.subject ILIKE %s OR EXISTS (SELECT FROM"
            " {schema}.tickets_message m WHERE m.ticket_id = t.number AND m.body ILIKE %s" + words + ")) LIMIT 200",
            [min(number, 2**62), like, like, like, like, like],
        )
    return found[:FOUND_AT_MOST]


def _lines(
    entries: Sequence[QueueEntry], stores: dict[int, Store], caller: Caller
) -> dict[tuple[int, int], tuple[str, str, str]]:
    """(store, number) → (buyer, kind of the last message, its first 160 characters), in one UNION."""
    by_store: dict[int, list[int]] = {}
    for entry in entries:
        by_store.setdefault(entry.store_id, []).append(entry.ticket_number)
    if not by_store:
        return {}
    wanted = [number for numbers in by_store.values() for number in numbers]
    lines = {}
    for with_notes in (True, False):
        here = [stores[pk] for pk in by_store if may(stores[pk], Action.NOTE) == with_notes]
        hidden = "" if with_notes else " AND kind <> 'note'"
        rows = read_across(
            here,
            "SELECT {store}, t.number, coalesce(nullif(c.name, ''), c.external_id), m.kind, left(m.body, 160)"
            " FROM {schema}.tickets_ticket t JOIN {schema}.tickets_customer c ON c.id = t.customer_id"
            " LEFT JOIN LATERAL (SELECT kind, body FROM {schema}.tickets_message WHERE ticket_id = t.number"
            " AND kind NOT IN ('bot', 'system')" + hidden + " ORDER BY seq DESC LIMIT 1) m ON true"
            " WHERE t.number = ANY(%s)",
            [wanted],
        )
        for store_id, number, buyer, kind, body in rows:
            lines[store_id, number] = (buyer, kind or "", " ".join((body or "").split()))
    return lines


def _queue_row(
    entry: QueueEntry,
    store: Store,
    lines: dict[tuple[int, int], tuple[str, str, str]],
    aliases: dict[tuple[int, int], str],
    caller: Caller,
    now: datetime,
) -> QueueRow:
    buyer, kind, line = lines.get((entry.store_id, entry.ticket_number), ("", "", ""))
    return QueueRow(
        store=store_ref(store),
        number=entry.ticket_number,
        buyer=buyer,
        channel=entry.channel,
        channel_label=str(Channel(entry.channel).label),
        last_line=line,
        last_kind=kind,
        state=entry.state,
        priority=entry.priority,
        category=entry.category,
        category_label=str(Category(entry.category).label) if entry.category else "",
        assignee=_person(entry.assignee, store, caller, aliases),
        is_mine=entry.assignee_id == caller.person.pk,
        last_seq=entry.last_seq,
        last_message_at=entry.last_message_at,
        waiting_since=entry.waiting_since,
        due_at=entry.due_at,
        is_breached=entry.due_at is not None and entry.due_at <= now,
    )


# ---------------------------------------------------------------- one conversation


def conversation_for(
    caller: Caller,
    store: Store,
    number: int,
    *,
    before: int | None = None,
    since: int | None = None,
    size: int = MESSAGES_PAGE,
) -> Conversation:
    """A ticket with its last `size` messages, those before a seq, or all from a seq on. Enters the store by itself."""
    entry = QueueEntry.objects.filter(store=store, ticket_number=number).first()
    people = list(colleagues(store)) if may(store, Action.ASSIGN) else []
    aliases = _aliases([store], caller)
    with in_store(store):
        ticket = ticket_for(caller, store, number, Action.VIEW)
        messages = messages_for(caller, store, ticket)
        first_seq = messages.values_list("seq", flat=True).first() or 0
        if since is not None:
            messages, size = messages.filter(seq__gte=since), MESSAGES_AT_ONCE
        if before is not None:
            messages = messages.filter(seq__lt=before)
        page = list(reversed(messages.order_by("-seq")[:size]))
        return Conversation(
            ticket=_ticket_row(ticket, store, entry, caller, aliases),
            messages=tuple(message_row(m, store, caller, aliases) for m in page),
            has_earlier=bool(page) and page[0].seq > first_seq,
            may_reply=may(store, Action.REPLY),
            may_note=may(store, Action.NOTE),
            may_assign=may(store, Action.ASSIGN),
            may_close=may(store, Action.CLOSE),
            colleagues=tuple(PersonRef(person.pk, str(person)) for person in people),
            history=_history(ticket, store, caller, aliases),
            past=_past(ticket),
        )


def _ticket_row(
    ticket: Ticket, store: Store, entry: QueueEntry | None, caller: Caller, aliases: dict[tuple[int, int], str]
) -> TicketRow:
    return TicketRow(
        store=store_ref(store),
        number=ticket.number,
        buyer=str(ticket.customer),
        buyer_external_id=ticket.customer.external_id,
        buyer_email=ticket.customer.email,
        language=ticket.customer.language,
        channel=ticket.channel,
        channel_label=str(Channel(ticket.channel).label),
        subject=ticket.subject,
        category=ticket.category,
        category_label=str(Category(ticket.category).label) if ticket.category else "",
        priority=ticket.priority,
        priority_label=str(Priority(ticket.priority).label),
        state=ticket.state,
        state_label=str(Ticket.State(ticket.state).label),
        assignee=_person(ticket.assignee, store, caller, aliases),
        is_mine=ticket.assignee_id == caller.person.pk,
        last_seq=ticket.last_seq,
        openings=ticket.openings,
        opened_at=ticket.opened_at,
        waiting_since=ticket.waiting_since,
        first_response_at=ticket.first_response_at,
        due_at=entry.due_at if entry else None,
        is_breached=bool(entry and entry.breached_at),
        last_message_at=ticket.last_message_at,
        closed_at=ticket.closed_at,
    )


def ticket_row(caller: Caller, store: Store, ticket: Ticket) -> TicketRow:
    """One ticket as the API prints it. Inside the entered store."""
    entry = QueueEntry.objects.filter(store=store, ticket_number=ticket.number).first()
    return _ticket_row(ticket, store, entry, caller, _aliases([store], caller))


def ticket_rows(caller: Caller, store: Store, tickets: Sequence[Ticket]) -> list[TicketRow]:
    """A page of tickets as the API prints them. Inside the entered store; two queries more."""
    numbers = [ticket.number for ticket in tickets]
    entries = {e.ticket_number: e for e in QueueEntry.objects.filter(store=store, ticket_number__in=numbers)}
    aliases = _aliases([store], caller)
    return [_ticket_row(ticket, store, entries.get(ticket.number), caller, aliases) for ticket in tickets]


def message_rows(caller: Caller, store: Store, messages: Iterable[Message]) -> list[MessageRow]:
    """Messages as the API prints them. Inside the entered store."""
    aliases = _aliases([store], caller)
    return [message_row(message, store, caller, aliases) for message in messages]


def message_row(message: Message, store: Store, caller: Caller, aliases: dict[tuple[int, int], str]) -> MessageRow:
    author = _person(message.author, store, caller, aliases)
    return MessageRow(
        id=message.pk,
        seq=message.seq,
        kind=message.kind,
        author=author.name if author else "",
        is_own=message.author_id == caller.person.pk,
        body=message.body,
        at=message.created_at,
        sent_at=message.sent_at,
        delivery=message.delivery,
        delivery_label=str(Message.Delivery(message.delivery).label),
        delivery_error=message.delivery_error,
        external_id=message.external_id,
        attachments=tuple(
            AttachmentRow(str(file.pk), file.name, file.content_type, file.size, file.is_image)
            for file in message.attachments.all()
        ),
    )


def _past(ticket: Ticket) -> tuple[PastTicket, ...]:
    others = Ticket.objects.filter(customer_id=ticket.customer_id).exclude(pk=ticket.pk).order_by("-number")[:10]
    return tuple(
        PastTicket(t.number, t.state, str(Ticket.State(t.state).label), t.subject, t.last_message_at) for t in others
    )


_SAID_IN_CONVERSATION = (Event.Kind.RECEIVED, Event.Kind.REPLIED, Event.Kind.NOTED, Event.Kind.DELIVERY)


def _history(ticket: Ticket, store: Store, caller: Caller, aliases: dict[tuple[int, int], str]) -> tuple[EventRow, ...]:
    """The latest events that the conversation itself does not show, newest first."""
    events = ticket.events.exclude(kind__in=_SAID_IN_CONVERSATION)
    if not may(store, Action.ASSIGN):
        events = events.exclude(kind=Event.Kind.ASSIGNED)
    latest = list(events.select_related("actor").order_by("-pk")[:HISTORY])
    given = {event.after.get("assignee") for event in latest if event.kind == Event.Kind.ASSIGNED}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=given - {None})} if given else {}
    rows = []
    for event in latest:
        who = _person(event.actor, store, caller, aliases)
        rows.append(EventRow(event.kind, _said(event, who.name if who else "", names), event.at))
    return tuple(rows)


def _said(event: Event, who: str, names: dict[int, str]) -> str:
    match event.kind:
        case Event.Kind.OPENED:
            return _("Opened by the buyer")
        case Event.Kind.REOPENED:
            return _("Reopened by %(who)s") % {"who": who} if who else _("Reopened: the buyer wrote again")
        case Event.Kind.CLOSED:
            return _("Closed by %(who)s") % {"who": who}
        case Event.Kind.ACKNOWLEDGED:
            return _("Acknowledged automatically")
        case Event.Kind.BREACHED:
            return _("The buyer had waited too long")
        case Event.Kind.ASSIGNED if event.after.get("assignee") is None:
            return _("%(who)s took it off its assignee") % {"who": who}
        case Event.Kind.ASSIGNED if event.after["assignee"] == event.actor_id:
            return _("%(who)s took it") % {"who": who}
        case Event.Kind.ASSIGNED:
            return _("%(who)s gave it to %(to)s") % {"who": who, "to": names.get(event.after["assignee"], "?")}
    return event.kind


# ---------------------------------------------------------------- references


def store_ref(store: Store) -> StoreRef:
    return StoreRef(store.pk, store.slug, store.name, store.band, store.time_zone, store.marketplace)


def _aliases(stores: Iterable[Store], caller: Caller) -> dict[tuple[int, int], str]:
    """(store, person) → the name that the store's seller sees. Asked for only where a seller is reading."""
    sellers = [store.pk for store in stores if not may(store, Action.ASSIGN)]
    if not sellers:
        return {}
    given = Assignment.objects.filter(store_id__in=sellers).exclude(alias="")
    return {(row.store_id, row.user_id): row.alias for row in given}


def _person(person: User | None, store: Store, caller: Caller, aliases: dict[tuple[int, int], str]) -> PersonRef | None:
    """The person as this reader may know them: the agency's roster is not the seller's to see."""
    if person is None:
        return None
    if person.pk == caller.person.pk or may(store, Action.ASSIGN):
        return PersonRef(person.pk, str(person))
    return PersonRef(0, aliases.get((store.pk, person.pk)) or store.name)


def outgoing_for(caller: Caller, store: Store, message_ids: Sequence[int]) -> list[Message]:
    """The messages that wait for the store's connector, in order. Inside the entered store."""
    require(caller, store, Action.DELIVER)
    return list(
        Message.objects.select_related("ticket__customer")
        .prefetch_related("attachments")
        .filter(pk__in=message_ids)
        .order_by("pk")
    )


# ---------------------------------------------------------------- the outbox


def mail_due_in(store: Store, now: datetime, *, at_once: int = 100) -> list[int]:
    """Ids of the store's outbox rows that we carry and that are due, longest due first."""
    due = _mail_due(now).filter(store=store).order_by("next_try_at")
    return list(due.values_list("pk", flat=True)[:at_once])


def stores_with_mail_due(now: datetime) -> list[int]:
    """What the reconciler nudges: stores whose outbox has something due that we carry ourselves."""
    return list(_mail_due(now).values_list("store_id", flat=True).distinct().order_by("store_id"))


def _mail_due(now: datetime) -> QuerySet[Outbox]:
    return Outbox.objects.filter(carried_by_us=True, next_try_at__isnull=False, next_try_at__lte=now)
