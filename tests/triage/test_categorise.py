"""The desk: chips of triage, and a person who says what a ticket is about."""

from __future__ import annotations

import json

import pytest

from tenants.context import in_store
from tests.cast import Cast
from tests.conftest import SignIn
from tests.scenes import buyer_writes
from tickets.models import Ticket
from tickets.models.event import CATEGORISED
from tickets.triage.jobs import triage_agency

HTMX = {"HX-Request": "true"}


@pytest.fixture
def number(cast: Cast) -> int:
    with in_store(cast.a):
        made = buyer_writes("c-1", "太差了，收到就破损，用了过敏").ticket_number
    triage_agency(cast.north.pk)
    return made


def test_queue_shows_what_triage_says(cast: Cast, sign_in: SignIn, number: int) -> None:
    page = sign_in(cast.bo).get("/desk/queue/").text
    row = page.partition(f'id="r-{cast.a.pk}-{number}"')[2].partition("</li>")[0]
    assert all(f"chip told {kind}" in row for kind in ("at-risk", "unhappy"))
    assert ">quality</span>" in row
    assert "EN</span>" not in row


def test_facts_say_why_and_history_too(cast: Cast, sign_in: SignIn, number: int) -> None:
    page = sign_in(cast.bo).get(f"/desk/store-a/{number}/").text
    assert "because of: 破损" in page
    assert "Triage: quality" in page


def test_correction_is_written_down_with_its_author_and_can_be_undone(cast: Cast, sign_in: SignIn, number: int) -> None:
    bo, url = sign_in(cast.bo), f"/desk/store-a/{number}/category/"
    said = bo.post(url, {"category": "refund", "was": "quality"}, headers=HTMX)
    undo = json.loads(said["HX-Trigger"])["toast"]
    with in_store(cast.a):
        event = Ticket.objects.get(pk=number).events.filter(kind=CATEGORISED).latest("pk")
        assert (event.actor, event.before, event.after) == (cast.bo, {"category": "quality"}, {"category": "refund"})
    assert bo.post(url, {"category": "size", "was": "quality"}, headers=HTMX).status_code == 409
    assert bo.post(undo["undo"], undo["undo_fields"], headers=HTMX).status_code == 200
    with in_store(cast.a):
        assert Ticket.objects.get(pk=number).category == "quality"
    assert (
        "because of"
        not in bo.get(f"/desk/store-a/{number}/").text.partition('id="category"')[2].partition("</form>")[0]
    )


def test_agreeing_is_offered_until_somebody_has(cast: Cast, sign_in: SignIn, number: int) -> None:
    bo, url = sign_in(cast.bo), f"/desk/store-a/{number}/"
    assert "that is right" in bo.get(url).text
    bo.post(url + "category/", {"category": "quality", "was": "quality"})
    page = bo.get(url).text
    assert "that is right" not in page.partition('id="category"')[2].partition("</form>")[0]
    assert "agreed: quality" in page


def test_seller_sees_it_and_says_nothing(cast: Cast, sign_in: SignIn, number: int) -> None:
    di = sign_in(cast.di, "store-a.localhost")
    page = di.get(f"/desk/store-a/{number}/").text
    assert "/category/" not in page
    assert di.post(f"/desk/store-a/{number}/category/", {"category": "size"}).status_code == 403
