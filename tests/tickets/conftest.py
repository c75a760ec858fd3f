"""Fixtures of the tickets' tests: one open ticket, and a store that is really committed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from tenants.actions.open_store import open_store
from tenants.models import Agency, Store
from tests.scenes import forget, in_a_thread, waiting_ticket
from tickets.models import Ticket


@pytest.fixture
def ticket(store_a: Store) -> Ticket:
    """A ticket of store A, entered, whose buyer waits since NOON."""
    return waiting_ticket()


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
