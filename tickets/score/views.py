"""A seller's view of their store's score, on the store's host: for its seller and the agency's leads."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tenants.access import Action, stores_for
from tenants.clock import database_now
from tenants.errors import NotFound
from tenants.middleware import DeskRequest
from tenants.models import Store
from tickets.score.pages import evidence_file, score_page


@login_required
@require_GET
def seller_score(request: DeskRequest) -> HttpResponse:
    context = score_page(_store(request), request.GET.dict(), database_now())
    frame = {"is_store_host": True, "place_name": request.place.name}
    return render(request, "tickets/score/seller.html", {**context, **frame})


@login_required
@require_GET
def seller_evidence(request: DeskRequest) -> HttpResponse:
    return evidence_file(_store(request), request.GET.get("policy", ""), database_now())


def _store(request: DeskRequest) -> Store:
    """The store whose host this is. Raises NotFound for who may not read its figures."""
    stores = stores_for(request.caller, Action.VIEW_REPORTS)
    if not stores:
        raise NotFound
    return stores[0]
