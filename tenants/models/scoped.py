"""Rows that know which store they came from, and refuse to be written into another."""

from __future__ import annotations

from typing import Any

from django.db import connection, models


class WrongStore(RuntimeError):
    """A programming error: a row of one store was about to be written while another, or none, is entered."""


class StoreRow(models.Model):
    """The base of every model of a store's schema. Its instances belong to the schema in which they were made."""

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._state.schema = connection.schema_name  # type: ignore[attr-defined]

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        self._check_store()
        super().save_base(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._check_store()
        return super().delete(*args, **kwargs)

    def _check_store(self) -> None:
        here, own = connection.schema_name, self._state.schema  # type: ignore[attr-defined]
        if here != own or here == "public":
            raise WrongStore(f"a {type(self).__name__} of the store {own} while {here} is entered")
