"""The tickets behind a figure: through the same gate, of the same days, and as many as the figure says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from knowledge.categories import Category
from reports.models import Measure, Opening
from reports.periods import Period, asked, local, today_of
from reports.queries.report import LAST_PAGE, page_of
from reports.rows import TicketLine, TicketList
from tenants.context import read_across
from tenants.errors import Invalid
from tenants.models import Store
from tickets.channels import Channel
from tickets.desk.models import QueueEntry
from tickets.queries.names import buyer_name, store_ref
from tickets.queries.order import pressing_at, weights
from tickets.score.queries.scores import tightest_of

PAGE: Final = 50
ANY: Final = "any"  # as a category; empty is "not classified"

_MEASURES: Final[dict[str, Q]] = {
    Measure.OPENED: Q(),
    Measure.REOPENED: Q(opening__gt=1),
    Measure.ACKNOWLEDGED: Q(acknowledged=True),
    Measure.ANSWERED: Q(first_response_s__isnull=False),
    Measure.UNANSWERED: Q(first_response_s__isnull=True),
    Measure.WITHIN: Q(within=True),
    Measure.LATE: Q(late=True),
    Measure.BREACHED: Q(breached=True),
    Measure.CLOSED: Q(closed=True),
}
_NOW: Final = (Measure.WAITING, Measure.OVERDUE)


@dataclass(frozen=True)
class TicketsWanted:
    """What a figure's link says. `period` is of no account where the figure is about now."""

    measure: Measure
    period: Period
    store: str = ""
    marketplace: str = ""
    q: str = ""
    channel: str = ""
    category: str = ANY
    page: int = 1
    own_today: bool = False  # each store's own today, which in two time zones may be two days

    @property
    def is_now(self) -> bool:
        return self.measure in _NOW

    @classmethod
    def asked(cls, query: Mapping[str, str], stores: Sequence[Store], now: datetime) -> TicketsWanted:
        """As a query string says it. Raises Invalid with the field at fault."""
        measure, channel = query.get("measure", "") or Measure.OPENED, query.get("channel", "")
        category = query.get("category", ANY)
        if measure not in Measure.values:
            raise Invalid(_("There is no such figure."), field="measure")
        if channel and channel not in Channel.values:
            raise Invalid(_("There is no such channel."), field="channel")
        if category not in ("", ANY, *Category.values):
            raise Invalid(_("There is no such category."), field="category")
        return cls(
            Measure(measure),
            asked(query, today_of(now, (store.time_zone for store in stores))),
            query.get("store", ""),
            query.get("marketplace", ""),
            query.get("q", "").replace("\x00", "").strip()[:200],
            channel,
            category,
            page_of(query),
            query.get("today", "") == "own",
        )


def tickets_behind(stores: Sequence[Store], want: TicketsWanted, *, now: datetime, size: int = PAGE) -> TicketList:
    """A page of them, latest first. `stores` are `readable`. Three queries: count, page, one UNION for words."""
    here = {s.pk: s for s in narrowed(stores, store=want.store, marketplace=want.marketplace, q=want.q)}
    rows = _now(here, want, now) if want.is_now else _counted(here, want, now)
    total = rows.count()
    pages = min(max(1, -(-total // size)), LAST_PAGE)
    page = min(want.page, pages)
    shown = list(rows[(page - 1) * size : page * size])
    words = _words(here, [(row["store_id"], row["ticket_number"]) for row in shown])
    return TicketList(tuple(_line(here[row["store_id"]], row, words) for row in shown), total, page, pages)


def _counted(stores: Mapping[int, Store], want: TicketsWanted, now: datetime) -> QuerySet[Any, Any]:
    found = Opening.objects.filter(_MEASURES[want.measure], store_id__in=list(stores))
    if want.own_today:
        found = found.filter(_own_today(stores, now))
    else:
        found = found.filter(day__range=(want.period.first, want.period.last))
    if want.channel:
        found = found.filter(channel=want.channel)
    if want.category != ANY:
        found = found.filter(category=want.category)
    return found.order_by("-day", "-opened_at", "-pk").values()


def _own_today(stores: Mapping[int, Store], now: datetime) -> Q:
    by_day: dict[date, list[int]] = {}
    for store in stores.values():
        by_day.setdefault(local(now, store.time_zone).date(), []).append(store.pk)
    return reduce(or_, (Q(day=day, store_id__in=pks) for day, pks in by_day.items()), Q(pk__in=[]))


def _now(stores: Mapping[int, Store], want: TicketsWanted, now: datetime) -> QuerySet[Any, Any]:
    """What waits, in the order of the desk."""
    found = QueueEntry.objects.filter(store_id__in=list(stores), due_at__isnull=False)
    if want.measure == Measure.OVERDUE:
        found = found.filter(due_at__lte=now)
    ordered = found.annotate(pressing=pressing_at(now, weights(tightest_of(stores)))).order_by("pressing", "pk")
    return ordered.values("store_id", "ticket_number", "channel", "category", "due_at", opened_at=F("waiting_since"))


def narrowed(stores: Sequence[Store], *, store: str = "", marketplace: str = "", q: str = "") -> list[Store]:
    """Those of the reader's stores that are asked for."""
    words = q.lower()
    return [
        each
        for each in stores
        if store in ("", each.slug)
        and marketplace in ("", each.marketplace)
        and words in f"{each.name} {each.slug}".lower()
    ]


def _words(stores: Mapping[int, Store], keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], tuple[str, str]]:
    """(store, number) → buyer and subject."""
    here = [stores[pk] for pk in sorted({store for store, _number in keys})]
    rows = read_across(
        here,
        "SELECT {store}, t.number, coalesce(nullif(c.name, ''), c.external_id), t.subject"
        " FROM {schema}.tickets_ticket t JOIN {schema}.tickets_customer c ON c.id = t.customer_id"
        " WHERE t.number = ANY(%s)",
        [sorted({number for _store, number in keys})],
    )
    return {(store, number): (buyer_name(buyer), subject) for store, number, buyer, subject in rows}


def _line(store: Store, row: Mapping[str, Any], words: Mapping[tuple[int, int], tuple[str, str]]) -> TicketLine:
    buyer, subject = words.get((store.pk, row["ticket_number"]), ("", ""))
    return TicketLine(
        store=store_ref(store),
        number=row["ticket_number"],
        opening=row.get("opening", 0),
        opened_at=row["opened_at"],
        due_at=row.get("due_at"),
        channel_label=str(Channel(row["channel"]).label),
        category_label=str(Category(row["category"]).label) if row["category"] else "",
        first_response_s=row.get("first_response_s"),
        within=row.get("within", False),
        late=row.get("late", False),
        breached=row.get("breached", False),
        closed=row.get("closed", False),
        buyer=buyer,
        subject=subject,
    )
