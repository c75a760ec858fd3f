"""Who may find what, as a condition on `entry` inside the search's statement: the library's gates, and no others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BigIntegerField, Func, Q, QuerySet

from knowledge.models import Audience, Kind, Publication
from knowledge.queries.gate import items_for
from knowledge.queries.held import own_items_for, publications_for
from tenants.access import Caller
from tenants.models import Store


@dataclass(frozen=True)
class Sql:
    """A piece of SQL, with what its %s stand for."""

    text: str
    params: tuple[Any, ...] = field(default=())


class _OfEntry(Func):
    """A column of the entry that is looked at, outside of the query that asks for it."""

    output_field = BigIntegerField()

    def __init__(self, column: str, **extra: Any) -> None:
        super().__init__(template=f"entry.{column}", **extra)


_THIS_VERSION = Q(latest=_OfEntry("version_id"))


def in_library(caller: Caller, narrow: Q) -> Sql:
    """At the agency's host: the latest version of what `items_for` allows, or the draft of what has none."""
    items = items_for(caller).filter(narrow, pk=_OfEntry("item_id"), archived_at__isnull=True)
    current = _exists(items.filter(_THIS_VERSION | Q(latest__isnull=True)))  # which has an entry of its draft alone
    return Sql(f"entry.store_id IS NULL AND {current.text}", current.params)


def in_store(caller: Caller, store: Store, narrow: Q, narrow_published: Q) -> Sql:
    """What `held_in` allows there: the version that the store runs, or its override; and one's own."""
    run = _run(publications_for(caller, store).filter(narrow_published))
    own = _exists(own_items_for(caller, store).filter(narrow, _THIS_VERSION, pk=_OfEntry("item_id")))
    return Sql(f"({run.text} OR entry.store_id IS NULL AND {own.text})", run.params + own.params)


def in_help(store: Store) -> Sql:
    """For everybody: the public articles that the store runs."""
    return _run(Publication.objects.filter(store=store, item__kind=Kind.ARTICLE, item__audience=Audience.PUBLIC))


def _run(publications: QuerySet[Publication]) -> Sql:
    of_item = publications.filter(item=_OfEntry("item_id"))
    version = _exists(of_item.filter(override__isnull=True, version=_OfEntry("version_id")))
    own = _exists(of_item.filter(override__isnull=False, store=_OfEntry("store_id")))
    return Sql(
        f"(entry.store_id IS NULL AND {version.text} OR entry.store_id IS NOT NULL AND {own.text})",
        version.params + own.params,
    )


def _exists(rows: QuerySet[Any]) -> Sql:
    try:
        query, params = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return Sql("false")
    # OFFSET 0: looked up for each entry. What PostgreSQL would rather do is to read all items of the agency first.
    return Sql(f"EXISTS ({query} OFFSET 0)", tuple(params))
