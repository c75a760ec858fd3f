"""REST, for integrators: the report and the tickets behind its figures. The same rows as the pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from reports.api import serializers as shapes
from reports.exports import figures, records
from reports.models import Measure
from reports.queries.fleet import FleetWanted, fleet_for
from reports.queries.reach import reach_of
from reports.queries.report import By, readable, report_for, wanted
from reports.queries.tickets import TicketsWanted, tickets_behind
from tenants.clock import database_now
from tickets.api.serializers import ErrorOut
from tickets.api.views import ERRORS, DeskAPIView

_ERRORS: dict[Any, Any] = {**ERRORS, 403: ErrorOut}
PERIOD = [
    OpenApiParameter("period", str, enum=["today", "7", "28", "90"], description="Days until today; 28 if not said."),
    OpenApiParameter("from", OpenApiTypes.DATE, description="The first day, in each store's own time zone."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="The last day."),
    OpenApiParameter("store", str, description="Only this store."),
    OpenApiParameter("marketplace", str, description="Only stores of this marketplace."),
    OpenApiParameter("q", str, description="Only stores whose name has this in it."),
]
PAGE = OpenApiParameter("page", int, description="From 1 on.")
LIMIT = OpenApiParameter("limit", int, description="Rows a page: 50 if not said, 200 at most.")


class Reports(DeskAPIView):
    @extend_schema(
        parameters=[
            *PERIOD,
            OpenApiParameter("by", str, enum=By.values, description="What a row is about."),
            OpenApiParameter("order", str, description="A figure's name, with - before it downwards."),
            PAGE,
            LIMIT,
        ],
        responses={200: shapes.ReportOut, **_ERRORS},
        operation_id="reports_read",
    )
    def get(self, request: Request) -> Response:
        """A period over the stores that this token opens, by store, channel, category or day.

        Times are seconds, shares 0 to 1. `opened_before` is of the same number of days right before.
        """
        reach = reach_of(self.caller(request))
        want = wanted(request.query_params, reach, database_now())
        report = report_for(reach, want, size=self.limit(request))
        return Response(
            {
                "from": report.period.first.isoformat(),
                "to": report.period.last.isoformat(),
                "by": report.by,
                "whole": {**figures(report.whole.sums), "opened_before": report.whole.before.opened},
                "next": report.page + 1 if report.page < report.pages else None,
                "total": report.found,
                "results": [{**row, "key": row[report.by]} for row in records(report, report.lines)],
            }
        )


class Now(DeskAPIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("order", str),
            OpenApiParameter("marketplace", str),
            OpenApiParameter("q", str),
            PAGE,
            LIMIT,
        ],
        responses={200: shapes.NowPage, **_ERRORS},
        operation_id="reports_now",
    )
    def get(self, request: Request) -> Response:
        """What waits in each store now, and its own today, the most urgent first."""
        want = FleetWanted.asked(request.query_params)
        fleet = fleet_for(reach_of(self.caller(request)), want, now=database_now(), size=self.limit(request))
        results = [
            {
                "store": line.store.slug,
                "name": line.store.name,
                "day": line.day.isoformat(),
                "waiting": line.waiting,
                "overdue": line.overdue,
                "usual": None if line.usual is None else round(line.usual, 1),
                **figures(line.today),
            }
            for line in fleet.lines
        ]
        more = fleet.page + 1 if fleet.page < fleet.pages else None
        return Response({"next": more, "total": fleet.found, "results": results})


class Tickets(DeskAPIView):
    @extend_schema(
        parameters=[
            *PERIOD,
            OpenApiParameter("measure", str, enum=Measure.values),
            OpenApiParameter("channel", str),
            OpenApiParameter("category", str, description="`any` if not said; empty: not classified."),
            PAGE,
            LIMIT,
        ],
        responses={200: shapes.TicketsBehindPage, **_ERRORS},
        operation_id="reports_tickets",
    )
    def get(self, request: Request) -> Response:
        """The tickets behind a figure: as many as it says."""
        now = database_now()
        stores = readable(self.caller(request))
        want = TicketsWanted.asked(request.query_params, stores, now)
        found = tickets_behind(stores, want, now=now, size=self.limit(request))
        results = [
            {
                "store": line.store.slug,
                "ticket": line.number,
                "opening": line.opening or None,
                "opened_at": line.opened_at,
                "first_response_s": line.first_response_s,
                "within": line.within,
                "late": line.late,
                "breached": line.breached,
                "closed": line.closed,
            }
            for line in found.lines
        ]
        more = found.page + 1 if found.page < found.pages else None
        return Response({"next": more, "total": found.total, "results": results})
