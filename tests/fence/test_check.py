"""The fence as the catalogue has it: nothing is open, and the check finds what somebody opened by hand."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection, connections

from tenants.fleet.check import holes
from tenants.fleet.fence import login
from tenants.fleet.owner import owner_connection
from tenants.postgresql.roles import OWNER
from tests.fence.tally import Tally
from tests.servers import DATABASE_URL

Owner = psycopg.Connection[Any]


@pytest.fixture
def names(django_db_setup: None) -> dict[str, str]:
    """Of roles and schemas. Read on a connection of its own: the test must hold no lock."""
    with owner_connection() as made:
        rows = made.execute("SELECT slug, schema_name FROM tenants_store").fetchall()
        stores = {slug[-1]: schema for slug, schema in rows}
        (reader, database), *_ = made.execute(
            "SELECT database_role, current_database() FROM tenants_agency WHERE slug = 'north'"
        ).fetchall()
    parts = {"login": login(), "desk": f"{login()}_desk", "store": f"{login()}_store"}
    return {**parts, **stores, "reader": reader, "database": database}


@pytest.fixture
def owner(django_db_setup: None) -> Iterator[Owner]:
    """The owner's own connection, in a transaction that is undone."""
    with owner_connection() as made, made.transaction(force_rollback=True):
        made.execute("SET LOCAL lock_timeout = '5s'")
        yield made


def found(by: Any) -> list[str]:
    with by.cursor() as cursor:
        return holes(cursor)


def test_fence_has_no_hole(cast: Any, owner: Owner) -> None:
    with Tally("T11 holes in the fence, as the login and as the owner") as tally:
        for by in (connection, owner):
            lines = found(by)
            tally.that(not lines, "; ".join(lines))


SIGHT = "CREATE TABLE public.sight (id int, store_id bigint NOT NULL REFERENCES public.tenants_store)"
DOORS = {
    "a table that nobody thought of": (SIGHT, "row security is off on sight"),
    "a table with a grant and no policy": (
        f"{SIGHT}; ALTER TABLE public.sight ENABLE ROW LEVEL SECURITY; GRANT SELECT ON public.sight TO {{desk}}",
        "no policy narrows sight for {desk}",
    ),
    "a grant on one column": (
        f"{SIGHT}; ALTER TABLE public.sight ENABLE ROW LEVEL SECURITY; GRANT SELECT (id) ON public.sight TO {{store}}",
        "no policy narrows sight for {store}",
    ),
    "a grant to everybody": ("GRANT SELECT ON public.tenants_user TO PUBLIC", "everybody may do something with"),
    "a column for everybody": ("GRANT SELECT (password) ON public.tenants_user TO PUBLIC", "public.tenants_user"),
    "a policy dropped": ("DROP POLICY desk ON public.desk_outbox", "no policy narrows desk_outbox for {desk}"),
    "row security off": ("ALTER TABLE public.desk_outbox DISABLE ROW LEVEL SECURITY", "is off on desk_outbox"),
    "a policy of every row": ("ALTER POLICY store ON public.desk_outbox USING (true)", "desk_outbox to {store}"),
    "a policy more": ("CREATE POLICY x ON public.desk_outbox USING (true)", "every row of desk_outbox to everybody"),
    "a view": (
        "CREATE VIEW public.sight AS SELECT * FROM public.desk_outbox; GRANT SELECT ON public.sight TO {desk}",
        "sight goes by the owner's rights",
    ),
    "a function": (
        "CREATE FUNCTION public.sight() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'",
        "sight goes by the owner's rights",
    ),
    "public for everybody": ("GRANT USAGE ON SCHEMA public TO PUBLIC", "the schema public"),
    "tables in public": ("GRANT CREATE ON SCHEMA public TO {desk}", "{desk} may make things in the schema public"),
    "the database for everybody": ("GRANT TEMPORARY ON DATABASE {database} TO PUBLIC", "everybody may TEMPORARY"),
    "a way into a neighbour": ("GRANT SELECT ON {b}.tickets_ticket TO {a}", "{a} may SELECT in {b}"),
    "a reader of two agencies": ("GRANT SELECT ON {c}.tickets_ticket TO {reader}", "several agencies read in {c}"),
    "a store that is another too": ("GRANT {b} TO {a}", "{a} is also {b}"),
    "a store that owns": ("superuser: ALTER TABLE public.cache OWNER TO {a}", "{a} owns cache"),
    "a role more": ("CREATE ROLE {login}_x; GRANT {login}_x TO {login}", "may become {login}_x"),
    "rights without a word": ("GRANT {a} TO {login} WITH INHERIT TRUE", "the rights of {a} without becoming it"),
    "roles to be made": ("ALTER ROLE {login} CREATEROLE", "{login} has powers over the whole server"),
    "a superuser": ("superuser: ALTER ROLE {login} SUPERUSER", "{login} has powers over the whole server"),
    "past every policy": ("superuser: ALTER ROLE {store} BYPASSRLS", "{store} has powers over the whole server"),
    "files of the server": ("superuser: GRANT pg_read_server_files TO {store}", "may become pg_read_server_files"),
}


@pytest.mark.parametrize("name", DOORS)
def test_check_finds_what_somebody_opened(owner: Owner, names: dict[str, str], name: str) -> None:
    statement, told = DOORS[name]
    _before, is_super, only = statement.rpartition("superuser: ")
    if "INHERIT" in only and owner.info.server_version < 160000:
        only = "ALTER ROLE {login} INHERIT"  # there it is the member's own, of all its roles
    if not is_super:
        owner.execute(only.format(**names))
        assert [line for line in found(owner) if told.format(**names) in line], found(owner)
        return
    address = urlsplit(DATABASE_URL)
    address = address._replace(netloc=f"postgres@{address.netloc.rpartition('@')[2]}", path=f"/{owner.info.dbname}")
    try:
        superuser = psycopg.connect(address.geturl(), autocommit=True)
    except psycopg.OperationalError:
        pytest.skip("these tests were given a server, and no superuser of it")
    with superuser, superuser.transaction(force_rollback=True):
        superuser.execute(only.format(**names))
        assert [line for line in found(superuser) if told.format(**names) in line], found(superuser)


def test_without_tables_it_is_silent_and_without_a_fence_it_says_so(owner: Owner) -> None:
    owner.execute("ALTER FUNCTION public.fence_agency() RENAME TO was_fence_agency")
    assert found(owner) == ["there is no fence: `manage.py migrate` writes it"]
    owner.execute("ALTER TABLE public.tenants_store RENAME TO was_tenants_store")
    assert found(owner) == []


def test_djangos_check_asks_when_a_database_is_named(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.checks.holes_by", lambda _alias: ["row security is off on sight"])
    assert "deskfleet.E007" not in {message.id for message in run_checks()}
    (message,) = (m for m in run_checks(databases=["default"]) if m.id == "deskfleet.E007")
    assert "row security is off on sight" in message.msg


def test_migrate_mends_what_it_finds(django_db_setup: None, django_db_blocker: Any) -> None:
    """With real commits, as the command itself works."""
    with django_db_blocker.unblock(), owner_connection() as made:
        made.execute("SET lock_timeout = '5s'; DROP POLICY door ON public.tenants_domain")
        try:
            assert found(made) == [f"no policy narrows tenants_domain for {login()}"]
        finally:
            call_command("migrate", public_only=True, verbosity=0, stdout=StringIO())
            connections[OWNER].close()
        assert found(made) == []
