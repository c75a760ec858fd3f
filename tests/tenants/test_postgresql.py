"""The backend fails closed: a switch that can't be made ends the connection, and nothing outlives a checkout."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from tenants.context import in_store
from tenants.postgresql.base import ENTER_STORE, Unreachable
from tenants.postgresql.planned import PlannedCursor
from tests.cast import Cast
from tests.scenes import in_a_thread
from tickets.models import Message

WHERE = "SELECT current_setting('search_path'), pg_backend_pid()"


def where() -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(WHERE)
        path, pid = cursor.fetchone()
        return str(path).replace('"', ""), int(pid)


def test_failed_switch_closes_the_connection_instead_of_going_on(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def scene() -> None:
        with in_store(cast.a):
            assert where()[0].startswith(f"{cast.a.schema_name},")
            _path, pid = where()
        execute = PlannedCursor.execute

        def cancelled(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
            if query == ENTER_STORE and params["schema"] == cast.b.schema_name:
                raise psycopg.errors.QueryCanceled("canceling statement due to statement timeout")
            return execute(self, query, params, **more)

        with monkeypatch.context() as patched:
            patched.setattr(PlannedCursor, "execute", cancelled)
            with pytest.raises(Exception, match="canceling statement"), in_store(cast.b):
                pytest.fail(f"went on and read {Message.objects.count()} rows of another store")
        assert connection.connection is None or connection.connection.closed
        connection.close_if_unusable_or_obsolete()
        connection.close()
        path, other = where()
        assert path == "public"
        assert other != pid

    in_a_thread(scene)


def test_missing_schema_closes_the_connection(db: None) -> None:
    def scene() -> None:
        connection.set_schema("s_ghost00")
        with pytest.raises(Unreachable), connection.cursor():
            pass
        assert connection.connection is None or connection.connection.closed

    in_a_thread(scene)


def test_switch_is_made_once_per_entry_and_not_per_query(cast: Cast, django_assert_num_queries: Any) -> None:
    with in_store(cast.a), django_assert_num_queries(3):
        for _ in range(3):
            Message.objects.count()


def test_rollback_takes_the_switch_back_and_it_is_made_again(cast: Cast) -> None:
    def scene() -> None:
        with in_store(cast.a):
            for _ in range(2):
                with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
                    Message.objects.count()
                    1 / 0  # noqa: B018
                assert where()[0].startswith(f"{cast.a.schema_name},")
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
            assert where()[0] == "public"
            1 / 0  # noqa: B018
        assert where()[0] == "public"

    in_a_thread(scene)


def test_savepoint_rollback_takes_the_switch_back_and_it_is_made_again(cast: Cast) -> None:
    before = transaction.savepoint()
    with in_store(cast.a):
        Message.objects.count()
        transaction.savepoint_rollback(before)
        assert where()[0].startswith(f"{cast.a.schema_name},")
        assert Message.objects.exists()
    assert where()[0] == "public"


def test_nothing_survives_a_checkout_from_the_pool(cast: Cast) -> None:
    """The same server session is handed on while it still stands in a store: the next one must not read there."""

    def scene() -> None:
        with in_store(cast.a):
            Message.objects.count()
            _path, pid = where()
            connection.close()  # a broken request: back to the pool from inside a store
        assert connection.scope.schema == "public"
        seen = set()
        for _ in range(20):
            path, now = where()
            assert path == "public"
            seen.add(now)
            with pytest.raises(Exception, match="does not exist"), connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM tickets_message")
            connection.close()
        assert pid in seen, "the session in question was never handed out again"

    in_a_thread(scene)


def test_temporary_settings_do_not_survive_a_checkout(cast: Cast) -> None:
    """SECURITY V6b: whatever a request sets on its session is the next tenant's otherwise."""

    def set_it() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.tenant', 'a', false)")
        return where()[1]

    def read_it() -> tuple[int, str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), coalesce(current_setting('app.tenant', true), '')")
            pid, value = cursor.fetchone()
            return int(pid), str(value)

    pid = in_a_thread(set_it)
    found = dict(in_a_thread(read_it) for _ in range(20))
    assert found.get(pid, "") == ""


def test_session_has_its_limits(db: None) -> None:
    def limits() -> dict[str, str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name LIKE '%%timeout'")
            return dict(cursor.fetchall())

    found = in_a_thread(limits)
    assert (found["statement_timeout"], found["lock_timeout"]) == ("15000", "5000")
    assert found["idle_in_transaction_session_timeout"] == "60000"
