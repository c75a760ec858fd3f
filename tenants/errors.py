"""The one error that a verb raises and every door prints in its own way."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

log = logging.getLogger(__name__)
RETRY_AFTER = "2"  # seconds, with every 503


def error_body(code: str, message: str, field: str | None, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """The one shape of a refusal. The message may quote what was sent, and what was sent may not be text."""
    message = message.encode("utf-8", "replace").decode()
    return {"error": {"code": code, "message": message, "field": field, "details": details or {}}}


class DomainError(Exception):
    """What was asked can't be done, said in the user's language.

    `code` is stable and for programs, `message` for people, `field` names the input at fault, `status` is the HTTP
    answer, `details` what a caller needs to mend it (JSON-able).
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    message: str | Promise = _("This can't be done.")

    def __init__(
        self, message: str | Promise | None = None, *, field: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        self.message = message or type(self).message
        self.field = field
        self.details = details or {}
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.message)

    def body(self) -> dict[str, Any]:
        """What every program gets: {"error": {"code", "message", "field", "details"}}."""
        return error_body(self.code, str(self), self.field, self.details)


def as_domain_error(error: Exception) -> DomainError | None:
    """What of the framework's own errors is a refusal and not a bug; None for everything else."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return TooMuch()
    if isinstance(error, OperationalError | InterfaceError):
        log.error("the database does not answer: %s", type(error.__cause__ or error).__name__)
        return Unavailable()
    return None


class NotFound(DomainError):
    """Missing and forbidden look the same from outside: what is not yours does not exist."""

    code = "not_found"
    status = 404
    message = _("There is nothing here, or it is not yours to see.")


class Forbidden(DomainError):
    """The caller may see this but not do that to it."""

    code = "forbidden"
    status = 403
    message = _("Your role does not allow this.")


class Invalid(DomainError):
    """An input is not what it should be; `field` names it."""

    code = "invalid"
    status = 400
    message = _("This value can't be used.")


class Unavailable(DomainError):
    """The database is away, full or busy. Nothing was written; the same again in a moment has one effect."""

    code = "unavailable"
    status = 503
    message = _("The desk is busy for a moment. Nothing was lost; try again.")


class TooMuch(DomainError):
    """More files, fields or bytes than a request may have."""

    code = "too_large"
    status = 413
    message = _("That is more than can be sent at once.")


class Conflict(DomainError):
    """The world moved on, or the same key came with something else."""

    code = "conflict"
    status = 409
    message = _("This has changed in the meantime.")
