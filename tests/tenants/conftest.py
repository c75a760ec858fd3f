"""Stores that are really committed: made, changed and taken away as the owner's login must see them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from tenants.actions.issue_token import issue_token
from tenants.actions.open_store import open_store
from tenants.context import connection, in_store
from tenants.fleet.owner import owner_connection
from tenants.hosts import SESSION_HOST
from tenants.models import Agency, ApiToken, Domain, Membership, Store, User
from tenants.models.people import Role
from tests.cast import NOON, Cast, fill, load_cast
from tests.scenes import forget, in_a_thread
from tickets.models import Attachment

Scene = Callable[[Callable[[Cast], Any]], Any]
CAST = ("store-a", "store-b", "store-c")


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    """committed(scene): runs scene(cast) with real commits. Stores and people that it made are gone after the test.

    The test itself is no transaction, so that it holds no lock that the scene would wait for.
    """
    with django_db_blocker.unblock():
        people = in_a_thread(lambda: list(User.people.values_list("pk", flat=True)))
        yield lambda scene: in_a_thread(lambda: scene(load_cast()))

        def undo() -> None:
            with owner_connection() as owner:
                for store in Store.objects.exclude(slug__in=CAST):
                    forget(store)
                    shutil.rmtree(Path(settings.MEDIA_ROOT) / store.schema_name, ignore_errors=True)
                    owner.execute(f'DROP SCHEMA "{store.schema_name}" CASCADE; DROP ROLE "{store.schema_name}"')
                owner.execute("DELETE FROM tenants_user WHERE id <> ALL(%s)", [people])

        in_a_thread(undo)


AGENCY_HOST, HOST = "life.localhost", "life-s.localhost"


@dataclass
class Life:
    """Lea is the lead of the agency Life; its stores S and T are filled like those of the cast."""

    agency: Agency
    lea: User
    s: Store
    t: Store

    def browser(self, host: str = AGENCY_HOST) -> Client:
        """Lea's, signed in there."""
        client = Client(headers={"host": host})
        client.force_login(self.lea, backend="tenants.sign_in.PlaceBackend")
        session = client.session
        session[SESSION_HOST] = host
        session.save()
        return client

    def program(self, **opens: Any) -> Client:
        """Of an integrator, with a new token for `agency=` or `store=`."""
        _token, secret = issue_token(self.lea, name="life", scope=ApiToken.Scope.WRITE, **opens)
        return Client(headers={"host": AGENCY_HOST, "authorization": f"Bearer {secret}", "accept": "application/json"})

    def file(self) -> Attachment:
        with in_store(self.s):
            return Attachment.objects.get()


@pytest.fixture
def life(django_db_setup: None, django_db_blocker: Any) -> Iterator[Life]:
    """Without a transaction around the test: dropping a schema would wait for one that has read people."""
    with django_db_blocker.unblock():
        sessions = set(Session.objects.values_list("pk", flat=True))
        try:
            yield _born()
        finally:
            _buried()
            Session.objects.exclude(pk__in=sessions).delete()
            connection.close()


def opened(agency: Agency, slug: str) -> Store:
    about = {"name": f"Store {slug}", "marketplace": "tmall", "time_zone": "Asia/Shanghai"}
    store = open_store(agency, slug=slug, now=datetime.now(UTC), **about)
    assert store.state == Store.State.OPEN, store.failure
    return store


def _born() -> Life:
    agency = Agency.objects.create(slug="life", name="Life")
    Domain.objects.create(domain=AGENCY_HOST, agency=agency)
    lea = User.objects.create_user("lea@example.com", "x", name="Lea")
    Membership.objects.create(user=lea, agency=agency, role=Role.LEAD)
    stores = [opened(agency, slug) for slug in ("life-s", "life-t")]
    for store in stores:
        fill(store)
    return Life(agency, lea, *stores)


def _buried() -> None:
    agency = Agency.objects.get(slug="life")
    with owner_connection() as owner:
        of_agency = "WHERE agency_id = %s RETURNING schema_name"
        gone = owner.execute(f"DELETE FROM tenants_deletioncertificate {of_agency}", [agency.pk]).fetchall()
        mine = set(Store.objects.filter(agency=agency).values_list("schema_name", flat=True))
        for schema in mine | {name for (name,) in gone}:
            for name in (schema, f"archived_{schema}"):
                owner.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')  # type: ignore[arg-type]
            owner.execute(f'DROP ROLE IF EXISTS "{schema}"')  # type: ignore[arg-type]
            shutil.rmtree(folder(schema), ignore_errors=True)
        Store.objects.filter(agency=agency).delete()
        agency.delete()
        owner.execute("DELETE FROM tenants_user WHERE email = 'lea@example.com'")
        owner.execute(f'DROP ROLE IF EXISTS "{agency.database_role}"')  # type: ignore[arg-type]


def folder(schema: str) -> Path:
    return Path(settings.MEDIA_ROOT) / schema


def checksum(schema: str) -> dict[str, str]:
    """table → a hash over all its rows."""
    with owner_connection() as owner:
        tables = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r'", [schema]
        ).fetchall()
        hashed = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM"
        return {table: owner.execute(f'{hashed} "{schema}"."{table}" t').fetchall()[0][0] for (table,) in tables}


def public_counts() -> dict[str, int]:
    """Rows of every public table; the cache counts sign-ins, and is left out."""
    with owner_connection() as owner:
        tables = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        ).fetchall()
        return {name: owner.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0] for (name,) in tables}


def exists(schema: str) -> bool:
    with owner_connection() as owner:
        return owner.execute("SELECT to_regnamespace(%s)", [f'"{schema}"']).fetchone() != (None,)


Operator = dict[str, Any]
BY: Operator = {"by": "op@example.com", "now": NOON}
Look = Callable[[], dict[str, Any]]


def looks_at(life: Life) -> Look:
    """What shows of store S, at every door: to be called again after its state has changed."""
    desk, own_host, stranger = life.browser(), life.browser(HOST), Client(headers={"host": "nobody.localhost"})
    narrow, wide = life.program(store=life.s), life.program(agency=life.agency)
    file = f"/files/life-s/{life.file().pk}/"
    return partial(_look, desk, own_host, stranger, narrow, wide, file)


def _look(desk: Client, own_host: Client, stranger: Client, narrow: Client, wide: Client, file: str) -> dict[str, Any]:
    home, search = own_host.get("/"), desk.get("/desk/queue/", {"q": "CANARY-S"})
    api = "/api/v1/stores/life-s/tickets/1/"
    return {
        "host": (home.status_code, home.content == stranger.get("/").content),
        "desk": "/desk/life-s/" in desk.get("/").text,
        "search": "/desk/life-s/1/" in search.text,
        "page": desk.get("/desk/life-s/1/").status_code,
        "file": desk.get(file).status_code,
        "narrow token": narrow.get(api).status_code,
        "wide token": wide.get(api).status_code,
        "its list": [store["slug"] for store in wide.get("/api/v1/stores/").json()],
        "narrow list": [store["slug"] for store in narrow.get("/api/v1/stores/").json()],
    }


LIGHT = {
    "host": (200, False),
    "desk": True,
    "search": True,
    "page": 200,
    "file": 200,
    "narrow token": 200,
    "wide token": 200,
    "its list": ["life-s", "life-t"],
    "narrow list": ["life-s"],
}
DARK = {
    "host": (404, True),
    "desk": False,
    "search": False,
    "page": 404,
    "file": 404,
    "narrow token": 404,
    "wide token": 404,
    "its list": ["life-t"],
    "narrow list": [],
}
