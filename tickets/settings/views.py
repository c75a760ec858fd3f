"""Settings of a store's chat widget: from a name of a site to a working script tag."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.access import Action, store_for, stores_for
from tenants.clock import database_now
from tenants.context import in_store
from tenants.errors import Forbidden, Invalid
from tenants.hosts import Kind, url_of
from tenants.middleware import DeskRequest
from tenants.models import Store
from tenants.queries import host_of_store
from tickets.actions.set_widget import renew_identity_secret, set_widget
from tickets.models import ChatWidget
from tickets.queries.chat import widget_of
from tickets.queries.chats import widget_lines
from tickets.queries.names import store_ref
from tickets.settings.forms import WidgetForm

TOLD = "settings"  # what of Django's messages is shown here; others come from signing in
SCRIPT = '<script src="{script}" data-key="{key}" async></script>'


@login_required
@require_GET
def chat_widgets(request: DeskRequest) -> HttpResponse:
    """The stores whose widget one may set up, each with how far it is."""
    stores = stores_for(request.caller, Action.CONFIGURE)
    if not stores:
        raise Forbidden
    if request.place.kind == Kind.STORE:
        return redirect("chat_widget", stores[0].slug)
    return render(request, "tickets/settings/chat_widgets.html", {"lines": widget_lines(stores), **_page(request)})


@login_required
@require_http_methods(["GET", "POST"])
def chat_widget(request: DeskRequest, store: str) -> HttpResponse:
    """One store's widget: shown, or changed and shown again. What was refused stays in the form."""
    found = store_for(request.caller, store, Action.CONFIGURE)
    host = host_of_store(found)
    with in_store(found):
        widget = widget_of()
        form = WidgetForm(widget, request.POST if request.method == "POST" else None)
        if request.method == "POST" and _save(form):
            messages.success(request, _("Saved."), extra_tags=TOLD)
            return redirect(reverse("chat_widget", args=[store]) + ("" if widget else "#copy"))
    context = {**_widget_page(request, found, widget, host), "form": form}
    return render(request, "tickets/settings/chat_widget.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def chat_widget_renew(request: DeskRequest, store: str) -> HttpResponse:
    """A new identity secret; the page asked whether that is meant."""
    with in_store(store_for(request.caller, store, Action.CONFIGURE)):
        renew_identity_secret(now=database_now())
    messages.success(
        request, _("The secret is new. Put it into your shop now: the old one counts for nothing."), extra_tags=TOLD
    )
    return redirect("chat_widget", store)


def _save(form: WidgetForm) -> bool:
    """Whether the entered store's widget is as the form says; if not, the form knows why."""
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            set_widget(form.values(), now=database_now())
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return False
    return True


def _widget_page(request: DeskRequest, store: Store, widget: ChatWidget | None, host: str) -> dict[str, Any]:
    script = url_of(host, "/static/widget/deskfleet.js")
    return {
        "store": store_ref(store),
        "widget": widget,
        "script": SCRIPT.format(script=script, key=widget.key) if widget else "",
        "try_url": url_of(host, "/chat/try/"),
        **_page(request),
    }


def _page(request: DeskRequest) -> dict[str, Any]:
    return {
        "is_store_host": request.place.kind == Kind.STORE,
        "place_name": request.place.name,
        "may_configure": True,
    }
