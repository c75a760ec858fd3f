"""Who may do what in the admin: every address × every person × every host. What is denied changes nothing."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver

from tenants.fleet.fence import declared_grants, public_tables
from tenants.models import Membership, User
from tests.admin.rows import OBJECTS, PAGES, Page
from tests.cast import NORTH_HOST, SOUTH_HOST, Cast
from tests.conftest import SignIn

A_HOST, OPERATOR_HOST = "store-a.localhost", "localhost"


def admin_routes() -> set[str]:
    found: set[str] = set()

    def walk(patterns: list[Any]) -> None:
        for item in patterns:
            if isinstance(item, URLResolver):
                walk(item.url_patterns)
            elif isinstance(item, URLPattern):
                assert item.name, f"{item.pattern} has no name"
                found.add(item.name)

    for item in import_module("config.urls_agency").urlpatterns:
        if isinstance(item, URLResolver) and item.namespace == "admin":
            walk(item.url_patterns)
    return found


def test_every_page_has_a_row() -> None:
    assert admin_routes() - PAGES.keys() == set(), "a page of the admin without a row in tests/admin/rows.py"


def test_every_row_has_a_page() -> None:
    assert PAGES.keys() - admin_routes() == set()


@pytest.fixture
def owner(cast: Cast) -> User:
    person = User.objects.create_user("owner@example.com", "x", name="Owner")
    Membership.objects.create(user=person, agency=cast.north, role="owner")
    return person


def filled(cast: Cast, page: Page, *, south: bool = False) -> str:
    """The page's address, with objects of North or of South in it."""
    agency, lead = (cast.south, cast.cy) if south else (cast.north, cast.ann)
    return re.sub(r"\{(\w+)\}", lambda name: str(OBJECTS[name[1]](agency, lead)), page.path)


def ask(client: Any, page: Page, path: str) -> Any:
    client.raise_request_exception = False
    return client.get(path, page.query) if page.body is None else client.post(path, page.body)


@cache
def reading_every_table() -> str:
    """(name, count, digest) of each public table. What every request touches is left out."""
    with connection.cursor() as cursor:
        readable = {name for name, grants in declared_grants().items() if "SELECT" in grants.operator}
        tables = readable & {table.name for table in public_tables(cursor)} - {"django_session", "cache"}
    return " UNION ALL ".join(
        f"SELECT '{name}', count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM public.\"{name}\" t"
        for name in sorted(tables)
    )


def rows() -> dict[str, tuple[int, str]]:
    """How many rows each public table has, and which."""
    question = reading_every_table()
    with connection.cursor() as cursor:
        # Planning 75 tables takes as long as reading them: psycopg has the server keep the plan.
        found = cursor.connection.execute(question, prepare=True)
        return {name: (count, digest) for name, count, digest in found.fetchall()}


def allowed(status: int | set[int]) -> set[int]:
    return status if isinstance(status, set) else {status}


@pytest.mark.parametrize("who", ["owner", "lead", "agent"])
@pytest.mark.parametrize("name", list(PAGES))
def test_page_role_status(cast: Cast, sign_in: SignIn, owner: User, name: str, who: str) -> None:
    page, person = PAGES[name], {"owner": owner, "lead": cast.ann, "agent": cast.bo}[who]
    path, client = filled(cast, page), sign_in(person)
    before = rows()
    answer = ask(client, page, path)
    assert answer.status_code in allowed(page.agent if who == "agent" else page.lead)
    if answer.status_code >= 400 or page.body is None:
        assert rows() == before


@pytest.mark.parametrize("name", list(PAGES))
def test_strangers_find_nothing(cast: Cast, sign_in: SignIn, name: str) -> None:
    """Of another agency, the seller, the operator; and North's own at hosts that are not the agency's."""
    page = PAGES[name]
    path = filled(cast, page)
    operator = User.objects.get(email="op@example.com")
    strangers = (
        (cast.cy, NORTH_HOST),
        (cast.di, NORTH_HOST),
        (operator, NORTH_HOST),
        (cast.ann, SOUTH_HOST),
        (cast.ann, A_HOST),
        (cast.di, A_HOST),
        (operator, OPERATOR_HOST),
        (cast.ann, OPERATOR_HOST),
    )
    clients = [sign_in(person, host) for person, host in strangers]
    before = rows()
    for stranger, client in zip(strangers, clients, strict=True):
        answer = ask(client, page, path)
        assert answer.status_code == 404, stranger
        assert b"CANARY" not in answer.content
    assert rows() == before


@pytest.mark.parametrize("name", list(PAGES))
def test_nobody_is_asked_to_sign_in(cast: Cast, sign_in: SignIn, name: str) -> None:
    page = PAGES[name]
    path = filled(cast, page)
    client = sign_in(None)
    before = rows()
    answer = ask(client, page, path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/admin/")
    assert rows() == before


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if "{" in page.path])
def test_another_agencys_object_is_not_there(cast: Cast, sign_in: SignIn, name: str) -> None:
    page = PAGES[name]
    path = filled(cast, page, south=True)
    client = sign_in(cast.ann)
    before = rows()
    answer = ask(client, page, path)
    nothing = ask(client, page, re.sub(r"/\d+/", "/999999999/", path))
    assert answer.status_code in {404, 403}, name
    assert answer.status_code == nothing.status_code
    assert b"CANARY South" not in answer.content
    assert rows() == before


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if name.endswith("_changelist")])
def test_lists_show_ones_own(cast: Cast, sign_in: SignIn, name: str) -> None:
    for make in OBJECTS.values():
        make(cast.south, cast.cy)
    content = ask(sign_in(cast.ann), PAGES[name], PAGES[name].path).content
    assert b"CANARY South" not in content
    assert b"Store C" not in content


def test_search_shows_ones_own(cast: Cast, sign_in: SignIn) -> None:
    for make in OBJECTS.values():
        make(cast.south, cast.cy)
        make(cast.north, cast.ann)
    lead, agent = sign_in(cast.ann), sign_in(cast.bo)
    content = lead.get("/admin/search/", {"s": "canary"}).content
    assert b"CANARY North" in content
    assert b"CANARY South" not in content
    found = agent.get("/admin/search/", {"s": "canary"}).content
    assert b"CANARY South" not in found
    assert b"/admin/tenants/" not in found, "people, teams and stores are for leads"
