"""Fixtures that a test reads as a scene: the cast, a browser without windows for each person, a store entered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.client import ClientHandler

from tenants.actions.issue_token import issue_token
from tenants.context import in_store
from tenants.hosts import SESSION_HOST
from tenants.models import ApiToken, Store, User
from tests.cast import NORTH_HOST, Cast, load_cast, make_cast


def pytest_configure() -> None:
    # Slow hashes protect passwords at rest; here they only make every sign-in wait.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    share_middleware()


def share_middleware() -> None:
    """Each Client would load the middleware anew, and with it list every static file."""
    load, loaded = ClientHandler.load_middleware, ClientHandler()

    def shared(self: ClientHandler, is_async: bool = False) -> None:
        if loaded._middleware_chain is None:
            load(loaded)
        self._middleware_chain = loaded._middleware_chain

    ClientHandler.load_middleware = shared  # type: ignore[method-assign]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser comes last: playwright leaves an event loop in this thread, beside which Django refuses to query."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test database, with the cast in it."""
    with django_db_blocker.unblock():
        make_cast()


@pytest.fixture
def cast(db: None) -> Cast:
    return load_cast()


@pytest.fixture(autouse=True)
def back_in_public() -> Iterator[None]:
    """No test begins in another's store."""
    connection.set_schema_to_public()
    yield
    connection.set_schema_to_public()


@pytest.fixture
def store_a(cast: Cast) -> Iterator[Store]:
    """Store A, entered."""
    with in_store(cast.a):
        yield cast.a


SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """sign_in(person, host): a client on that host with the person signed in."""

    def signed_in(person: User | None, host: str = NORTH_HOST) -> Client:
        client = Client(headers={"host": host})
        if person is not None:
            client.force_login(person, backend="tenants.sign_in.PlaceBackend")
            session = client.session
            session[SESSION_HOST] = host
            session.save()
        return client

    return signed_in


Api = Callable[..., Client]


@pytest.fixture
def api(db: None) -> Api:
    """api(person, host, agency= or store=, scope=): a client with a new token."""

    def with_token(person: User, host: str = NORTH_HOST, scope: str = ApiToken.Scope.WRITE, **opens: Any) -> Client:
        _token, secret = issue_token(person, name="test", scope=scope, **opens)
        return Client(headers={"host": host, "authorization": f"Bearer {secret}", "accept": "application/json"})

    return with_token
