"""Being at a desk: set at an agency's desk, seen by colleagues, told once what was lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tenants.clock import database_now
from tests.cast import NORTH_HOST, Cast
from tests.conftest import SignIn
from tickets.actions.presence import touch
from tickets.desk.models import Presence

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def nobody_is_there(db: None) -> None:
    """Sockets of other tests really were there."""
    Presence.objects.all().delete()


@pytest.fixture
def bo(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.bo)


def mine(cast: Cast) -> Presence:
    return Presence.objects.get(person=cast.bo, agency=cast.north)


def test_desk_says_that_one_takes_chats(cast: Cast, bo: Client) -> None:
    answer = bo.post("/desk/presence/", {"status": "online"}, headers=HTMX)
    assert (answer.status_code, mine(cast).status) == (200, "online")
    assert b'id="presence"' in answer.content
    assert b'data-status="online"' in answer.content
    assert bo.post("/desk/presence/", {"status": "away"})["Location"] == "/"
    assert (mine(cast).status, mine(cast).back_at) == ("away", None)


@pytest.mark.parametrize("minutes", [5, 15, 30, 60])
def test_who_says_when_they_are_back_is_away(cast: Cast, bo: Client, minutes: int) -> None:
    before = database_now()
    answer = bo.post("/desk/presence/", {"back_in": str(minutes)}, headers=HTMX)
    assert b"back in" in answer.content
    assert mine(cast).status == "away"
    back = mine(cast).back_at
    assert back is not None
    assert timedelta(minutes=minutes) <= back - before < timedelta(minutes=minutes, seconds=10)
    bo.post("/desk/presence/", {"status": "online"})
    assert mine(cast).back_at is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": "asleep"}, "status"),
        ({"back_in": "0"}, "back_in"),
        ({"back_in": "-5"}, "back_in"),
        ({"back_in": "1441"}, "back_in"),
        ({"back_in": "soon"}, "back_in"),
        ({"status": "x" * 99}, "status"),
    ],
)
def test_what_is_no_state_is_refused(cast: Cast, bo: Client, body: dict[str, str], field: str) -> None:
    answer = bo.post("/desk/presence/", body, headers=HTMX)
    assert answer.status_code == 400
    assert f'data-field="{field}"'.encode() in answer.content
    assert not Presence.objects.filter(person=cast.bo).exists()


def test_stores_host_takes_no_chats(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.bo, "store-a.localhost")
    assert client.post("/desk/presence/", {"status": "online"}).status_code == 404
    assert b'id="presence"' not in client.get("/").content
    assert not Presence.objects.exists()


def test_losses_are_told_until_they_were_heard_of(cast: Cast, bo: Client) -> None:
    touch(cast.caller(cast.bo), now=database_now())
    Presence.objects.update(taken_back=3)
    for path in ("/", "/desk/queue/"):
        assert b"3 tickets of yours were passed on" in bo.get(path).content
    answer = bo.post("/desk/presence/", {"heard": "1"}, headers=HTMX)
    assert b"passed on" not in answer.content
    assert b"passed on" not in bo.get("/").content
    assert mine(cast).status == "online"


def test_colleagues_see_who_is_there_and_sellers_do_not(cast: Cast, bo: Client, sign_in: SignIn) -> None:
    bo.post("/desk/presence/", {"back_in": "30"})
    page = sign_in(cast.ann).get("/desk/store-a/1/", headers=HTMX).content
    assert b"Away, back in" in page
    seller = sign_in(cast.di, "store-a.localhost").get("/desk/store-a/1/", headers=HTMX).content
    assert b"Away" not in seller
    assert b"data-status" not in seller


def test_who_has_no_desk_open_is_shown_as_gone(cast: Cast, sign_in: SignIn) -> None:
    touch(cast.caller(cast.bo), now=database_now() - timedelta(minutes=2))
    assert b"Not at a desk" in sign_in(cast.ann, NORTH_HOST).get("/desk/store-a/1/", headers=HTMX).content
