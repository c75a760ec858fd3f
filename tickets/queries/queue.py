"""The queue: open work over every store that one may see, most urgent first; and what a search finds in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from knowledge.categories import Category
from tenants.access import Action, Caller, may, stores_for
from tenants.context import read_across
from tenants.errors import Invalid
from tenants.models import Membership, Store
from tenants.models.people import Role, without_secrets
from tickets.channels import Channel
from tickets.clocks.timers import ESCALATE, warned
from tickets.clocks.urgency import pressing, weight_of
from tickets.cursors import FoundCursor, QueueCursor
from tickets.desk.models import QueueEntry
from tickets.events.queries.desk import live_lines, tagged
from tickets.policies.names import why
from tickets.queries.names import aliases_for, buyer_name, person_ref, store_ref
from tickets.queries.order import pressing_at, weights
from tickets.queries.search import Wanted, find_tickets
from tickets.reasons import goal_of, reason_of, stake_of, time_of
from tickets.rows import Queue, QueueRow
from tickets.score.queries.scores import Tightest, tightest_of

QUEUE_PAGE = 50
LEADS: Final = frozenset({Role.OWNER, Role.LEAD})
PEOPLE: Final = ("assignee", "escalated_to")
SECRETS: Final = [name for who in PEOPLE for name in without_secrets(who)]


@dataclass(frozen=True)
class Filters:
    """What the queue is narrowed to. Empty strings narrow nothing."""

    view: str = "all"  # one of VIEWS
    store: str = ""
    channel: str = ""
    q: str = ""
    cursor: str = ""
    order: str = ""  # pressing, time, or empty: pressing

    ORDERS = ("pressing", "time")
    VIEWS = ("all", "mine", "unassigned", "overdue", "escalated", "snoozed")

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Filters:
        """As a query string says it. Raises Invalid (`view`, `order`) for one that does not exist."""
        view, cursor, order = query.get("view", ""), query.get("cursor", ""), query.get("order", "")
        store, channel, q = (query.get(name, "").replace("\x00", "") for name in ("store", "channel", "q"))
        if view and view not in cls.VIEWS:
            raise Invalid(_("There is no such view."), field="view")
        if order and order not in cls.ORDERS:
            raise Invalid(_("There is no such order."), field="order")
        return cls(view or "all", store, channel, q[:200], cursor, order)

    @property
    def by_time(self) -> bool:
        return self.order == "time"

    @property
    def narrow_nothing(self) -> bool:
        return replace(self, cursor="", order="") == Filters()


@dataclass(frozen=True)
class _Page:
    entries: list[QueueEntry]
    total: int
    overdue: int
    next_cursor: str
    is_cut: bool = False


def queue_for(caller: Caller, filters: Filters, *, now: datetime, size: int = QUEUE_PAGE) -> Queue:
    """A page of open work over every store the caller may see, most urgent first; a search finds closed tickets too.

    Six queries however many stores: stores, what they have left, counts, entries, what is live, and one UNION for the
    lines; when narrowed one more for the totals, when searched one more for the search, and one for
    what was escalated. What a search finds is in its own order.
    """
    stores = {store.pk: store for store in stores_for(caller)}
    entries = QueueEntry.objects.filter(store_id__in=stores)
    escalated = _escalated(caller, is_lead=any(store.role in LEADS for store in stores.values()))
    counts = _counts(entries, caller, now, escalated)
    tightest = tightest_of(stores)
    if filters.q.strip():
        page = _found(list(stores.values()), caller, filters, now, size, _of_view(entries, filters, escalated))
    else:
        page = _waiting(entries, caller, filters, now, size, counts, tightest, escalated)
    live = live_lines(stores, now)
    rows = _rows(page.entries, stores, caller, now, {} if filters.by_time else tightest)
    return Queue(
        rows=tagged(rows, live),
        total=page.total,
        is_cut=page.is_cut,
        overdue=page.overdue,
        next_cursor=page.next_cursor,
        counts=counts,
        live=tuple(live.values()),
    )


def _waiting(
    entries: QuerySet[QueueEntry],
    caller: Caller,
    filters: Filters,
    now: datetime,
    size: int,
    counts: dict[str, int],
    tightest: Mapping[int, Tightest],
    escalated: Q,
) -> _Page:
    """A page in the order of the time at which the first one was asked for; so are the rows that belong to the view."""
    cursor = QueueCursor.read(filters.cursor)
    at, by_time = (cursor.at, cursor.by_time) if cursor.at else (now, filters.by_time)
    narrowed = _narrow(entries, caller, filters, at, escalated)
    placed = narrowed.annotate(pressing=pressing_at(at, {} if by_time else weights(tightest)))
    waiting = cursor.after(placed).select_related(*PEOPLE).defer(*SECRETS)
    found = list(waiting[: size + 1])
    if filters.narrow_nothing:
        total, overdue = counts["all"], counts["overdue"]
    else:
        totals = narrowed.aggregate(total=Count("pk"), overdue=Count("pk", filter=_overdue(now)))
        total, overdue = totals["total"], totals["overdue"]
    if len(found) <= size:
        return _Page(found, total, overdue, "")
    return _Page(found[:size], total, overdue, QueueCursor.behind(found[size - 1], at, by_time=by_time).write())


def _found(
    stores: list[Store],
    caller: Caller,
    filters: Filters,
    now: datetime,
    size: int,
    among: Mapping[int, Sequence[int]],
) -> _Page:
    """A page of what a search finds: by its number, open before closed, latest first."""
    begin = FoundCursor.read(filters.cursor).place
    wanted = Wanted(filters.q, filters.view, filters.channel, caller.person, now, among)
    found = find_tickets([store for store in stores if filters.store in ("", store.slug)], wanted)
    rest = [ticket for ticket in found.tickets if wanted.place(ticket) > begin]
    overdue = sum(1 for ticket in found.tickets if ticket.due_at is not None and ticket.due_at <= now)
    cursor = FoundCursor(wanted.place(rest[size - 1])).write() if len(rest) > size else ""
    return _Page(rest[:size], len(found.tickets), overdue, cursor, found.is_cut)


def _of_view(entries: QuerySet[QueueEntry], filters: Filters, escalated: Q) -> dict[int, list[int]]:
    """store → its tickets that were escalated to the caller, where that is the view: the stores know nothing of it."""
    found: dict[int, list[int]] = {}
    if filters.view == "escalated":
        for store, number in entries.filter(escalated).values_list("store_id", "ticket_number"):
            found.setdefault(store, []).append(number)
    return found


def _overdue(now: datetime) -> Q:
    return Q(due_at__lte=now)


def _escalated(caller: Caller, *, is_lead: bool) -> Q:
    """What was escalated to the caller; to leads also what found nobody there, or whoever leads no more."""
    to_me = Q(escalated_to=caller.person)
    if not is_lead:
        return to_me
    members = Membership.objects.filter(agency=caller.place.agency_id, role__in=LEADS, user__is_active=True)
    nobodys = Q(escalated_to__isnull=True) | ~Q(escalated_to__in=members.values("user"))
    return to_me | Q(told__contains=[ESCALATE]) & nobodys


def _asleep(now: datetime) -> Q:
    return Q(snoozed_until__isnull=False, snoozed_until__gt=now)


def _counts(entries: QuerySet[QueueEntry], caller: Caller, now: datetime, escalated: Q) -> dict[str, int]:
    awake = ~_asleep(now)
    return entries.aggregate(
        all=Count("pk", filter=awake),
        mine=Count("pk", filter=awake & Q(assignee=caller.person)),
        unassigned=Count("pk", filter=awake & Q(assignee__isnull=True)),
        overdue=Count("pk", filter=awake & _overdue(now)),
        escalated=Count("pk", filter=awake & escalated),
        snoozed=Count("pk", filter=_asleep(now)),
    )


def _narrow(
    entries: QuerySet[QueueEntry], caller: Caller, filters: Filters, now: datetime, escalated: Q
) -> QuerySet[QueueEntry]:
    entries = entries.filter(_asleep(now) if filters.view == "snoozed" else ~_asleep(now))
    if filters.view == "mine":
        entries = entries.filter(assignee=caller.person)
    elif filters.view == "unassigned":
        entries = entries.filter(assignee__isnull=True)
    elif filters.view == "overdue":
        entries = entries.filter(_overdue(now))
    elif filters.view == "escalated":
        entries = entries.filter(escalated)
    if filters.store:
        entries = entries.filter(store__slug=filters.store)
    if filters.channel:
        entries = entries.filter(channel=filters.channel)
    return entries


def _rows(
    entries: Sequence[QueueEntry],
    stores: dict[int, Store],
    caller: Caller,
    now: datetime,
    tightest: Mapping[int, Tightest],
) -> tuple[QueueRow, ...]:
    lines = _lines(entries, stores)
    aliases = aliases_for(stores.values())
    return tuple(
        _row(entry, stores[entry.store_id], lines, aliases, caller, now, tightest.get(entry.store_id))
        for entry in entries
    )


@dataclass(frozen=True)
class Line:
    """What a row of the queue shows of its conversation."""

    buyer: str = ""
    kind: str = ""
    author_id: int | None = None
    text: str = ""


def _lines(entries: Sequence[QueueEntry], stores: dict[int, Store]) -> dict[tuple[int, int], Line]:
    """(store, number) → what was said last, its first 160 characters, in one UNION."""
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
            "SELECT {store}, t.number, coalesce(nullif(c.name, ''), c.external_id), m.kind, m.author_id,"
            " left(m.body, 160)"
            " FROM {schema}.tickets_ticket t JOIN {schema}.tickets_customer c ON c.id = t.customer_id"
            " LEFT JOIN LATERAL (SELECT kind, author_id, body FROM {schema}.tickets_message WHERE ticket_id = t.number"
            " AND kind NOT IN ('bot', 'system')" + hidden + " ORDER BY seq DESC LIMIT 1) m ON true"
            " WHERE t.number = ANY(%s)",
            [wanted],
        )
        for store_id, number, buyer, kind, author, body in rows:
            lines[store_id, number] = Line(buyer_name(buyer), kind or "", author, " ".join((body or "").split()))
    return lines


def _row(
    entry: QueueEntry,
    store: Store,
    lines: dict[tuple[int, int], Line],
    aliases: dict[tuple[int, int], str],
    caller: Caller,
    now: datetime,
    tightest: Tightest | None,
) -> QueueRow:
    line = lines.get((entry.store_id, entry.ticket_number), Line())
    knows_people = may(store, Action.ASSIGN)
    return QueueRow(
        store=store_ref(store),
        number=entry.ticket_number,
        buyer=line.buyer,
        channel=entry.channel,
        channel_label=str(Channel(entry.channel).label),
        last_line=line.text,
        last_kind=line.kind,
        last_is_own=line.author_id == caller.person.pk,
        state=entry.state,
        priority=entry.priority,
        category=entry.category,
        category_label=str(Category(entry.category).label) if entry.category else "",
        assignee=person_ref(entry.assignee, store, caller, aliases),
        is_mine=entry.assignee_id == caller.person.pk,
        last_seq=entry.last_seq,
        last_message_at=entry.last_message_at,
        waiting_since=entry.waiting_since,
        due_at=entry.due_at,
        is_breached=entry.due_at is not None and entry.due_at <= now,
        due_why=why(entry.due_why),
        warned=warned(entry.told),
        is_escalated=ESCALATE in entry.told,
        snoozed_until=entry.snoozed_until,
        language=entry.language,
        is_unhappy=entry.sentiment < 0,
        is_presale=bool(entry.is_presale) and entry.category != Category.PRE_SALE,  # said once
        urgency=entry.urgency,
        escalated_to=person_ref(entry.escalated_to, store, caller, aliases) if knows_people else None,
        is_escalated_to_me=_is_mine_to_lead(entry, store, caller),
        **_place(entry, tightest, now),
    )


def _is_mine_to_lead(entry: QueueEntry, store: Store, caller: Caller) -> bool:
    if entry.escalated_to_id is None:
        return ESCALATE in entry.told and store.role in LEADS
    return entry.escalated_to_id == caller.person.pk


def _place(entry: QueueEntry, tightest: Tightest | None, now: datetime) -> dict[str, Any]:
    """Why it stands where it stands: in figures, and in words for people."""
    left = None if entry.due_at is None else (entry.due_at - now).total_seconds()
    time = time_of(left, entry.due_why, waits=entry.waiting_since is not None)
    stake = stake_of(tightest) if entry.due_at else ""
    return {
        "due_key": entry.due_why,
        "pressing": pressing(left, weight_of(tightest.headroom if tightest else None)),
        "goal": goal_of(entry.due_why),
        "time": time,
        "stake": stake,
        "is_tight": tightest is not None and tightest.headroom <= 0,
        "reason": reason_of(time, stake),
    }
