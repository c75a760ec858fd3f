"""A store's live events on its own host: what is on and what comes, to read, and nobody's name."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import NOON, NORTH_HOST, Cast
from tests.conftest import SignIn
from tests.events.conftest import HOUR, Made
from tickets.events.actions.follow import follow

A_HOST, PAGE = "store-a.localhost", "/events/"


@pytest.fixture(autouse=True)
def at_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.events.views.database_now", lambda: NOON + 2 * HOUR)


@pytest.fixture
def di(cast: Cast, sign_in: SignIn) -> Client:
    """The seller of store A."""
    return sign_in(cast.di, A_HOST)


def test_a_seller_reads_what_is_on_and_what_comes_in_their_store(
    cast: Cast, di: Client, event: Made, sign_in: SignIn
) -> None:
    event(people=(cast.bo.pk,))
    follow(NOON + HOUR)
    event(name="双十二", begins_at=NOON + timedelta(days=3), ends_at=NOON + timedelta(days=4), multiplier=2.5)
    event(name="Elsewhere", store=cast.b.pk)
    page = di.get(PAGE)
    assert [(one.name, one.is_running) for one in page.context["events"]] == [
        ("Friday stream", True),
        ("双十二", False),
    ]
    assert "on now" in page.text
    assert "2026-11-20 21:00" in page.text, "the store's own clock"
    assert "×2.5" in page.text
    for person in (cast.ann, cast.bo):
        assert not re.search(rf"\b{person.name}\b", page.text)
    assert 'href="/events/"' in di.get("/numbers/").text
    follow(NOON + 3 * HOUR)
    assert [one.name for one in di.get(PAGE).context["events"]] == ["双十二"]


def test_without_an_event_it_says_what_to_do(di: Client) -> None:
    assert "No live event is planned" in di.get(PAGE).text
    assert di.post(PAGE).status_code == 405


@pytest.mark.parametrize(
    ("who", "host", "status"),
    [
        ("ann", A_HOST, 200),
        ("bo", A_HOST, 404),  # an agent: no reports
        ("cy", A_HOST, 404),
        ("di", "store-b.localhost", 404),
        ("di", NORTH_HOST, 404),
        (None, A_HOST, 302),
    ],
)
def test_who_may(cast: Cast, sign_in: SignIn, event: Made, who: str | None, host: str, status: int) -> None:
    event()
    answer = sign_in(getattr(cast, who) if who else None, host).get(PAGE)
    assert answer.status_code == status
    assert ("Friday stream" in answer.text) == (status == 200)


def test_more_events_cost_no_more(cast: Cast, di: Client, event: Made) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            di.get(PAGE)
        return len(queries)

    di.get(PAGE)
    none = cost()
    for n in range(3):
        event(begins_at=NOON + (5 + n) * HOUR, ends_at=NOON + (6 + n) * HOUR)
    assert cost() <= none
