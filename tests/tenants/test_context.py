"""in_store: the single place that switches schemas."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from tenants.access import stores_for
from tenants.context import StoreContextError, as_operator, at, current_store, in_store, read_across
from tenants.models import Store
from tenants.models.scoped import WrongStore
from tenants.postgresql.base import Unreachable
from tests.cast import Cast, canary
from tests.scenes import in_a_thread
from tickets.models import Message, Ticket


def schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def first_body() -> str:
    return Message.objects.get(ticket=1, seq=1).body


def test_inside_is_the_store_and_outside_is_public(cast: Cast) -> None:
    with in_store(cast.a) as entered:
        assert (entered, current_store(), schema()) == (cast.a, cast.a, cast.a.schema_name)
        assert canary(cast.a) in first_body()
    assert (connection.scope.schema, schema()) == ("public", "public")


def test_outside_a_store_its_tables_do_not_exist(cast: Cast) -> None:
    with pytest.raises(StoreContextError):
        current_store()
    with pytest.raises(WrongStore, match="public"):
        Ticket.objects.count()
    with pytest.raises(ProgrammingError, match="does not exist"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tickets_ticket")


def test_nesting_is_refused(cast: Cast) -> None:
    with in_store(cast.a):
        with pytest.raises(StoreContextError), in_store(cast.b):
            pass
        with pytest.raises(StoreContextError), in_store(cast.a):
            pass
        assert current_store() == cast.a
        assert canary(cast.a) in first_body()


def test_transaction_around_it_is_refused(cast: Cast) -> None:
    with transaction.atomic(), pytest.raises(StoreContextError), in_store(cast.a):
        pass
    assert connection.scope.schema == "public"


def test_transaction_inside_it_may_roll_back_without_losing_the_store(cast: Cast) -> None:
    with in_store(cast.a):
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
            Ticket.objects.update(subject="gone")
            1 / 0  # noqa: B018
        assert schema() == cast.a.schema_name
        assert Ticket.objects.get(pk=1).subject == f"Parcel {canary(cast.a)}"


def test_broken_transaction_does_not_lose_the_store(cast: Cast) -> None:
    with in_store(cast.a):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")
        assert schema() == cast.a.schema_name


def test_store_that_was_closed_meanwhile_is_not_entered_again(cast: Cast) -> None:
    """Twice in a row on one connection, with nothing between: each entry asks."""
    store = cast.a

    def scene() -> None:
        with in_store(store):
            assert Ticket.objects.exists()
        in_a_thread(lambda: Store.objects.filter(pk=store.pk).update(state=Store.State.SUSPENDED))
        with pytest.raises(Unreachable), in_store(store):
            pytest.fail("went in")

    try:
        in_a_thread(scene)
    finally:
        in_a_thread(lambda: Store.objects.filter(pk=store.pk).update(state=Store.State.OPEN))


def test_after_an_exception_it_is_public_again(cast: Cast) -> None:
    with pytest.raises(ZeroDivisionError), in_store(cast.a):
        1 / 0  # noqa: B018
    assert (connection.scope.schema, schema()) == ("public", "public")
    with pytest.raises(StoreContextError):
        current_store()


def test_rollback_right_after_leaving_does_not_lead_back_in(cast: Cast) -> None:
    """The way back to public may happen inside a transaction that is then undone, and the switch with it."""
    with in_store(cast.a):
        pass
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
        assert schema() == "public"
        1 / 0  # noqa: B018
    assert schema() == "public"


def test_missing_schema_raises_and_nothing_goes_to_public(cast: Cast) -> None:
    ghost = Store(pk=cast.a.pk, agency=cast.north, slug="ghost", name="Ghost", schema_name="s_ghost00")

    def enter() -> int:
        before = _public_rows()
        with pytest.raises(Unreachable), in_store(ghost):
            Store.objects.filter(pk=cast.a.pk).update(name="written by a ghost")
        assert connection.scope.schema == "public"
        connection.close()
        assert _public_rows() == before
        return before

    assert in_a_thread(enter) == in_a_thread(_public_rows)


def _public_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_store WHERE name NOT LIKE '%ghost%'")
        return int(cursor.fetchone()[0])


def test_threads_have_stores_of_their_own(cast: Cast) -> None:
    stores = [cast.a, cast.b, cast.c]
    together = Barrier(3)

    def read(store: Store) -> list[str]:
        bodies = []
        try:
            together.wait()
            with as_operator():
                for _ in range(40):
                    with in_store(store):
                        bodies.append(first_body())
        finally:
            connection.close()
        return bodies

    with ThreadPoolExecutor(3) as pool:
        for store, bodies in zip(stores, pool.map(read, stores), strict=True):
            assert len(bodies) == 40
            assert all(canary(store) in body for body in bodies)
    assert connection.scope.schema == "public"


def test_row_of_one_store_is_not_saved_in_another(cast: Cast) -> None:
    """DESIGN, the fence: store models remember the schema they were loaded in and refuse to be saved in another."""
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=1)
    ticket.subject = "from A"
    with pytest.raises(Exception, match=r"(?i)schema|store"), in_store(cast.b):
        ticket.save()
    with in_store(cast.b):
        assert Ticket.objects.get(pk=1).subject == f"Parcel {canary(cast.b)}"


# ---------------------------------------------------------------- reading across

LINES = "SELECT {store}, body FROM {schema}.tickets_message WHERE seq = %s"


def test_one_statement_reads_several_stores(cast: Cast, django_assert_num_queries: Any) -> None:
    caller = cast.caller(cast.ann)
    with at(caller.place):
        stores = stores_for(caller)
        with django_assert_num_queries(2):  # one of them makes the switch
            rows = read_across(stores, LINES, [1])
    assert {store for store, _ in rows} == {cast.a.pk, cast.b.pk}
    for store in (cast.a, cast.b):
        assert all(canary(store) in body for pk, body in rows if pk == store.pk)


def test_no_store_is_no_row(cast: Cast) -> None:
    assert read_across([], LINES, [1]) == []


def test_reading_across_starts_from_public(cast: Cast) -> None:
    with in_store(cast.a), pytest.raises(StoreContextError):
        read_across([cast.b], LINES, [1])


def test_values_are_values(cast: Cast) -> None:
    query = "SELECT {store}, body FROM {schema}.tickets_message WHERE body = %s"
    assert read_across([cast.a], query, ["' OR true --"]) == []
