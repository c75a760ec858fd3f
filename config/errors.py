"""How a page says that something can't be done: the same DomainError that the API prints as JSON."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext_lazy as _
from django.views.defaults import page_not_found

from tenants.errors import DomainError, NotFound
from tickets.actions.reply import TicketMovedOn


class TooMuch(DomainError):
    code = "too_large"
    status = 413
    message = _("That is more than can be sent at once.")


class DomainErrorMiddleware(MiddlewareMixin):
    """A partial for htmx, a page for everybody else. What was typed stays where it is."""

    async_capable = False

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, RequestDataTooBig):
            error = TooMuch()
        if not isinstance(error, DomainError):
            return None
        return answer(request, error)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404 of every urlconf: programs get the API's shape, people a page."""
    if request.path.startswith("/api/"):
        return JsonResponse(NotFound().body(), status=404)
    return page_not_found(request, exception)


def answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The error as HTML. TicketMovedOn is answered by the desk, which also shows what was missed."""
    context = error.body()
    if getattr(request, "htmx", False) and not isinstance(error, TicketMovedOn):
        return render(request, "tickets/_error.html", context, status=error.status)
    template = "404.html" if isinstance(error, NotFound) else "errors/refused.html"
    return render(request, template, context, status=error.status)
