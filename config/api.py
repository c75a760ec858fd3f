"""DRF's defaults of this project: one error shape, a parser that no input breaks, pages by cursor."""

from __future__ import annotations

from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.response import Response

from tenants.errors import RETRY_AFTER, as_domain_error, error_body


class BoundedJSONParser(JSONParser):
    """JSON whose nesting or numbers are too much for Python is malformed, not a crash."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError(_("This JSON is nested too deeply.")) from error
        except (LookupError, ValueError) as error:  # an encoding that is none
            raise exceptions.ParseError(_("This is not JSON in UTF-8.")) from error


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as {"error": {"code", "message", "field", "details"}}; anything else is a bug and stays a 500."""
    if refusal := as_domain_error(error):
        headers = {"Retry-After": RETRY_AFTER} if refusal.status == 503 else {}
        return Response(refusal.body(), status=refusal.status, headers=headers)
    if not isinstance(error, exceptions.APIException):
        return None
    field, code, message = _first(error.get_codes(), error.detail)
    known = {"WWW-Authenticate": getattr(error, "auth_header", None), "Retry-After": getattr(error, "wait", None)}
    told = {name: str(value) for name, value in known.items() if value}
    return Response(error_body(code, message, field), status=error.status_code, headers=told)


def _first(codes: Any, detail: Any, field: str | None = None) -> tuple[str | None, str, str]:
    """The first fault in DRF's nested answer, with its path: (`customer.id`, `required`, 'This field …')."""
    if isinstance(detail, dict) and detail:
        name = next(iter(detail))
        path = field if name == "non_field_errors" else f"{field}.{name}" if field else str(name)
        return _first(codes[name], detail[name], path)
    if isinstance(detail, list) and detail:
        first = next((i for i, item in enumerate(detail) if item), 0)
        return _first(codes[first], detail[first], field)
    return field, str(codes), str(detail)
