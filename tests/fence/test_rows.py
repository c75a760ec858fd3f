"""A row, and a queryset, of one store is of no use in another or in none: each way to use it raises WrongStore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, prefetch_related_objects

from tenants.context import in_store
from tenants.models.scoped import WrongStore
from tests.cast import Cast, canary
from tests.fence.tally import Tally
from tests.scenes import snapshot
from tickets.models import Message, Ticket


def insert_copy(ticket: Ticket) -> None:
    ticket.pk = None
    ticket.save(force_insert=True)


# `t` is ticket 1 of A, `m` its first message; both names exist in every store.
ROWS: dict[str, Callable[[Ticket, Message], Any]] = {
    "save": lambda t, m: t.save(),
    "save a column": lambda t, m: t.save(update_fields=["subject"]),
    "insert a copy": lambda t, m: insert_copy(t),
    "delete": lambda t, m: m.delete(),
    "refresh": lambda t, m: t.refresh_from_db(),
    "deferred column": lambda t, m: m.body,
    "bulk_create": lambda t, m: Message.objects.bulk_create([m]),
    "bulk_update": lambda t, m: Message.objects.bulk_update([m], ["external_id"]),
    "foreign key, read": lambda t, m: m.ticket,
    "foreign key, assigned": lambda t, m: Message(ticket=t, seq=99, kind="note", body="x").save(),
    "foreign key, in a bulk_create": lambda t, m: Message.objects.bulk_create([Message(ticket=t, seq=99)]),
    "foreign key, in an update": lambda t, m: Message.objects.update(ticket=t),
    "foreign key, searched by": lambda t, m: list(Message.objects.filter(ticket=t)),
    "foreign key, searched by many": lambda t, m: list(Message.objects.filter(ticket__in=[t])),
    "foreign key, excluded by": lambda t, m: Message.objects.exclude(ticket=t).count(),
    "get_or_create": lambda t, m: Message.objects.get_or_create(ticket=t, seq=1),
    "related, all": lambda t, m: list(t.messages.all()),
    "related, count": lambda t, m: t.messages.count(),
    "related, filter": lambda t, m: t.messages.filter(seq=1).exists(),
    "related, create": lambda t, m: t.messages.create(seq=99, kind="note", body="x"),
    "related, add": lambda t, m: t.messages.add(Message.objects.get(pk=1)),
    "related, update": lambda t, m: t.messages.update(external_id="x"),
    "related, delete": lambda t, m: t.messages.all().delete(),
    "related, raw delete": lambda t, m: t.messages.all()._raw_delete("default"),
    "prefetch": lambda t, m: prefetch_related_objects([t], "messages"),
    "prefetch of two": lambda t, m: prefetch_related_objects([Ticket.objects.get(pk=1), t], "messages"),
}

QUERIES: dict[str, Callable[[Any], Any]] = {
    "list": list,
    "len": len,
    "bool": bool,
    "get": lambda q: q.get(),
    "first": lambda q: q.first(),
    "count": lambda q: q.count(),
    "exists": lambda q: q.exists(),
    "aggregate": lambda q: q.aggregate(n=Count("pk")),
    "aggregate of a slice": lambda q: q.order_by("pk")[:1].aggregate(n=Count("pk")),
    "values_list": lambda q: list(q.values_list("subject", flat=True)),
    "iterator": lambda q: list(q.iterator()),
    "in_bulk": lambda q: q.in_bulk([1]),
    "update": lambda q: q.update(subject="x"),
    "raw update": lambda q: q._update([]),
    "delete": lambda q: q.delete(),
    "prefetch_related": lambda q: list(q.prefetch_related("messages")),
    "select_for_update": lambda q: list(q.select_for_update()),
    "subquery": lambda q: list(Message.objects.filter(ticket__in=q)),
    "exists, outer": lambda q: list(Message.objects.filter(Exists(q.filter(pk=OuterRef("ticket"))))),
    "union": lambda q: list(Ticket.objects.order_by().union(q.order_by())),
    "union, begun there": lambda q: list(q.order_by().union(Ticket.objects.order_by())),
    "or": lambda q: list(q | Ticket.objects.filter(pk=2)),
    "explain": lambda q: q.explain(),
}


def refuses(use: Callable[[], Any]) -> bool:
    """Whether it raised WrongStore. A database that refuses it is no excuse: it was asked."""
    try:
        with transaction.atomic():
            use()
    except WrongStore:
        return True
    except Exception as error:
        print(f"let through, then {error!r}")  # noqa: T201
    return False


def test_row_of_one_store_is_of_no_use_in_another(cast: Cast) -> None:
    before = snapshot(cast.a, cast.b)
    with Tally("T05 rows of A used in B and in none") as tally:
        for name, use in ROWS.items():
            for where in ("b", "none"):
                with in_store(cast.a):
                    ticket, message = Ticket.objects.get(pk=1), Message.objects.defer("body").get(pk=1)
                if where == "none":
                    tally.that(refuses(lambda: use(ticket, message)), f"{name} outside")  # noqa: B023
                    continue
                with in_store(cast.b):
                    tally.that(refuses(lambda: use(ticket, message)), f"{name} in B")  # noqa: B023
    assert snapshot(cast.a, cast.b) == before


def test_queryset_of_one_store_is_of_no_use_in_another(cast: Cast) -> None:
    before = snapshot(cast.a, cast.b)
    with Tally("T05 querysets of A used in B and in none") as tally:
        for name, use in QUERIES.items():
            for is_evaluated in (False, True):
                with in_store(cast.a):
                    query = Ticket.objects.filter(pk=1)
                    assert not is_evaluated or len(query) == 1
                tally.that(refuses(lambda: use(query)), f"{name} outside")  # noqa: B023
                with in_store(cast.b):
                    tally.that(refuses(lambda: use(query)), f"{name} in B")  # noqa: B023
    assert snapshot(cast.a, cast.b) == before


def test_raw_query_is_of_no_use_in_another(cast: Cast) -> None:
    with in_store(cast.a):
        raw = Ticket.objects.raw("SELECT * FROM tickets_ticket")
    assert refuses(lambda: list(raw))
    with in_store(cast.b):
        assert refuses(lambda: list(raw))


@pytest.mark.parametrize("raw", [False, True])
def test_iterator_that_was_begun_in_one_store_goes_on_in_no_other(cast: Cast, raw: bool) -> None:
    """Its rows were fetched in A; made in B, they would pass for B's."""
    with in_store(cast.a):
        rows = Message.objects.raw("SELECT * FROM tickets_message") if raw else Message.objects.all()
        begun = rows.iterator() if raw else rows.iterator(chunk_size=1)
        assert canary(cast.a) in next(begun).body
    with in_store(cast.b):
        assert refuses(lambda: next(begun))


@pytest.mark.parametrize("made", ["in B", "outside"])
def test_assigning_a_row_of_another_store_is_refused_when_it_is_saved(cast: Cast, made: str) -> None:
    if made == "in B":
        with in_store(cast.b):
            foreign = Ticket.objects.get(pk=1)
    else:
        foreign = Ticket(pk=1)
    with in_store(cast.a):
        message = Message.objects.get(pk=1)
        message.ticket = foreign
        assert refuses(message.save)
        assert refuses(lambda: message.save(update_fields=["body"]))


def test_what_foreign_keys_fetch_is_checked_as_well() -> None:
    for model in (Ticket, Message):
        assert type(model._base_manager.all()).__name__ == "StoreQuerySet"
