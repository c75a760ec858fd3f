"""The seller's side of SOPs: what waits for their word, what it changes, and what runs in their store."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from knowledge.actions.accept_for_store import accept_for_store
from knowledge.diff import difference
from knowledge.drawing import draw
from knowledge.queries.asked import asked_of, asked_version, running_sop, running_sops
from knowledge.sop_cards import cards_of, words_of
from tenants.access import Action, may, stores_for
from tenants.clock import database_now
from tenants.errors import Forbidden, Invalid, NotFound
from tenants.middleware import DeskRequest
from tenants.models import Store

TOLD = "library"  # what of Django's messages is shown here


@login_required
@require_GET
def sop_inbox(request: DeskRequest) -> HttpResponse:
    return _inbox(request, _store(request))


@login_required
@require_GET
def sop_of_store(request: DeskRequest, item: int) -> HttpResponse:
    running = running_sop(request.caller, _store(request), item)
    context = {
        "running": running,
        "purpose": words_of(running.content.get("purpose")),
        "cards": cards_of(running.content),
        "drawing": draw(running.content, language=get_language() or "zh"),
        **_page(request),
    }
    return render(request, "knowledge/seller/sop.html", context)


@login_required
@require_POST
def sop_answer(request: DeskRequest, version: int) -> HttpResponse:
    """Yes takes effect at once; no says why. What was answered meanwhile is shown as it stands."""
    store = _store(request)
    if not may(store, Action.SIGN_FOR_STORE):
        raise Forbidden
    accepted, reason = request.POST.get("accepted") == "1", request.POST.get("reason", "")
    try:
        found = asked_version(request.caller, store, version)
        accept_for_store(store, found, person=request.user, accepted=accepted, reason=reason, now=database_now())
    except Invalid as refused:
        return _inbox(request, store, refused=version, refusal=refused)
    except NotFound:
        messages.info(request, _("This was answered already, or is not asked any more."), extra_tags=TOLD)
        return redirect("sop_inbox")
    told = _("Accepted: your store runs it from now on.") if accepted else _("Sent back, with your reason.")
    messages.success(request, told, extra_tags=TOLD)
    return redirect("sop_inbox")


def _inbox(request: DeskRequest, store: Store, *, refused: int = 0, refusal: Invalid | None = None) -> HttpResponse:
    language = get_language() or "zh"
    asked = [
        {
            "line": line,
            "sections": difference("sop", line.before, line.after) if line.before else None,
            "drawing": draw(line.after, language=language),
            "cards": cards_of(line.after),
            "before_name": _("Now: v%(number)d") % {"number": line.runs},
            "after_name": f"v{line.number}",
            "refusal": refusal if line.version_id == refused else None,
        }
        for line in asked_of(request.caller, store)
    ]
    context = {
        "asked": asked,
        "running": running_sops(request.caller, store),
        "may_sign": may(store, Action.SIGN_FOR_STORE),
        **_page(request),
    }
    return render(request, "knowledge/seller/inbox.html", context, status=refusal.status if refusal else 200)


def _store(request: DeskRequest) -> Store:
    """The store whose host this is. Raises NotFound for who has nothing to do with it."""
    stores = stores_for(request.caller, Action.VIEW)
    if not stores:
        raise NotFound
    return stores[0]


def _page(request: DeskRequest) -> dict[str, Any]:
    return {"is_store_host": True, "place_name": request.place.name, "person_name": str(request.user)}
