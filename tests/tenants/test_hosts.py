"""Hosts: each variant of a name leads to one place or to nothing, never to another (SECURITY V11)."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants.hosts import Kind, bare_host, place_of
from tenants.models import Agency, Store
from tests.cast import Cast

BARE_404 = (404, b"Not found", "text/plain")


def answer(host: str, path: str = "/accounts/login/", **headers: str) -> tuple[int, bytes, str]:
    response = Client(headers={"host": host, **headers}, raise_request_exception=False).get(path)
    return response.status_code, response.content, response["Content-Type"].split(";")[0]


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("store-a.localhost", (Kind.STORE, "Store A")),
        ("store-a.localhost:8000", (Kind.STORE, "Store A")),
        ("store-a.localhost:9999", (Kind.STORE, "Store A")),
        ("STORE-A.LocalHost", (Kind.STORE, "Store A")),
        ("store-a.localhost.", (Kind.STORE, "Store A")),
        ("store-a.localhost.:8000", (Kind.STORE, "Store A")),
        ("north.localhost", (Kind.AGENCY, "North")),
        ("NORTH.localhost:80", (Kind.AGENCY, "North")),
        ("localhost", (Kind.OPERATOR, "Deskfleet")),
        ("localhost:8000", (Kind.OPERATOR, "Deskfleet")),
        ("www.store-a.localhost", None),
        ("store-a", None),
        ("x.store-a.localhost", None),
        ("store-a.localhost.evil.com", None),
        ("xstore-a.localhost", None),
        ("nobody.localhost", None),
        ("127.0.0.1", None),
        ("[::1]", None),
        ("[::1]:8000", None),
        ("", None),
    ],
)
def test_host_leads_to_one_place_or_nowhere(cast: Cast, host: str, place: tuple[Kind, str] | None) -> None:
    found = place_of(bare_host(host))
    assert (found and (found.kind, found.name)) == place
    status, body, kind = answer(host)
    assert (status, body, kind) == BARE_404 if place is None else status == 200


@pytest.mark.parametrize(
    "host",
    [
        "x@store-a.localhost",
        "store-a.localhost,north.localhost",
        "store-a.localhost, store-b.localhost",
        "store-a.localhost:80:80",
        "store-a.localhost:x",
        "store_a.localhost",
        "store-a.localhost/",
        "store-a.localhost#",
        "store-a.localhost\\",
        "*",
        "%",
        " ",
        "店.localhost",
        "xn--vhq.localhost",
        "store-a.localhost\t",
        "a" * 5000 + ".localhost",
        "[",
        "[::1",
        "]",
    ],
)
def test_host_that_is_none_gets_the_bare_404(cast: Cast, host: str) -> None:
    assert answer(host) == BARE_404


@pytest.mark.parametrize(
    "header", ["x-forwarded-host", "x-host", "forwarded", "x-original-host", "x-http-host-override"]
)
def test_forwarded_hosts_are_ignored(cast: Cast, header: str) -> None:
    value = "host=store-a.localhost" if header == "forwarded" else "store-a.localhost"
    assert answer("nobody.localhost", **{header: value}) == BARE_404


def test_missing_host_is_no_place(cast: Cast) -> None:
    response = Client(raise_request_exception=False).get("/", SERVER_NAME="nobody.localhost")
    assert response.status_code == 404


@pytest.mark.parametrize("path", ["/", "/api/schema/", "/accounts/login/", "/desk/store-a/1/", "/static/x", "/nope"])
def test_unknown_host_answers_the_same_whatever_is_asked(cast: Cast, path: str) -> None:
    status, body, _kind = answer("nobody.localhost", path)
    assert (status, body) == (404, b"Not found") or path == "/static/x"


@pytest.mark.parametrize("state", [s for s in Store.State.values if s != Store.State.OPEN])
def test_store_that_is_not_open_has_no_host(cast: Cast, state: str) -> None:
    Store.objects.filter(pk=cast.a.pk).update(state=state)
    assert answer("store-a.localhost") == BARE_404


def test_agency_that_was_switched_off_has_no_host_and_neither_have_its_stores(cast: Cast) -> None:
    Agency.objects.filter(pk=cast.north.pk).update(is_active=False)
    assert answer("north.localhost") == answer("store-a.localhost") == BARE_404
    assert answer("south.localhost")[0] == 200


def test_pages_of_one_kind_of_host_do_not_exist_on_another(cast: Cast) -> None:
    assert answer("localhost", "/desk/queue/")[0] == 404
    assert answer("localhost", "/api/v1/stores/")[0] == 404


def test_cookies_are_the_hosts_own(cast: Cast) -> None:
    client = Client(headers={"host": "store-a.localhost"})
    client.get("/accounts/login/")
    assert all(not cookie["domain"] for cookie in client.cookies.values())
