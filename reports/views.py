"""A seller's numbers: is my store safe? On the store's host, for its seller and the agency's leads."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from reports.pages import download, report_file, report_page, safety_of, tickets_page
from reports.queries.reach import reach_of
from reports.queries.report import readable
from tenants.clock import database_now
from tenants.middleware import DeskRequest


@login_required
@require_GET
def numbers(request: DeskRequest) -> HttpResponse:
    reach, at, tickets_url = reach_of(request.caller), database_now(), reverse("numbers_tickets")
    context = report_page(reach, request.GET.dict(), at, tickets_url=tickets_url)
    safety = safety_of(reach, at, tickets_url=tickets_url)
    addresses = {"file_url": reverse("numbers_file"), "now_url": reverse("numbers_now")}
    return render(request, "reports/numbers.html", {**context, **safety, **addresses, **_page(request)})


@login_required
@require_GET
def now(request: DeskRequest) -> HttpResponse:
    """The first part of the page anew."""
    context = safety_of(reach_of(request.caller), database_now(), tickets_url=reverse("numbers_tickets"))
    context["now_url"] = reverse("numbers_now")
    return render(request, "reports/_safety.html", {**context, **_page(request)})


@login_required
@require_GET
def tickets(request: DeskRequest) -> HttpResponse:
    context = tickets_page(readable(request.caller), request.GET.dict(), database_now())
    return render(request, "reports/numbers_tickets.html", {**context, **_page(request)})


@login_required
@require_GET
def file(request: DeskRequest) -> HttpResponse:
    return download(report_file(reach_of(request.caller), request.GET.dict(), database_now()))


def _page(request: DeskRequest) -> dict[str, Any]:
    return {
        "is_store_host": True,
        "place_name": request.place.name,
        "report_url": reverse("numbers"),
    }
