"""Rows and querysets that know which store they came from, and refuse to be written or read in another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self, TypeVar, cast

from django.db import connection as default_connection
from django.db import models
from django.db.models import sql

from tenants.postgresql.base import PUBLIC, DatabaseWrapper

connection = cast(DatabaseWrapper, default_connection)
Row = TypeVar("Row", bound=models.Model)


class WrongStore(RuntimeError):
    """A programming error: a row or a queryset of one store was about to be used while another, or none, is entered."""


def check_here(what: object, own: str) -> None:
    """Raises WrongStore unless `own` is the schema that is entered, and a store's."""
    here = connection.scope.schema
    if here != own or here == PUBLIC:
        raise WrongStore(f"{what} of the schema {own} while {here} is entered")


class StoreQuery(sql.Query):
    """A query of the store in which it was begun. Compiled in another, or in none, it raises."""

    def __init__(self, model: type[models.Model] | None, alias_cols: bool = True) -> None:
        super().__init__(model, alias_cols)
        self.schema = connection.scope.schema

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        check_here(f"a query of {self.model.__name__ if self.model else 'rows'}", self.schema)
        return super().get_compiler(*args, **kwargs)

    def check_query_object_type(self, value: Any, *args: Any, **kwargs: Any) -> None:
        """A row that is searched by is a number in SQL, and every store has a row of that number."""
        _check_row(value)
        super().check_query_object_type(value, *args, **kwargs)


class StoreRawQuerySet(models.query.RawQuerySet):  # type: ignore[type-arg]  # no subscript at runtime
    """Like any other queryset of a store's rows: evaluated where it was begun."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.schema = connection.scope.schema

    def iterator(self) -> Iterator[Any]:
        check_here("a query of rows", self.schema)
        for row in super().iterator():
            check_here("a query of rows", self.schema)
            yield row


class StoreQuerySet(models.QuerySet[Row]):
    """Evaluated where it was begun. What writes passes by StoreQuery, and is checked here."""

    def __init__(self, model: Any = None, query: Any = None, using: Any = None, hints: Any = None) -> None:
        super().__init__(model, query or (StoreQuery(model) if model else None), using, hints)
        _check_row((hints or {}).get("instance"))

    def _add_hints(self, **hints: Any) -> None:
        """Where a relation begins: `ticket.messages` goes by the ticket's number, which is every store's."""
        _check_row(hints.get("instance"))
        super()._add_hints(**hints)  # type: ignore[misc]

    def iterator(self, chunk_size: int | None = None) -> Iterator[Row]:
        """A row that is fetched after the store was left belongs to where it came from, and isn't handed out."""
        for row in super().iterator(chunk_size):
            self._check()
            yield row

    def raw(self, raw_query: Any, params: Any = (), translations: Any = None, using: Any = None) -> Any:
        return StoreRawQuerySet(
            raw_query, model=self.model, params=params, translations=translations, using=using or self.db
        )

    def count(self) -> int:
        self._check()  # these two may answer from what was fetched before
        return super().count()

    def exists(self) -> bool:
        self._check()
        return super().exists()

    def _fetch_all(self) -> None:
        self._check()
        super()._fetch_all()

    def update(self, **kwargs: Any) -> int:
        self._check()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._check()
        return super().delete()

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        rows = list(objs)
        for row in rows:
            cast(StoreRow, row).check_store()
        return super().bulk_create(rows, *args, **kwargs)

    def bulk_update(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> int:
        rows = list(objs)
        for row in rows:
            cast(StoreRow, row).check_store()
        return super().bulk_update(rows, *args, **kwargs)

    def _update(self, values: Any) -> int:
        self._check()
        return super()._update(values)  # type: ignore[misc]

    def _raw_delete(self, using: Any) -> int:
        self._check()
        return super()._raw_delete(using)

    def _check(self) -> None:
        check_here(f"a query of {self.model.__name__}", cast(StoreQuery, self.query).schema)


class StoreRow(models.Model):
    """The base of every model of a store's schema. Its instances belong to the schema in which they were made."""

    objects = models.Manager.from_queryset(StoreQuerySet)()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # so that what foreign keys fetch is checked as well

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._state.schema = connection.scope.schema  # type: ignore[attr-defined]

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        self.check_store()
        super().save_base(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self.check_store()
        return super().delete(*args, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Also what fetches a deferred column."""
        self.check_store()
        super().refresh_from_db(*args, **kwargs)

    def prepare_database_save(self, field: Any) -> Any:
        """As a value of an UPDATE it is a number again."""
        self.check_store()
        return super().prepare_database_save(field)

    def check_store(self) -> Self:
        """Raises WrongStore unless this row, and every row that it was related to, is of the store that is entered."""
        for row in (self, *self._state.fields_cache.values()):
            if isinstance(row, StoreRow):
                check_here(f"a {type(row).__name__}", row._state.schema)  # type: ignore[attr-defined]
        return self


def _check_row(row: object) -> None:
    if isinstance(row, StoreRow):
        row.check_store()
