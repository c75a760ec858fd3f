"""What is the same on every host: the language switch; and the operator's list of stores."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from tenants.access import require_operator
from tenants.middleware import DeskRequest
from tenants.queries import stores_by_state


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
    """Every store with the state of its opening, and what stopped it."""
    require_operator(request.caller)
    return render(request, "tenants/fleet.html", {"stores": stores_by_state()})
