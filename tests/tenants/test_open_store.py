"""open_store: a store for an agency, from its row to its host, in visible steps."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection

from tenants.actions.open_store import RESERVED, open_store
from tenants.context import in_store
from tenants.errors import Invalid
from tenants.fleet import provision as steps
from tenants.hosts import place_of
from tenants.models import Domain, Store
from tests.cast import NOON, Cast
from tickets.models import Ticket

State = Store.State


def ask(cast: Cast, slug: str = "new-shop", **more: Any) -> Store:
    wanted = {"name": "New", "marketplace": "tmall", "time_zone": "Asia/Shanghai", "now": NOON, **more}
    return open_store(wanted.pop("agency", cast.north), slug=slug, **wanted)


def has_schema(store: Store) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [store.schema_name])
        return cursor.fetchone() is not None


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Every state on the way, and whether the host led there already."""
    states: list[tuple[str, bool]] = []
    move = steps._move

    def watched(store: Store, state: str, *args: Any, **kwargs: Any) -> None:
        move(store, state, *args, **kwargs)
        states.append((state, Domain.objects.filter(tenant=store).exists()))

    monkeypatch.setattr(steps, "_move", watched)
    return states


def test_store_opens_step_by_step_and_its_host_comes_last(cast: Cast, seen: list[tuple[str, bool]]) -> None:
    store = ask(cast)
    assert seen == [(State.SCHEMA_MADE, False), (State.TABLES_MADE, False), (State.OPEN, True)]
    assert (store.state, store.failure, store.state_since) == (State.OPEN, "", NOON)
    place = place_of("new-shop.localhost")
    assert place is not None
    assert place.store_id == store.pk
    with in_store(store):
        assert Ticket.objects.count() == 0
    assert connection.schema_name == "public"


def test_schema_says_nothing_of_the_store(cast: Cast) -> None:
    assert "shop" not in ask(cast).schema_name


def test_failure_is_written_down_and_lets_nobody_in(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_store: Store) -> None:
        raise DatabaseError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "_make_tables", fail)
        store = ask(cast)
    store.refresh_from_db()
    assert (store.state, store.failure) == (State.FAILED, "DatabaseError: no space left on device")
    assert place_of("new-shop.localhost") is None
    assert connection.schema_name == "public"
    again = ask(cast)
    assert (again.pk, again.schema_name, again.state, again.failure) == (store.pk, store.schema_name, State.OPEN, "")
    assert place_of("new-shop.localhost") is not None


def test_other_agencys_failed_store_is_not_taken_up(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(steps, "_make_schema", lambda _store: 1 / 0)
        assert ask(cast).state == State.FAILED
    with pytest.raises(Invalid) as refused:
        ask(cast, agency=cast.south)
    assert refused.value.field == "slug"


def test_slug_of_a_gone_store_leads_to_a_new_schema(cast: Cast) -> None:
    old = ask(cast)
    with in_store(old), connection.cursor() as cursor:
        cursor.execute("INSERT INTO tickets_customer VALUES (1, 'tmall', 'x', 'CANARY', '', '', now())")
    schema, kept = old.schema_name, has_schema(old)
    Store.objects.filter(pk=old.pk).delete()
    new = ask(cast, agency=cast.south)
    assert kept
    assert new.schema_name != schema
    with in_store(new), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tickets_customer")
        assert cursor.fetchone() == (0,)


def test_suspended_store_does_not_open_itself_again(cast: Cast) -> None:
    Store.objects.filter(pk=cast.a.pk).update(state=State.SUSPENDED)
    with pytest.raises(Invalid) as refused:
        ask(cast, "store-a")
    assert refused.value.field == "slug"
    cast.a.refresh_from_db()
    assert cast.a.state == State.SUSPENDED


@pytest.mark.parametrize("slug", [*sorted(RESERVED), "store-a", "north", "south"])
def test_taken_and_reserved_names_are_refused(cast: Cast, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(cast, slug)
    assert refused.value.field == "slug"


@pytest.mark.parametrize("slug", ["", "a b", "店铺", "x" * 41, "a.b", "../x", "a\x00b", "my_store", "-a", "Store-D"])
def test_slug_that_is_no_host_name_is_refused(cast: Cast, slug: str) -> None:
    """A store behind an address that no browser may ask for would be open and unreachable."""
    with pytest.raises(Invalid) as refused:
        ask(cast, slug)
    assert refused.value.field == "slug"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("marketplace", "myspace"),
        ("name", ""),
        ("name", "x" * 121),
        ("name", "Two\nlines"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", ""),
        ("host", "south.localhost"),
        ("host", "store-b.localhost"),
        ("host", "STORE-B.localhost"),
        ("host", "localhost"),
        ("host", "a b"),
        ("host", "*.example.com"),
        ("host", "x" * 254),
    ],
)
def test_bad_input_names_its_field_and_leaves_nothing(cast: Cast, field: str, value: str) -> None:
    before = (Store.objects.count(), Domain.objects.count())
    with pytest.raises(Invalid) as refused:
        ask(cast, **{field: value})
    assert refused.value.field == field
    assert (Store.objects.count(), Domain.objects.count()) == before


def test_other_store_can_not_take_an_agencys_host(cast: Cast) -> None:
    with pytest.raises(Invalid):
        ask(cast, host="north.localhost")
    place = place_of("north.localhost")
    assert place is not None
    assert (place.kind, place.agency_id) == ("agency", cast.north.pk)
