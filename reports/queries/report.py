"""The report: a period over the reader's stores, by store, channel, category or day, beside the period before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.categories import Category
from reports.periods import DAY, Period, asked
from reports.queries.reach import Reach, chosen
from reports.queries.sources import Sources, sources_of
from reports.queries.sums import STORES, WHOLE, gained, until
from reports.rows import Line, Report
from reports.sums import COUNTED, NOTHING, Sums, total
from tenants.access import Action, Caller, stores_for
from tenants.errors import Forbidden, Invalid
from tenants.models import Store
from tickets.channels import Channel
from tickets.rows import StoreRef

PAGE: Final = 50
LAST_PAGE: Final = 10_000


class By(models.TextChoices):
    STORE = "store", gettext_lazy("By store")
    CHANNEL = "channel", gettext_lazy("By channel")
    CATEGORY = "category", gettext_lazy("By category")
    DAY = "day", gettext_lazy("By day")


# What lines can be put in order by. Unknown is last, whichever way.
ORDERS: Final[dict[str, Callable[[Line], float | str | None]]] = {
    "name": lambda line: line.label.casefold(),
    "opened": lambda line: line.sums.opened,
    "change": lambda line: line.change,
    "reopened": lambda line: line.sums.reopened,
    "answered": lambda line: line.sums.answered,
    "acknowledged": lambda line: line.sums.acknowledged,
    "closed": lambda line: line.sums.closed,
    "breached": lambda line: line.sums.breached,
    "within": lambda line: line.sums.share_within,
    "p50": lambda line: line.sums.p50,
    "p90": lambda line: line.sums.p90,
}


@dataclass(frozen=True)
class Wanted:
    """What is asked for. `order`: one of ORDERS, downwards with a minus before it."""

    period: Period
    by: By
    order: str
    page: int = 1
    store: str = ""
    marketplace: str = ""
    q: str = ""


def readable(caller: Caller) -> list[Store]:
    """The stores whose figures the caller may read, to enter them. Forbidden for who has stores, and none of those."""
    stores = stores_for(caller, Action.VIEW_REPORTS)
    if not stores and stores_for(caller):
        raise Forbidden
    return stores


def wanted(query: Mapping[str, str], reach: Reach, now: datetime) -> Wanted:
    """As a query string says it. Raises Invalid with the field at fault."""
    store = query.get("store", "")
    by = query.get("by", "") or (By.DAY if store or reach.stores == 1 else By.STORE)
    if by not in By.values:
        raise Invalid(_("There is no such breakdown."), field="by")
    order = query.get("order", "") or ("-name" if by == By.DAY else "-opened")
    if order.removeprefix("-") not in ORDERS:
        raise Invalid(_("There is no such order."), field="order")
    period = asked(query, reach.today(now))
    words = query.get("q", "").replace("\x00", "").strip()[:200]
    return Wanted(period, By(by), order, page_of(query), store, query.get("marketplace", ""), words)


def page_of(query: Mapping[str, str]) -> int:
    text = query.get("page", "") or "1"
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LAST_PAGE):
        raise Invalid(_("There is no such page."), field="page")
    return int(text)


def report_for(reach: Reach, want: Wanted, *, size: int = PAGE) -> Report:
    """A page of the report. Some eight queries, however many stores there are. Raises Invalid (`marketplace`)."""
    here = reach.narrowed(store=want.store, marketplace=want.marketplace, q=want.q)
    sources, period = sources_of(here), want.period
    days = _days(sources, period)
    if want.by == By.STORE:
        found, page, pages, shown = stores_page(here, want, size)
    else:
        lines = days if want.by == By.DAY else _cells(sources, period, want.by)
        page, pages, shown = paged(in_order(lines, want.order), want.page, size)
        found = len(lines)
    whole = Line("", "", total(line.sums for line in days), _period(sources, period.before))
    return Report(period, want.by, whole, tuple(shown), tuple(days), found, page, pages)


def in_order(lines: Sequence[Line], order: str) -> list[Line]:
    """By name where that says nothing; unknown last."""
    value = ORDERS[order.removeprefix("-")]
    down = order.startswith("-")
    known = sorted((line for line in lines if value(line) is not None), key=lambda line: line.label.casefold())
    known.sort(key=value, reverse=down)  # type: ignore[arg-type]
    return known + [line for line in lines if value(line) is None]


def paged(rows: Sequence[Any], page: int, size: int) -> tuple[int, int, list[Any]]:
    """(page, pages, rows of it). A page behind the last is the last."""
    pages = max(1, -(-len(rows) // size))
    page = min(page, pages)
    return page, pages, list(rows[(page - 1) * size : page * size])


def _period(sources: Sources, period: Period) -> Sums:
    found = sources.until([period.first - DAY, period.last])
    return found.get(period.last, NOTHING) - found.get(period.first - DAY, NOTHING)


def _days(sources: Sources, period: Period) -> list[Line]:
    found = sources.day_by_day(period.before.first, period.last)
    shift = DAY * period.length
    return [
        Line(day.isoformat(), day.isoformat(), found.get(day, NOTHING), found.get(day - shift, NOTHING))
        for day in period.days()
    ]


# What the database puts in order itself. Times are in lanes, which it can't read; a name needs no figures.
_ORDERS: Final = {
    "opened": "now.opened - mid.opened",
    "change": "(now.opened - 2 * mid.opened + old.opened)::float / nullif(mid.opened - old.opened, 0)",
    "within": "(now.within - mid.within)::float / nullif(now.within + now.late - mid.within - mid.late, 0)",
    **{name: f"now.{name} - mid.{name}" for name in ("reopened", "answered", "acknowledged", "closed", "breached")},
}
_UNTIL = """
LEFT JOIN LATERAL (
  SELECT opened, reopened, acknowledged, answered, within, late, breached, closed FROM reports_storeday t
  WHERE t.store_id = mine.id AND t.channel = '' AND t.category = '' AND t.day <= %({day})s ORDER BY t.day DESC LIMIT 1
) {name}_row ON true
CROSS JOIN LATERAL (SELECT {columns}) {name}
"""


def stores_page(reach: Reach, want: Wanted, size: int) -> tuple[int, int, int, list[Line]]:
    """(found, page, pages, lines). Two or three queries; by times, which are read of every store, three."""
    found = len(reach.ids)
    pages = max(1, -(-found // size))
    page = min(want.page, pages)
    name, down = want.order.removeprefix("-"), want.order.startswith("-")
    if name in {"p50", "p90"}:
        return found, page, pages, chosen(in_order(_stores(reach.refs(), want.period), want.order), page, size)
    cut: dict[str, Any] = {"limit": size, "offset": (page - 1) * size}
    direction = "DESC" if down else "ASC"
    if name == "name":
        refs = reach.refs(f"lower(s.name) {direction}, s.id", **cut)
    else:
        order = f"{_ORDERS[name]} {direction} NULLS LAST, lower(s.name), s.id"
        refs = reach.refs(order, _joins(_ORDERS[name]), **cut, **_boundaries(want.period))
    return found, page, pages, _stores(refs, want.period)


def _joins(order: str) -> str:
    """The rows that the order speaks of."""
    columns = ", ".join(f"coalesce({{name}}_row.{column}, 0) AS {column}" for column in COUNTED)
    return "".join(
        _UNTIL.format(day=day, name=name, columns=columns.format(name=name))
        for name, day in (("now", "last"), ("mid", "middle"), ("old", "after"))
        if f"{name}." in order
    )


def _boundaries(period: Period) -> dict[str, date]:
    """The ends of the days before the period before, of those before the period, and of the period."""
    return {"after": period.before.first - DAY, "middle": period.first - DAY, "last": period.last}


def _stores(refs: Sequence[StoreRef], period: Period) -> list[Line]:
    after, middle, last = _boundaries(period).values()
    found = until(STORES, [(ref.pk, day) for ref in refs for day in (after, middle, last)])
    return [
        Line(ref.slug, ref.name, gained(found, ref.pk, middle, last), gained(found, ref.pk, after, middle), ref)
        for ref in refs
    ]


def _cells(sources: Sources, period: Period, by: By) -> list[Line]:
    """By channel or by category."""
    after, middle, last = period.before.first - DAY, period.first - DAY, period.last
    parts: dict[date, dict[str, list[Sums]]] = {day: {} for day in (after, middle, last)}
    for (day, (channel, category)), sums in sources.until_by_cell([after, middle, last]).items():
        if (channel, category) != WHOLE:
            parts[day].setdefault(channel if by == By.CHANNEL else category, []).append(sums)
    summed = {day: {key: total(sums) for key, sums in keys.items()} for day, keys in parts.items()}

    def between(key: str, first: date, until_day: date) -> Sums:
        return summed[until_day].get(key, NOTHING) - summed[first].get(key, NOTHING)

    return [
        Line(key, label_of(by, key), now, before)
        for key in sorted(summed[last])
        if (now := between(key, middle, last)) or between(key, after, middle)
        for before in [between(key, after, middle)]
    ]


def label_of(by: By, key: str) -> str:
    if by == By.CHANNEL:
        return str(Channel(key).label)
    return str(Category(key).label) if key else _("not classified")
