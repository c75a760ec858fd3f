"""Whose figures a reader may read, without fetching every store: the gate as a part of each statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import connection
from django.utils.translation import gettext as _

from reports.periods import today_of
from tenants.access import Action, Caller, gate_for, stores_for
from tenants.errors import Forbidden, Invalid
from tenants.hosts import Place
from tenants.models import Store
from tickets.rows import StoreRef

Row = TypeVar("Row")
Kind = tuple[str, str]  # marketplace and time zone


@dataclass(frozen=True)
class Reach:
    """The ids of the reader's stores by marketplace and time zone; and of those of them that are asked for, `ids`.

    Made by `reach_of` alone, once a request: every statement after it is told these ids.
    """

    place: Place
    kinds: Mapping[Kind, tuple[int, ...]]
    ids: tuple[int, ...]
    is_narrowed: bool = False

    @property
    def stores(self) -> int:
        """Of the reader, whatever is asked for."""
        return sum(map(len, self.kinds.values()))

    @property
    def marketplaces(self) -> set[str]:
        return {marketplace for marketplace, _zone in self.kinds}

    def today(self, now: datetime) -> date:
        return today_of(now, (zone for _marketplace, zone in self.kinds))

    def refs(self, order: str = "lower(s.name), s.id", joins: str = "", **values: Any) -> list[StoreRef]:
        """The stores in an order of SQL's; with `limit` and `offset` some of them. Joined may be what has `mine.id`."""
        cut = " LIMIT %(limit)s OFFSET %(offset)s" if "limit" in values else ""
        query = f"SELECT {_REF} FROM {_MINE} {joins} ORDER BY {order}{cut}"
        with connection.cursor() as cursor:
            cursor.execute(query, {"mine": list(self.ids), **values})
            return [StoreRef(*row) for row in cursor.fetchall()]

    def narrowed(self, *, store: str = "", marketplace: str = "", q: str = "") -> Reach:
        """Those of them that are asked for; empty words ask for all. Raises Invalid (`marketplace`)."""
        if marketplace and marketplace not in Store.Marketplace.values:
            raise Invalid(_("There is no such marketplace."), field="marketplace")
        if not (store or marketplace or q):
            return self
        ids = [pk for (of, _zone), pks in self.kinds.items() if marketplace in ("", of) for pk in pks]
        if store or q:
            with connection.cursor() as cursor:
                cursor.execute(_NAMED, {"mine": ids, "store": store, "q": q})
                ids = [pk for (pk,) in cursor.fetchall()]
        return Reach(self.place, self.kinds, tuple(ids), is_narrowed=True)


_REF = "s.id, s.slug, s.name, s.band, s.time_zone, s.marketplace"
_MINE = "unnest(%(mine)s::bigint[]) mine (id) JOIN tenants_store s ON s.id = mine.id"
_NAMED = f"""
SELECT s.id FROM {_MINE}
WHERE (%(store)s = '' OR s.slug = %(store)s) AND position(lower(%(q)s) IN lower(s.name || ' ' || s.slug)) > 0
"""


def reach_of(caller: Caller) -> Reach:
    """What the caller may read of. Forbidden for who may read of none but has stores. One query."""
    gate, values = gate_for(caller, Action.VIEW_REPORTS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT marketplace, time_zone, array_agg(id) FROM ({gate}) mine GROUP BY 1, 2", values)
        kinds = {(marketplace, zone): tuple(ids) for marketplace, zone, ids in cursor.fetchall()}
    if not kinds and stores_for(caller):
        raise Forbidden
    return Reach(caller.place, kinds, tuple(pk for ids in kinds.values() for pk in ids))


def chosen(rows: Sequence[Row], page: int, size: int) -> list[Row]:
    return list(rows[(page - 1) * size : page * size])
