"""What is the same on every host: the language switch; and the operator's fleet."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from tenants.access import require_operator
from tenants.actions.suspend_store import resume_store, suspend_store
from tenants.clock import database_now
from tenants.errors import NotFound
from tenants.fleet.template import code_head
from tenants.middleware import DeskRequest
from tenants.models import Store
from tenants.queries import fleet_state, store_by_slug


@require_POST
def set_language(request: DeskRequest) -> HttpResponse:
    """Remembers the language in this browser, and with the person who is signed in."""
    language = request.POST.get("language", "")
    after = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}):
        after = "/"
    response = HttpResponseRedirect(after)
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=31536000, samesite="Lax", secure=settings.HTTPS
        )
        if request.user.is_authenticated:
            request.user.language = language
            request.user.save(update_fields=["language"])
    return response


@login_required
@require_GET
def fleet(request: DeskRequest) -> HttpResponse:
    """Every store with the state of its life, how far its schema has come, and what stopped either."""
    require_operator(request.caller)
    show, q, page = (request.GET.get(name, "") for name in ("show", "q", "page"))
    state = fleet_state(code_head(), show=show, q=q[:200], page=int(page) if page.isdecimal() else 1)
    return render(request, "tenants/fleet.html", {"fleet": state, "show": show, "q": q})


@login_required
@require_POST
def suspend(request: DeskRequest, slug: str) -> HttpResponse:
    """The store's host goes dark; the page then shows the store alone, with the way back beside it."""
    suspend_store(_store(request, slug), reason=request.POST.get("reason", ""), **_by(request))
    return _shown(slug)


@login_required
@require_POST
def resume(request: DeskRequest, slug: str) -> HttpResponse:
    """Everything is as it was."""
    resume_store(_store(request, slug), **_by(request))
    return _shown(slug)


def _store(request: DeskRequest, slug: str) -> Store:
    require_operator(request.caller)
    store = store_by_slug(slug)
    if store is None:
        raise NotFound(field="store")
    return store


def _by(request: DeskRequest) -> dict[str, Any]:
    return {"by": request.user.email, "now": database_now()}


def _shown(slug: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('fleet')}?{urlencode({'q': slug})}")
