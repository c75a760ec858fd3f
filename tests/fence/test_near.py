"""The gate that is asked from inside of the store where the connection stands still: no wider, never out of date."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from tenants.access import Action, Caller, store_by_pk_for
from tenants.context import at, connection, in_store
from tenants.errors import NotFound
from tenants.hosts import place_of
from tenants.models import Membership, Store, User
from tenants.postgresql.base import DOOR, Unreachable
from tests.cast import NORTH_HOST, SOUTH_HOST, canary
from tests.fence.conftest import Real, host_of
from tests.scenes import in_a_thread
from tickets.models import Message


def from_the_door(scene: Callable[[], None]) -> None:
    """On a connection of its own that stands at the door, as a lane's does."""

    def run() -> None:
        connection.enter(DOOR)
        scene()

    in_a_thread(run)


def caller(person: User, host: str) -> Caller:
    place = place_of(host)
    assert place is not None
    return Caller(person, place)


def bodies(who: Caller, store: Store) -> str:
    """What a frame does: the gate, the store, a read. Everything that is said there."""
    with at(who.place), in_store(store_by_pk_for(who, store.pk, Action.VIEW)):
        return " ".join(Message.objects.values_list("body", flat=True))


def otherwise(work: Callable[[], object]) -> None:
    """Done on another connection, and committed, while this one stands where it stands."""
    in_a_thread(work)


def test_second_frame_of_a_store_asks_its_gate_and_nothing_else(real: Real) -> None:
    p = real.stores["store-p"]

    def scene() -> None:
        ann = caller(real.cast.ann, NORTH_HOST)
        with CaptureQueriesContext(connection) as first:
            assert canary(p) in bodies(ann, p)
        with CaptureQueriesContext(connection) as second:
            assert canary(p) in bodies(ann, p)
        assert (len(first), len(second)) == (4, 2)

    from_the_door(scene)


def test_other_store_is_asked_for_at_the_place(real: Real) -> None:
    p, q = real.stores["store-p"], real.stores["store-q"]

    def scene() -> None:
        ann = caller(real.cast.ann, NORTH_HOST)
        for store, other in ((p, q), (q, p), (p, q)):
            found = bodies(ann, store)
            assert canary(store) in found
            assert canary(other) not in found

    from_the_door(scene)


def test_place_that_did_not_enter_it_asks_from_where_it_is(real: Real) -> None:
    p = real.stores["store-p"]

    def scene() -> None:
        callers = [caller(real.cast.ann, host) for host in (NORTH_HOST, host_of(p), NORTH_HOST)]
        for who in callers:
            with CaptureQueriesContext(connection) as asked:
                assert canary(p) in bodies(who, p)
            switch, gate, *_rest = (query["sql"] for query in asked)
            assert "set_config" in switch
            assert "tenants_membership" in gate

    from_the_door(scene)


def test_who_is_not_let_in_is_not_let_in_by_standing_there(real: Real) -> None:
    p = real.stores["store-p"]

    def scene() -> None:
        ann = caller(real.cast.ann, NORTH_HOST)
        others = [
            caller(person, host)
            for person, host in (
                (real.cast.bo, NORTH_HOST),  # an agent who was not given this store
                (real.cast.cy, NORTH_HOST),  # another agency's lead
                (real.cast.cy, SOUTH_HOST),
                (real.cast.ann, SOUTH_HOST),
                (real.cast.ann, host_of(real.stores["store-q"])),
            )
        ]
        for who in others:
            assert bodies(ann, p)  # the connection stands there
            with pytest.raises(NotFound):
                bodies(who, p)

    from_the_door(scene)


def test_whoever_loses_the_store_is_refused_by_the_next_frame(real: Real) -> None:
    p = real.stores["store-p"]
    lost = partial(Membership.objects.filter(user=real.cast.ann).update, role="agent")
    back = partial(Membership.objects.filter(user=real.cast.ann).update, role="lead")

    def scene() -> None:
        ann = caller(real.cast.ann, NORTH_HOST)
        assert bodies(ann, p)
        otherwise(lost)
        try:
            with pytest.raises(NotFound):
                bodies(ann, p)
        finally:
            otherwise(back)
        assert bodies(ann, p)

    from_the_door(scene)


def test_store_that_was_closed_meanwhile_is_not_there(real: Real) -> None:
    p = real.stores["store-p"]

    def scene() -> None:
        ann = caller(real.cast.ann, NORTH_HOST)
        assert bodies(ann, p)
        otherwise(partial(Store.objects.filter(pk=p.pk).update, state=Store.State.SUSPENDED))
        with pytest.raises(NotFound):
            bodies(ann, p)

    from_the_door(scene)


def test_proof_is_good_for_one_entry(real: Real) -> None:
    p = real.stores["store-p"]

    def scene() -> None:
        ann = caller(real.cast.ann, NORTH_HOST)
        assert bodies(ann, p)
        with at(ann.place):
            found = store_by_pk_for(ann, p.pk, Action.VIEW)
            with in_store(found):
                assert Message.objects.exists()
            otherwise(partial(Store.objects.filter(pk=p.pk).update, state=Store.State.SUSPENDED))
            with pytest.raises(Unreachable), in_store(found):
                pytest.fail("entered")

    from_the_door(scene)


def test_in_a_transaction_the_gate_is_asked_at_its_place(real: Real) -> None:
    p = real.stores["store-p"]

    def scene() -> None:
        ann = caller(real.cast.ann, NORTH_HOST)
        assert bodies(ann, p)
        with at(ann.place), transaction.atomic():
            assert store_by_pk_for(ann, p.pk, Action.VIEW).pk == p.pk

    from_the_door(scene)
