"""How a page says that something can't be done: the same DomainError that the API prints as JSON."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.common import CommonMiddleware
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.views.defaults import bad_request, page_not_found, server_error

from tenants.errors import RETRY_AFTER, DomainError, Invalid, NotFound, Unavailable, as_domain_error, error_body
from tickets.actions.reply import TicketMovedOn


class DomainErrorMiddleware(MiddlewareMixin):
    """A partial for htmx, a page for everybody else. What was typed stays where it is."""

    async_capable = False

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        refusal = as_domain_error(error)
        return answer(request, refusal) if refusal else None


def answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The error as JSON or HTML. TicketMovedOn is answered by the desk, which also shows what was missed."""
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse(error.body(), status=error.status)
    elif getattr(request, "htmx", False) and not isinstance(error, TicketMovedOn):
        response = render(request, "tickets/_error.html", error.body(), status=error.status)
    else:
        template = "404.html" if isinstance(error, NotFound) else "errors/refused.html"
        response = render(request, template, error.body(), status=error.status)
    if isinstance(error, Unavailable):
        response["Retry-After"] = RETRY_AFTER
    return response


# ---------------------------------------------------------------- handlers of every urlconf: programs get JSON


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(NotFound().body(), status=404)
    return page_not_found(request, exception)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(Invalid().body(), status=400)
    return bad_request(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of ours; or the database went away between two middlewares, where no view could say so."""
    error = sys.exc_info()[1]
    if isinstance(error, Exception) and isinstance(as_domain_error(error), Unavailable):
        shape, status = Unavailable().body(), 503
    else:
        shape, status = error_body("server_error", "This is a fault of ours. It was written down.", None), 500
    response: HttpResponse = JsonResponse(shape) if request.path.startswith("/api/") else server_error(request)
    response.status_code = status
    if status == 503:
        response["Retry-After"] = RETRY_AFTER
    return response


class SlashMiddleware(CommonMiddleware):
    """Adds a forgotten slash to what is read. What is sent would lose its body on the way: that is a 404."""

    async_capable = False

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in {"GET", "HEAD"} and super().should_redirect_with_slash(request)
