"""Fixtures that a test reads as a scene: the cast, a browser without windows for each person, a store entered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connections
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from tenants.actions.issue_token import issue_token
from tenants.actions.open_store import open_store
from tenants.context import as_operator, connection, in_store
from tenants.fleet.owner import owner_connection
from tenants.hosts import SESSION_HOST
from tenants.models import Agency, ApiToken, Store, User
from tenants.postgresql.base import DOOR
from tests.cast import NORTH_HOST, Cast, load_cast, make_cast
from tests.scenes import forget, forgotten, in_a_thread
from tests.scheduling import ByDeployment, begins_at


def pytest_configure() -> None:
    # Slow hashes protect passwords at rest; here they only make every sign-in wait.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.RULES_SECONDS = 24 * 60 * 60  # or a count of queries would depend on the time of day
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
    items.sort(key=lambda item: begins_at(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByDeployment:
    return ByDeployment(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """The test database, made and migrated by its owner, with the cast in it. Tests work with the processes' login."""
    owner, app = connections["owner"], connections["default"]
    real = owner.settings_dict["NAME"]
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        owner.settings_dict["TEST"]["NAME"] = f"test_{real}_{worker}"
    with django_db_blocker.unblock():
        owner.creation.create_test_db(verbosity=0, autoclobber=True)
        app.creation.set_as_test_mirror(owner.settings_dict)
        with as_operator():
            make_cast()
    yield
    with django_db_blocker.unblock():
        with owner_connection() as connection:
            roles = connection.execute(
                "SELECT schema_name FROM tenants_store UNION SELECT database_role FROM tenants_agency"
            ).fetchall()
        app.close()
        app.close_pool()
        with suppress(OperationalError):  # some thread still holds a connection: the next run drops what is left
            owner.creation.destroy_test_db(real, verbosity=0)
            with owner.cursor() as cursor:  # roles are the whole server's
                for role in (*(name for (name,) in roles), *forgotten):
                    cursor.execute(f'DROP ROLE IF EXISTS "{role}"')


@pytest.fixture
def cast(db: None) -> Cast:
    return load_cast()


@pytest.fixture(autouse=True)
def operator_place() -> Iterator[None]:
    """Tests arrange and look as the operator; requests, sockets and jobs go to their own places from there."""
    connection.enter(DOOR)
    with as_operator():
        yield
    connection.enter(DOOR)


@pytest.fixture
def store_a(cast: Cast) -> Iterator[Store]:
    """Store A, entered."""
    with in_store(cast.a):
        yield cast.a


@pytest.fixture
def real_store(django_db_setup: None, django_db_blocker: Any) -> Iterator[Store]:
    """A store of North that is really committed, for scenes of several connections; gone after the test."""

    def opened() -> Store:
        north = Agency.objects.get(slug="north")
        store = open_store(
            north, slug="store-real", name="Real", marketplace="web", time_zone="UTC", now=timezone.now()
        )
        assert store.state == Store.State.OPEN, store.failure
        return store

    with django_db_blocker.unblock():
        store = in_a_thread(opened)
        try:
            yield store
        finally:
            in_a_thread(lambda: forget(store))


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
