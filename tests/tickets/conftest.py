"""Fixtures of the tickets' tests: one open ticket."""

from __future__ import annotations

import pytest

from tenants.models import Store
from tests.scenes import waiting_ticket
from tickets.models import Ticket


@pytest.fixture
def ticket(store_a: Store) -> Ticket:
    """A ticket of store A, entered, whose buyer waits since NOON."""
    return waiting_ticket()
