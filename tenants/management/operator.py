"""Commands that somebody with a shell on the server runs: they act for the operator."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tenants.context import as_operator


class OperatorCommand(BaseCommand):
    """A command that sees every agency's public rows and may enter every open store."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with as_operator():
            return super().execute(*args, **options)
