"""What is kept outside of a schema bears the mark of where it was made: cache keys, signed links, lines of the log."""

from __future__ import annotations

import logging
from typing import Any

from django.apps import apps
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import connection


class Unmarked(RuntimeError):
    """A programming error: something was about to be cached or signed at no place at all."""


def agency_mark() -> str:
    """`store.12` inside an entered store, else `agency.3`, else `operator`."""
    scope = connection.scope  # type: ignore[attr-defined]
    if scope.within is not None:
        return f"store.{scope.store}"
    if scope.agency is not None:
        return f"agency.{scope.agency}"
    if scope.role == "none":
        raise Unmarked("no place is entered")
    return "operator"


def place_mark() -> str:
    """The same, and `store.12` at that store's host as well."""
    store = connection.scope.store  # type: ignore[attr-defined]
    return agency_mark() if store is None else f"store.{store}"


def cache_key(key: str, prefix: str, version: int) -> str:
    """CACHES' KEY_FUNCTION. Attempts to sign in are counted by agency, so that many hosts give no more tries."""
    return f"{agency_mark()}:{prefix}:{version}:{key}"


class PlaceTokens(PasswordResetTokenGenerator):
    """A link that resets a password is good at the host that it was asked for on, and nowhere else."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{place_mark()}"


class PlaceFilter(logging.Filter):
    """Puts `place` on every record: `store.12`, `agency.3`, `operator`, or `-` where none is entered."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            record.place = place_mark() if apps.models_ready else "-"
        except Unmarked:
            record.place = "-"
        return True
