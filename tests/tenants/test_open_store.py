"""open_store: a store for an agency, from its row to its host, in visible steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError

from tenants.actions.open_store import RESERVED, open_store
from tenants.context import connection, in_store
from tenants.errors import Invalid
from tenants.fleet import provision
from tenants.fleet.owner import owner_connection
from tenants.fleet.provision import BeingOpened
from tenants.hosts import place_of
from tenants.models import Domain, Store
from tenants.postgresql.base import Unreachable
from tests.cast import NOON, Cast
from tests.scenes import forget, in_a_thread
from tickets.models import Customer, Ticket

State = Store.State


def ask(cast: Cast, slug: str = "new-shop", **more: Any) -> Store:
    wanted = {"name": "New", "marketplace": "tmall", "time_zone": "Asia/Shanghai", "now": NOON, **more}
    return open_store(wanted.pop("agency", cast.north), slug=slug, **wanted)


Real = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def really(cast: Cast) -> Iterator[Real]:
    """really(work): in a transaction that is committed, as the owner must see it. Undone at the end."""
    known = {cast.a.pk, cast.b.pk, cast.c.pk}
    yield in_a_thread

    def undo() -> None:
        for store in Store.objects.exclude(pk__in=known):
            forget(store)

    in_a_thread(undo)


def has_schema(schema: str) -> bool:
    with owner_connection() as owner:
        return owner.execute("SELECT to_regnamespace(%s)", [schema]).fetchone() != (None,)


def schemas() -> set[str]:
    with owner_connection() as owner:
        return {name for (name,) in owner.execute("SELECT nspname FROM pg_namespace")}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Every state on the way, and whether the host led there already."""
    states: list[tuple[str, bool]] = []
    move = provision.move

    def watched(store: Store, state: str, *args: Any, **kwargs: Any) -> None:
        move(store, state, *args, **kwargs)
        states.append((state, Domain.objects.filter(tenant=store).exists()))

    monkeypatch.setattr(provision, "move", watched)
    return states


def test_store_opens_step_by_step_and_its_host_comes_last(
    cast: Cast, really: Real, seen: list[tuple[str, bool]]
) -> None:
    def scene() -> None:
        store = ask(cast)
        assert seen == [(State.TABLES_MADE, False), (State.OPEN, True)]
        assert (store.state, store.failure, store.state_since) == (State.OPEN, "", NOON)
        place = place_of("new-shop.localhost")
        assert place is not None
        assert place.store_id == store.pk
        with in_store(store):
            assert Ticket.objects.count() == 0

    really(scene)


def test_schema_says_nothing_of_the_store(cast: Cast, really: Real) -> None:
    assert "shop" not in really(lambda: ask(cast)).schema_name


def test_failure_is_written_down_and_leaves_nothing_half_made(
    cast: Cast, really: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when the last table is made: neither schema nor role stay, and no host leads anywhere."""

    def fail(*_args: object) -> None:
        raise DatabaseError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(provision.ledger, "write", fail)
        store = really(lambda: ask(cast))
    assert (store.state, store.failure) == (State.FAILED, "DatabaseError: no space left on device")
    assert really(lambda: place_of("new-shop.localhost")) is None
    assert not has_schema(store.schema_name)
    with owner_connection() as owner:
        assert owner.execute("SELECT to_regrole(%s)", [store.schema_name]).fetchone() == (None,)
    again = really(lambda: ask(cast))
    assert (again.pk, again.schema_name, again.state, again.failure) == (store.pk, store.schema_name, State.OPEN, "")
    assert really(lambda: place_of("new-shop.localhost")) is not None


def test_opening_that_was_killed_after_its_tables_is_taken_up(
    cast: Cast, really: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(provision, "move", killed)
        with pytest.raises(KeyboardInterrupt):
            really(lambda: ask(cast))
    store = really(lambda: Store.objects.get(slug="new-shop"))
    assert store.state == State.REQUESTED
    assert has_schema(store.schema_name)
    assert really(lambda: ask(cast)).state == State.OPEN


def test_other_agencys_failed_store_is_not_taken_up(cast: Cast, really: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(provision, "build", lambda *_args: 1 / 0)
        assert really(lambda: ask(cast)).state == State.FAILED
    with pytest.raises(Invalid) as refused:
        really(lambda: ask(cast, agency=cast.south))
    assert refused.value.field == "slug"


def test_slug_of_a_gone_store_leads_to_a_new_schema(cast: Cast, really: Real) -> None:
    old = really(lambda: ask(cast))

    def write() -> None:
        with in_store(old), connection.cursor() as cursor:
            cursor.execute("INSERT INTO tickets_customer VALUES (1, 'tmall', 'x', 'CANARY', '', '', now())")

    def count(store: Store) -> int:
        with in_store(store):
            return Customer.objects.count()

    really(write)
    assert really(lambda: count(old)) == 1
    really(lambda: Store.objects.filter(pk=old.pk).delete())
    try:
        new = really(lambda: ask(cast, agency=cast.south))
        assert new.schema_name != old.schema_name
        assert really(lambda: count(new)) == 0
        with pytest.raises(Unreachable):
            really(lambda: count(old))
    finally:
        really(lambda: forget(old))


def test_twenty_who_want_the_same_name_at_once_get_one_store(cast: Cast, really: Real) -> None:
    together, before = Barrier(20), schemas()

    def one(number: int) -> str:
        together.wait()
        try:
            return in_a_thread(lambda: ask(cast, name=f"Shop {number}")).state
        except (Invalid, BeingOpened) as error:
            return f"refused for its {error.field}"

    with ThreadPoolExecutor(20) as pool:
        ends = list(pool.map(one, range(20)))
    assert ends.count(State.OPEN) == 1
    assert ends.count("refused for its slug") == 19
    stores = really(lambda: list(Store.objects.filter(slug="new-shop")))
    assert [store.state for store in stores] == [State.OPEN]
    assert schemas() - before == {stores[0].schema_name}


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


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "a b",
        "店铺",
        "x" * 41,
        "a.b",
        "../x",
        "a\x00b",
        "my_store",
        "-a",
        "Store-D",
        "stоre",
        "x" * 64,
        "xn--80ak6aa92e",
        "ab--c",
        "2026",
        "１２",
        "ａｂｃ",
        "a-",
    ],
)
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
        ("host", "www.localhost"),
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
