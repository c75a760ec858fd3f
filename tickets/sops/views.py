"""An SOP on a ticket: begun, gone through, stopped; and the tickets behind a figure of its adherence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from knowledge.queries.held import held_item
from tenants.access import Action, store_for
from tenants.clock import database_now
from tenants.context import in_store
from tenants.errors import Invalid
from tenants.hosts import Kind
from tenants.middleware import DeskRequest
from tenants.models import Store
from tickets.actions.do_step import do_step
from tickets.actions.skip_step import skip_step
from tickets.actions.start_sop import start_sop
from tickets.actions.stop_sop import stop_sop
from tickets.forms import read
from tickets.models import Ticket
from tickets.queries.adherence import sop_tickets as tickets_behind
from tickets.queries.gate import locked
from tickets.queries.names import store_ref
from tickets.queries.sops import sop_pane as pane_of
from tickets.sops.forms import SkipForm, StartForm, StepForm, StopForm, evidence_of, pictures_of

# ---------------------------------------------------------------- reading


@login_required
@require_GET
def sop_pane(request: DeskRequest, store: str, number: int) -> HttpResponse:
    return _pane(request, store_for(request.caller, store, Action.RUN_SOP), number)


@login_required
@require_GET
def sop_tickets(request: DeskRequest, store: str, item: int) -> HttpResponse:
    """`what` of SopCount.What, or running; of one `step`, of one `version`."""
    found = store_for(request.caller, store, Action.RUN_SOP)
    what, step, version = (request.GET.get(name, "") for name in ("what", "step", "version"))
    if version and not (version.isascii() and version.isdigit() and len(version) < 10):
        raise Invalid(_("This is not a number."), field="version")
    rows = tickets_behind(request.caller, found, item, what, step=step, version=int(version) if version else None)
    context = {
        "rows": rows,
        "store": store_ref(found),
        "what": what,
        "is_store_host": request.place.kind == Kind.STORE,
        "place_name": request.place.name,
        "person_name": str(request.user),
    }
    return render(request, "tickets/sops/tickets.html", context)


# ---------------------------------------------------------------- writing


@login_required
@require_POST
def sop_start(request: DeskRequest, store: str, number: int) -> HttpResponse:
    asked = read(StartForm, request)
    held = held_item(request.caller, store_for(request.caller, store, Action.RUN_SOP), asked["item"], kind="sop")
    return _act(request, store, number, lambda ticket: start_sop(ticket, held, by=request.user, now=database_now()))


@login_required
@require_POST
def sop_do(request: DeskRequest, store: str, number: int) -> HttpResponse:
    asked, evidence, pictures = read(StepForm, request), evidence_of(request), pictures_of(request)

    def verb(ticket: Ticket) -> None:
        more = {"edge": asked["edge"], "evidence": evidence, "uploads": pictures}
        do_step(ticket, asked["run"], asked["step"], by=request.user, now=database_now(), **more)

    return _act(request, store, number, verb)


@login_required
@require_POST
def sop_skip(request: DeskRequest, store: str, number: int) -> HttpResponse:
    asked = read(SkipForm, request)

    def verb(ticket: Ticket) -> None:
        why = {"reason": asked["reason"], "edge": asked["edge"]}
        skip_step(ticket, asked["run"], asked["step"], by=request.user, now=database_now(), **why)

    return _act(request, store, number, verb)


@login_required
@require_POST
def sop_stop(request: DeskRequest, store: str, number: int) -> HttpResponse:
    asked = read(StopForm, request)

    def verb(ticket: Ticket) -> None:
        stop_sop(ticket, asked["run"], reason=asked["reason"], by=request.user, now=database_now())

    return _act(request, store, number, verb)


# ---------------------------------------------------------------- between


def _act(request: DeskRequest, slug: str, number: int, verb: Callable[[Ticket], Any]) -> HttpResponse:
    store = store_for(request.caller, slug, Action.RUN_SOP)
    with in_store(store), locked(request.caller, store, number, Action.RUN_SOP) as ticket:
        verb(ticket)
    if not request.headers.get("HX-Request"):
        return redirect("ticket", store.slug, number)
    return _pane(request, store, number)


def _pane(request: HttpRequest, store: Store, number: int) -> HttpResponse:
    now = database_now()
    pane = pane_of(request.caller, store, number, now=now)  # type: ignore[attr-defined]
    return render(request, "tickets/sops/_pane.html", {"pane": pane, "store": pane.store, "now": now})
