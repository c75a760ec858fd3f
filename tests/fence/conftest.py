"""Three stores more, really committed, with sessions and tokens: what several connections at once can see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tenants.actions.issue_token import issue_token
from tenants.actions.open_store import open_store
from tenants.hosts import SESSION_HOST
from tenants.models import ApiToken, Store, User
from tests.cast import NORTH_HOST, SOUTH_HOST, Cast, canary, fill, load_cast
from tests.fence.web import small_pool
from tests.scenes import forget, in_a_thread


@dataclass(frozen=True)
class Real:
    """Stores P and Q of North, R of South; for each host a session, a token, and whose canaries may be seen."""

    cast: Cast
    stores: dict[str, Store]
    sessions: dict[str, str]
    tokens: dict[str, str]
    sees: dict[str, set[str]]

    def foreign(self, host: str, content: bytes, slug: str = "") -> list[str]:
        """The canaries in there that are not this host's, or, of one store's page, not this store's."""
        mine = {canary(self.stores[slug])} if slug in self.stores else self.sees[host]
        return [f"CANARY-{x}" for x in "ABCPQR" if f"CANARY-{x}" not in mine and f"CANARY-{x}".encode() in content]


def host_of(store: Store) -> str:
    return f"{store.slug}.localhost"


@pytest.fixture
def real(django_db_setup: None, django_db_blocker: Any) -> Iterator[Real]:
    with django_db_blocker.unblock(), small_pool(4):
        made = in_a_thread(make)
        try:
            yield made
        finally:
            in_a_thread(lambda: unmake(made))


def make() -> Real:
    cast, stores = load_cast(), {}
    for letter, agency in (("p", cast.north), ("q", cast.north), ("r", cast.south)):
        slug = f"store-{letter}"
        about = {"marketplace": "tmall", "time_zone": "UTC", "now": timezone.now()}
        store = stores[slug] = open_store(agency, slug=slug, name=f"Real {letter.upper()}", **about)
        assert store.state == Store.State.OPEN, store.failure
        fill(store)
    sees = {NORTH_HOST: {"CANARY-A", "CANARY-B", "CANARY-P", "CANARY-Q"}, SOUTH_HOST: {"CANARY-C", "CANARY-R"}}
    sees |= {host_of(store): {canary(store)} for store in stores.values()}
    people = {host: cast.cy if host in (SOUTH_HOST, "store-r.localhost") else cast.ann for host in sees}
    secrets = {
        agency: issue_token(person, name="fence", scope=ApiToken.Scope.WRITE, agency=agency)[1]
        for agency, person in ((cast.north, cast.ann), (cast.south, cast.cy))
    }
    tokens = {host: secrets[cast.south if person == cast.cy else cast.north] for host, person in people.items()}
    return Real(cast, stores, {host: session_of(person, host) for host, person in people.items()}, tokens, sees)


def session_of(person: User, host: str) -> str:
    client = Client()
    client.force_login(person, backend="tenants.sign_in.PlaceBackend")
    session = client.session
    session[SESSION_HOST] = host
    session.save()
    return client.cookies["session"].value


def unmake(made: Real) -> None:
    Session.objects.filter(session_key__in=made.sessions.values()).delete()
    ApiToken.objects.filter(name="fence").delete()
    for store in made.stores.values():
        forget(store)
