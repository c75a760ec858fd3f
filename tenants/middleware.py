"""Puts on the request where it came in and who asks, and lets the connection see no other place's rows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.utils import translation
from django.utils.decorators import sync_only_middleware
from django.utils.functional import SimpleLazyObject

from tenants.access import Caller
from tenants.context import at
from tenants.errors import RETRY_AFTER, Unavailable
from tenants.health import answer as health_answer
from tenants.hosts import SESSION_HOST, Place, bare_host, place_of
from tenants.models import User

log = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponse]


class DeskRequest(HttpRequest):
    """What every view of ours is handed: a request with its place and its caller."""

    place: Place
    caller: Caller
    user: User


@sync_only_middleware
class HostMiddleware:
    """host → place → urlconf. A host that names nothing gets the same bare 404, whatever its path.

    The rest of the request runs at that place: of public tables it sees what belongs there. A response that is
    streamed later is outside again, and reads nothing.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: DeskRequest) -> HttpResponse:
        if request.path.startswith("/health/"):
            return health_answer(request)  # asked by machines that know no host name
        try:
            place = place_of(bare_host(request.get_host()))
        except DisallowedHost:
            place = None
        except (OperationalError, InterfaceError):  # the first query of every request: the database is away or full
            return JsonResponse(Unavailable().body(), status=503, headers={"Retry-After": RETRY_AFTER})
        if place is None:
            return HttpResponseNotFound("Not found", content_type="text/plain")
        request.place = place
        request.urlconf = settings.URLCONF_OF_PLACE[place.kind]
        with at(place):
            return self.get_response(request)


@sync_only_middleware
class SessionMiddleware:
    """Ends a session that is shown on another host than it was made on: a cookie that was carried there by hand."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: DeskRequest) -> HttpResponse:
        if request.session.get(SESSION_KEY) and request.session.get(SESSION_HOST) != request.place.host:
            log.warning("a session of %s was shown on %s", request.session.get(SESSION_HOST), request.place.host)
            request.session.flush()
        return self.get_response(request)


@sync_only_middleware
class LanguageMiddleware:
    """The language is the person's own choice, else this browser's cookie, else what it asks for."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: DeskRequest) -> HttpResponse:
        with translation.override(self.language_of(request)):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response

    def language_of(self, request: DeskRequest) -> str:
        known = dict(settings.LANGUAGES)
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen in known:
            return chosen
        if not request.path.startswith("/api/") and request.user.is_authenticated and request.user.language in known:
            return request.user.language
        return translation.get_language_from_request(request)


@sync_only_middleware
class CallerMiddleware:
    """request.caller: the signed-in person at this place; made when first asked for. Private pages are not stored."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: DeskRequest) -> HttpResponse:
        caller = SimpleLazyObject(lambda: Caller(request.user, request.place))
        request.caller = cast(Caller, caller)
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response
