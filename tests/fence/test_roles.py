"""What each role of the database is refused by PostgreSQL itself, whatever the product's code would ask (T11, V28)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection

from tenants.context import StoreContextError, at, in_store, read_across
from tenants.hosts import Kind, Place, place_of
from tenants.models import Store
from tenants.postgresql.base import DOOR, ENTER_STORE, Scope, Unreachable
from tests.cast import NORTH_HOST, SOUTH_HOST, Cast
from tests.fence.tally import Tally
from tests.scenes import in_a_thread

# Statement → what each role may: rows ("0" none, "1" some), or "-" for an error. `a`, `b`, `c` are schemas,
# `mine` a store of North that is entered or could be, `theirs` South's.
#                                                               door desk operator store reader
READS: dict[str, str] = {
    "SELECT count(*) FROM {a}.tickets_ticket": "- - - 1 1",
    "SELECT count(*) FROM {b}.tickets_message": "- - - - 1",
    "SELECT count(*) FROM {c}.tickets_ticket": "- - - - -",
    "SELECT count(*) FROM {c}.django_migrations": "- - - - -",
    "SELECT count(*) FROM template.tickets_ticket": "- - - - -",
    "SELECT count(password) FROM public.tenants_user": "- 1 1 - -",
    "SELECT count(*) FROM public.tenants_user WHERE is_superuser": "- 1 1 - -",
    "SELECT count(email) FROM public.tenants_user": "- 1 1 1 -",
    "SELECT count(*) FROM public.django_session": "- 0 0 - -",
    "SELECT count(*) FROM public.tenants_apitoken": "- 0 0 - -",
    "SELECT count(*) FROM public.cache": "- 0 0 - -",
    "SELECT count(*) FROM public.account_emailaddress": "- 0 0 - -",
    "SELECT count(*) FROM public.auth_permission": "- - 0 - -",
    "SELECT count(slug) FROM public.tenants_store": "- 1 1 1 -",
    "SELECT count(id) FROM public.tenants_store WHERE id = {theirs}": "1 0 1 0 0",
    "SELECT count(id) FROM public.tenants_agency WHERE id = {south}": "1 0 1 0 -",
    "SELECT count(domain) FROM public.tenants_domain WHERE tenant_id = {theirs}": "1 0 1 0 -",
    "SELECT count(*) FROM public.tenants_membership WHERE agency_id = {south}": "- 0 1 0 -",
    "SELECT count(*) FROM public.tenants_assignment WHERE store_id = {mine}": "- 1 1 1 -",
    "SELECT count(*) FROM public.desk_queueentry WHERE store_id = {theirs}": "- 0 1 0 0",
    "SELECT count(*) FROM public.desk_queueentry WHERE store_id = {mine}": "- 1 1 1 1",
    "SELECT count(*) FROM public.desk_delivery WHERE store_id = {theirs}": "- - 1 0 -",
    "SELECT count(*) FROM public.desk_outbox WHERE store_id = {theirs}": "- 0 1 0 -",
    "SELECT count(*) FROM pg_authid": "- - - - -",
    "SELECT pg_read_file('/etc/passwd')": "- - - - -",
    "SELECT lo_import('/etc/passwd')": "- - - - -",
}
EVERYBODY = "- - - - -"
WRITES: dict[str, str] = {
    # rows ("1" some were written) or an error; "0": allowed, and it met no row
    "INSERT INTO {b}.tickets_customer SELECT * FROM {b}.tickets_customer": EVERYBODY,
    "UPDATE {b}.tickets_ticket SET subject = 'x'": EVERYBODY,
    "DELETE FROM {c}.tickets_message": EVERYBODY,
    "UPDATE {a}.tickets_ticket SET subject = 'x'": "- - - 1 -",
    "UPDATE public.desk_queueentry SET priority = 1 WHERE store_id = {theirs}": "- - 1 0 -",
    "UPDATE public.desk_queueentry SET store_id = {theirs} WHERE store_id = {mine}": "- - 1 - -",
    "UPDATE public.desk_queueentry SET store_id = {other} WHERE store_id = {mine}": "- - 1 - -",
    "DELETE FROM public.desk_queueentry WHERE store_id <> {mine}": "- - 1 0 -",
    "INSERT INTO public.desk_delivery (store_id, channel, external_id, received_at) VALUES ({theirs},'web','x',now())":
        "- - 1 - -",
    "INSERT INTO public.desk_delivery (store_id, channel, external_id, received_at) VALUES ({other},'web','x',now())":
        "- - 1 - -",
    "INSERT INTO public.desk_delivery (store_id, channel, external_id, received_at) VALUES ({mine},'web','x',now())":
        "- - 1 1 -",
    "UPDATE public.tenants_store SET state = 'open'": "- - 1 - -",
    "UPDATE public.tenants_store SET agency_id = {south}": "- - 1 - -",
    "INSERT INTO public.tenants_membership (role, user_id, agency_id) SELECT 'owner', 1, {south}":
        "- - 1 - -",
    "UPDATE public.tenants_user SET is_superuser = true": "- - 1 - -",
    "UPDATE public.tenants_apitoken SET digest = 'x'": "- - 0 - -",
    "DELETE FROM public.tenants_domain": "- - 1 - -",
    "CREATE TABLE public.x (id int)": EVERYBODY,
    "CREATE TABLE {a}.x (id int)": EVERYBODY,
    "CREATE TEMPORARY TABLE x (id int)": EVERYBODY,
    "CREATE SCHEMA x": EVERYBODY,
    "CREATE FUNCTION public.x() RETURNS int LANGUAGE sql AS 'SELECT 1'": EVERYBODY,
    "CREATE ROLE deskfleet_x SUPERUSER": EVERYBODY,
    "DROP TABLE {a}.tickets_attachment": EVERYBODY,
    "ALTER TABLE {a}.tickets_ticket ADD x int": EVERYBODY,
    "TRUNCATE {a}.tickets_attachment": EVERYBODY,
    "ALTER TABLE public.desk_outbox DISABLE ROW LEVEL SECURITY": EVERYBODY,
    "DROP POLICY desk ON public.desk_outbox": EVERYBODY,
    "GRANT SELECT ON {a}.tickets_ticket TO PUBLIC": "- - - 0 0",  # a warning: nothing was granted
    "ALTER SCHEMA {a} RENAME TO s_mine": EVERYBODY,
    "SET SESSION AUTHORIZATION postgres": EVERYBODY,
    "SET ROLE postgres": EVERYBODY,
    "SET ROLE deskfleet": EVERYBODY,
    "COPY (SELECT 1) TO PROGRAM 'true'": EVERYBODY,
    "COPY public.tenants_store TO '/tmp/x'": EVERYBODY,
    "LOAD 'pg_trgm'": EVERYBODY,
    "SET session_replication_role = 'replica'": EVERYBODY,
}  # fmt: skip
# Of no agency; how many rows they have just now says nothing.
SHARED = ("django_session", "cache", "tenants_apitoken", "account_emailaddress", "auth_permission")
ROLES = ("door", "desk", "operator", "store", "reader")


def scope_of(who: str, cast: Cast) -> Scope:
    login, north = connection.settings_dict["USER"], cast.north.pk
    desk = Scope(f"{login}_desk", agency=north)
    return {
        "door": DOOR,
        "desk": desk,
        "operator": Scope(f"{login}_operator"),
        "store": Scope(cast.a.schema_name, cast.a.schema_name, agency=north, store=cast.a.pk, within=desk),
        "reader": Scope(cast.north.database_role, agency=north),
    }[who]


@contextmanager
def standing(scope: Scope) -> Iterator[Any]:
    before, tenant = connection.scope, connection.tenant
    connection.enter(scope)
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.enter(before, tenant)


def outcome(cursor: Any, statement: str) -> str:
    """ "-" for an error; else whether rows were read, or written. Whatever it was is undone."""
    cursor.execute("SAVEPOINT tried")
    try:
        cursor.execute(statement)
        rows = int(cursor.fetchone()[0]) if cursor.description else cursor.rowcount
        return "1" if rows > 0 else "0"
    except DatabaseError as error:
        refusals = ("permission denied", "must be", "row-level security", "does not exist", "not allowed")
        if "duplicate key" in str(error):
            return "1"  # no policy, but a rule of the table
        return "-" if any(word in str(error) for word in refusals) else str(error)
    finally:
        cursor.execute("ROLLBACK TO SAVEPOINT tried")


@pytest.mark.parametrize("who", ROLES)
def test_role_is_held_by_the_database(cast: Cast, who: str) -> None:
    names = {s: getattr(cast, s).schema_name for s in "abc"}
    values = {"mine": cast.a.pk, "other": cast.b.pk, "theirs": cast.c.pk, "south": cast.south.pk}
    with Tally(f"T11 statements of the {who}") as tally, standing(scope_of(who, cast)) as cursor:
        for statement, answers in {**READS, **WRITES}.items():
            expected = answers.split()[ROLES.index(who)]
            got = outcome(cursor, statement.format(**names, **values))
            allowed = {expected, "0"} if expected == "1" and statement in READS else {expected}
            if expected == "0":
                is_shared = any(f"public.{name}" in statement for name in SHARED)
                allowed = {"0", "1"} if is_shared else {"0"}
            tally.that(got in allowed, f"{who}: {statement} is {got}, not {expected}")


def test_switch_leads_into_no_store_of_another_place(cast: Cast) -> None:
    """The login could SET ROLE to any store. The switch of the product does not, whatever scope it is asked for."""
    desk = f"{connection.settings_dict['USER']}_desk"
    places = {
        "north": (Scope(desk, agency=cast.north.pk), {"a", "b"}),
        "south": (Scope(desk, agency=cast.south.pk), {"c"}),
        "store a's host": (Scope(desk, agency=cast.north.pk, store=cast.a.pk), {"a"}),
        "store c's host": (Scope(desk, agency=cast.south.pk, store=cast.c.pk), {"c"}),
        "an agency that is none": (Scope(desk, agency=10**9), set()),
        "no agency": (Scope(desk), set()),
    }
    with Tally("T11 entries by ENTER_STORE from each place") as tally, connection.cursor() as cursor:
        for name, (place, own) in places.items():
            for letter in "abc":
                store: Store = getattr(cast, letter)
                for agency in (cast.north.pk, cast.south.pk):
                    for pk in (cast.a.pk, cast.b.pk, cast.c.pk):
                        with standing(place):
                            scope = Scope(store.schema_name, store.schema_name, agency, pk, place)
                            cursor.execute(ENTER_STORE, scope.parameters())
                            got = cursor.fetchone() is not None
                        connection.made = None  # it was switched behind the wrapper's back
                        right = letter in own and (agency, pk) == (store.agency_id, store.pk)
                        tally.that(got == right, f"{name} → {letter} as store {pk} of {agency}: {got}")


@pytest.mark.parametrize(("host", "own"), [(NORTH_HOST, "ab"), (SOUTH_HOST, "c"), ("store-a.localhost", "a")])
def test_place_leads_into_its_own_stores(cast: Cast, host: str, own: str) -> None:
    place = place_of(host)
    assert place is not None

    def scene() -> None:
        with Tally(f"T11 in_store and read_across at {host}") as tally:
            for letter in "abc":
                store: Store = getattr(cast, letter)
                forged = Store(pk=store.pk, agency_id=place.agency_id, schema_name=store.schema_name)
                stolen = Store(pk=cast.a.pk, agency_id=cast.north.pk, schema_name=store.schema_name)
                told = f"{host} → {letter}"
                tally.that(enters(place, store) == (letter in own), told)
                tally.that(enters(place, forged) == (letter in own), f"{told}, said to be of this agency")
                tally.that(enters(place, stolen) == (letter == "a" and "a" in own), f"{told}, said to be store A")
            for pair in ("ab", "ac", "bc"):
                for agency in (cast.north, cast.south):
                    is_right = place.kind == Kind.AGENCY and set(pair) <= set(own) and agency.pk == place.agency_id
                    stores = [getattr(cast, letter) for letter in pair]
                    tally.that(reads(place, stores, agency.database_role) == is_right, f"{pair} by {agency} at {host}")

    in_a_thread(scene)


def enters(place: Place, store: Store) -> bool:
    try:
        with at(place), in_store(store):
            return True
    except Unreachable:
        return False


def reads(place: Place, stores: list[Store], reader: str) -> bool:
    for store in stores:
        store.reader = reader
    try:
        with at(place):
            return bool(read_across(stores, "SELECT {store}, body FROM {schema}.tickets_message", []))
    except (DatabaseError, StoreContextError):
        return False
