"""The pages: every number opens as many tickets as it says, and nobody sees another's."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import SOUTH_HOST, Cast
from tests.conftest import SignIn
from tests.reports.scenes import answers, asks, closes, counted

A_HOST = "store-a.localhost"


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """Some days in stores A, B and C."""
    now = timezone.now()
    for store, by, many in ((cast.a, cast.ann, 5), (cast.b, cast.ann, 3), (cast.c, cast.cy, 7)):
        for index in range(many):
            at = now - timedelta(days=index, minutes=5)
            number = asks(store, f"{store.slug[-1]}{index}-1", at=at, category=("size", "")[index % 2])
            if index != 1:
                answers(store, number, by=by, at=at + timedelta(seconds=10 + index * 15))
            if index == 2:
                closes(store, number, by=by, at=at + timedelta(minutes=3))
                asks(store, f"{store.slug[-1]}{index}-2", at=at + timedelta(minutes=4))
    counted(at=now)
    return cast


LINK = re.compile(r'<a href="(/[^"]*measure=[^"]*)">([\d,\xa0 ]+)</a>')


def opens_what_it_says(client: Client, page: str) -> int:
    """Follows every number of a page. Returns how many there were."""
    links = set(LINK.findall(page))
    for link, number in links:
        answer = client.get(unescape(link))
        assert answer.status_code == 200, link
        assert answer.context["tickets"].total == int(re.sub(r"\D", "", number)), link
    return len(links)


@pytest.mark.parametrize("query", ["", "?period=7&by=day", "?by=channel", "?by=category&period=90", "?store=store-a"])
def test_every_number_opens_its_tickets(busy: Cast, sign_in: SignIn, query: str) -> None:
    client = sign_in(busy.ann)
    page = client.get(f"/admin/report/{query}")
    assert page.status_code == 200
    assert opens_what_it_says(client, page.content.decode()) >= 10


def test_fleet_numbers_open_their_tickets(busy: Cast, sign_in: SignIn) -> None:
    client = sign_in(busy.ann)
    for path in ("/admin/", "/admin/fleet/?order=name", "/admin/fleet/?order=-usual&q=store"):
        page = client.get(path)
        assert page.status_code == 200
        assert opens_what_it_says(client, page.content.decode()) >= 3
    assert client.get("/admin/fleet/", headers={"HX-Request": "true"}).content.lstrip().startswith(b"<section")


def whole(answer: Any) -> tuple[int, ...]:
    return answer.context["report"].whole.sums.counts()


def test_each_sees_their_own(busy: Cast, sign_in: SignIn) -> None:
    ann, cy = sign_in(busy.ann), sign_in(busy.cy, SOUTH_HOST)
    assert whole(ann.get("/admin/report/"))[0] == 5 + 3 + 2 + 2  # two reopened, and the cast's own
    assert whole(cy.get("/admin/report/"))[0] == 7 + 1 + 1
    assert whole(ann.get("/admin/report/?store=store-c"))[0] == 0
    assert sign_in(busy.bo).get("/admin/report/").status_code == 403
    assert sign_in(busy.cy).get("/admin/report/").status_code == 404
    assert ann.get("/admin/report/tickets/?store=store-c&measure=opened").context["tickets"].total == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-13-01", "from"),
        ("from=2026-02-01&to=2026-01-01", "to"),
        ("from=1900-01-01&to=1900-01-02", "from"),
        ("from=2024-01-01&to=2026-01-01", "from"),
        ("period=3", "period"),
        ("by=agent", "by"),
        ("order=password", "order"),
        ("marketplace=x", "marketplace"),
        ("page=0", "page"),
        ("page=٣", "page"),
        ("page=-1", "page"),
    ],
)
def test_bad_input_names_its_field(busy: Cast, sign_in: SignIn, query: str, field: str) -> None:
    answer = sign_in(busy.ann).get(f"/admin/report/?{query}")
    assert answer.status_code == 400
    assert answer.context["error"]["field"] == field


def test_page_beyond_the_last_is_the_last(busy: Cast, sign_in: SignIn) -> None:
    assert sign_in(busy.ann).get("/admin/report/?page=999").context["report"].page == 1
