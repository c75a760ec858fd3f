"""Each layer by itself: what the gate says where row security would hide its mistakes, and where a request stands."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from tenants.access import Caller, stores_for
from tenants.context import connection, in_store
from tenants.hosts import Kind, Place, place_of
from tenants.middleware import HostMiddleware
from tenants.models import ApiToken, Assignment, Store
from tenants.models.people import Role
from tenants.postgresql.base import DOOR
from tests.cast import NORTH_HOST, SOUTH_HOST, Cast
from tests.fence.tally import Tally

A_HOST, B_HOST, C_HOST = "store-a.localhost", "store-b.localhost", "store-c.localhost"
SEES = {
    ("ann", NORTH_HOST): "ab",
    ("ann", A_HOST): "a",
    ("ann", B_HOST): "b",
    ("bo", NORTH_HOST): "a",
    ("bo", A_HOST): "a",
    ("cy", SOUTH_HOST): "c",
    ("cy", C_HOST): "c",
    ("di", A_HOST): "a",
}
HOSTS = (NORTH_HOST, SOUTH_HOST, A_HOST, B_HOST, C_HOST)


def letters(stores: list[Store]) -> str:
    return "".join(sorted(store.slug[-1] for store in stores))


def test_gate_needs_no_row_security(cast: Cast) -> None:
    """Asked from the operator's place, which sees every agency's rows."""
    with Tally("gate: persons × hosts, without row security") as tally:
        for who in ("ann", "bo", "cy", "di"):
            for host in HOSTS:
                found = letters(stores_for(cast.caller(getattr(cast, who), host)))
                tally.that(found == SEES.get((who, host), ""), f"{who} at {host} sees {found}")


def test_agent_of_one_agency_who_sells_in_another_gets_each_at_its_own_host(cast: Cast) -> None:
    """Di's store, given to somebody who works for South as well."""
    Assignment.objects.create(user=cast.cy, store=cast.a, role=Role.SELLER)
    with Tally("gate: one person of two agencies, without row security") as tally:
        for host, own in ((SOUTH_HOST, "c"), (NORTH_HOST, ""), (A_HOST, "a"), (B_HOST, ""), (C_HOST, "c")):
            found = letters(stores_for(cast.caller(cast.cy, host)))
            tally.that(found == own, f"Cy at {host} sees {found}")


def test_token_narrows_without_row_security(cast: Cast) -> None:
    with Tally("gate: tokens × hosts, without row security") as tally:
        for opens, own in (({"store": cast.a}, "a"), ({"agency": cast.north}, "ab"), ({"agency": cast.south}, "")):
            for host, there in ((NORTH_HOST, "ab"), (A_HOST, "a"), (B_HOST, "b"), (SOUTH_HOST, "")):
                token = ApiToken(name="x", person=cast.ann, scope="write", **opens)
                found = letters(stores_for(Caller(cast.ann, cast.caller(cast.ann, host).place, token)))
                expected = "".join(sorted(set(own) & set(there)))
                tally.that(found == expected, f"{opens} at {host} sees {found}")


WHERE = "SELECT current_user, current_setting('fence.agency'), current_setting('fence.store'), current_schema()"


def where() -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(WHERE)
        return cursor.fetchone()


@pytest.mark.parametrize("host", HOSTS)
def test_request_stands_at_its_place_and_its_store(cast: Cast, host: str) -> None:
    """By what the server says, not by what the wrapper believes."""
    connection.enter(DOOR)
    place = place_of(host)
    assert isinstance(place, Place)
    found: list[tuple[Any, ...]] = []
    store = {NORTH_HOST: cast.a, A_HOST: cast.a, B_HOST: cast.b}.get(host, cast.c)

    def view(_request: HttpRequest) -> HttpResponse:
        found.append(where())
        with in_store(store):
            found.append(where())
        found.append(where())
        return HttpResponse()

    request = Client(headers={"host": host}).request().wsgi_request
    assert HostMiddleware(view)(request).status_code == 200  # type: ignore[arg-type]
    login = connection.settings_dict["USER"]
    at_store = str(place.store_id) if place.kind == Kind.STORE else ""
    outside = (f"{login}_desk", str(place.agency_id), at_store, "public")
    inside = (store.schema_name, str(store.agency_id), str(store.pk), store.schema_name)
    with Tally(f"where a request at {host} stands") as tally:
        for got, expected in zip(found, (outside, inside, outside), strict=True):
            tally.that(got == expected, f"{got}, not {expected}")
