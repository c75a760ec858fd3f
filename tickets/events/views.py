"""A seller's view of their store's live events, on the store's host: to read. For its seller and the agency's leads."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tenants.access import Action, stores_for
from tenants.clock import database_now
from tenants.errors import NotFound
from tenants.middleware import DeskRequest
from tickets.events.queries.announced import announced_in


@login_required
@require_GET
def seller_events(request: DeskRequest) -> HttpResponse:
    """Raises NotFound for who may not read the store's figures."""
    stores = stores_for(request.caller, Action.VIEW_REPORTS)
    if not stores:
        raise NotFound
    context = {
        "events": announced_in(stores[0], database_now()),
        "time_zone": stores[0].time_zone,
        "is_store_host": True,
        "place_name": request.place.name,
    }
    return render(request, "tickets/events/seller.html", context)
