"""What the pages of the agency's admin and of a seller's portal draw, alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from reports.drawing import chart_of, heat_of
from reports.exports import FORMATS, File, as_file
from reports.models import Measure
from reports.periods import CHOICES
from reports.queries.fleet import FleetWanted, fleet_for
from reports.queries.reach import Reach
from reports.queries.report import By, label_of, report_for, wanted
from reports.queries.tickets import ANY, TicketsWanted, tickets_behind
from reports.rows import FleetLine, Line
from tenants.errors import Invalid
from tenants.models import Store
from tickets.channels import Channel

ALL_LINES = 1_000_000
GOAL = 0.8  # of the week's first answers in time: what the marketplaces ask of a shop
PERIODS = tuple(zip(CHOICES, (_("Today"), _("7 days"), _("28 days"), _("90 days")), strict=True))


def report_page(reach: Reach, query: Mapping[str, str], now: datetime, *, tickets_url: str) -> dict[str, Any]:
    """A report's context. Raises Invalid. `report_url` and `file_url` are the page's own to add."""
    want = wanted(query, reach, now)
    report = report_for(reach, want)
    kept = {"marketplace": want.marketplace, "q": want.q, "store": want.store}
    narrowed = {name: value for name, value in kept.items() if value}
    about = next(iter(reach.narrowed(store=want.store).refs()), None) if want.store and reach.stores > 1 else None
    period = {"from": report.period.first.isoformat(), "to": report.period.last.isoformat()}
    return {
        "report": report,
        "by": want.by.value,
        "order": want.order,
        "narrowed": {**period, **narrowed},
        "behind_all": f"{tickets_url}?{urlencode({**period, **narrowed})}",
        "asked": urlencode({**period, **narrowed, "by": want.by.value, "order": want.order}),
        "kept": narrowed,
        "asked_period": urlencode({**period, **narrowed}),
        "asked_of_store": urlencode({**period, "by": By.DAY.value}),
        "about": about,
        "shows_stores": reach.stores > 1 and not want.store,
        "breakdowns": [(value, label) for value, label in By.choices if value != By.STORE or reach.stores > 1],
        "periods": PERIODS,
        "formats": list(FORMATS),
        "chart": chart_of(report.days),
        "heat": heat_of(report.days),
        "hours": range(0, 24, 3),
        "marketplaces": _marketplaces(reach),
        "want": want,
        "has_stores": reach.stores > 0,
    }


def report_file(reach: Reach, query: Mapping[str, str], now: datetime) -> File:
    """The same report whole, as a file. Raises Invalid (`format`)."""
    kind = query.get("format", "") or "csv"
    if kind not in FORMATS:
        raise Invalid(_("There is no such format."), field="format")
    report = report_for(reach, wanted(query, reach, now), size=ALL_LINES)
    return as_file(report, kind, report.lines)


def download(file: File) -> HttpResponse:
    response = HttpResponse(file.content, content_type=file.content_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def tickets_page(stores: Sequence[Store], query: Mapping[str, str], now: datetime) -> dict[str, Any]:
    want = TicketsWanted.asked(query, stores, now)
    named = [store for store in stores if store.slug == want.store]
    return {
        "tickets": tickets_behind(stores, want, now=now),
        "want": want,
        "measure": want.measure.label,
        "about": named[0] if named else None,
        "channel": Channel(want.channel).label if want.channel else "",
        "category": "" if want.category == ANY else label_of(By.CATEGORY, want.category),
        "shows_store": len(stores) > 1,
        "asked": urlencode({name: value for name, value in query.items() if name != "page"}),
    }


def fleet_panel(reach: Reach, query: Mapping[str, str], now: datetime, *, tickets_url: str) -> dict[str, Any]:
    want = FleetWanted.asked(query)
    fleet = fleet_for(reach, want, now=now)
    kept = {"marketplace": want.marketplace, "q": want.q}
    narrowed = {name: value for name, value in kept.items() if value}
    return {
        "fleet": fleet,
        "order": want.order,
        "want": want,
        "narrowed": narrowed,
        "behind_all": f"{tickets_url}?{urlencode(narrowed)}",
        "asked": urlencode({**narrowed, "order": want.order, "page": str(fleet.page)}),
        "asked_page": urlencode({**narrowed, "order": want.order}),
        "marketplaces": _marketplaces(reach),
        "measures": Measure,
    }


def safety_of(reach: Reach, now: datetime, *, tickets_url: str) -> dict[str, Any]:
    """Is the store safe? What waits now, and how the last seven days went beside the seven before."""
    fleet = fleet_for(reach, FleetWanted(), now=now)
    week = report_for(reach, wanted({"period": "7"}, reach, now)).whole
    line = fleet.lines[0] if fleet.lines else None
    return {"line": line, "week": week, "verdict": _verdict(line, week), "goal": GOAL, "behind_now": f"{tickets_url}?"}


def _verdict(line: FleetLine | None, week: Line) -> str:
    """late: a buyer waits too long now; weak: too many did in the last seven days; safe; new: nothing is known."""
    if line is not None and line.overdue:
        return "late"
    share = week.sums.share_within
    if share is None:
        return "new"
    return "safe" if share >= GOAL else "weak"


def _marketplaces(reach: Reach) -> list[tuple[str, str]]:
    """Those that there are, if there is more than one."""
    found = [(value, str(label)) for value, label in Store.Marketplace.choices if value in reach.marketplaces]
    return found if len(found) > 1 else []
