"""A store's score on its own host: the agency's figures, for who may read them there, and nobody's name."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import NORTH_HOST, Cast
from tests.conftest import SignIn
from tests.score.test_follow import HUMAN
from tests.score.test_pages import PAGE, scored

__all__ = ["scored"]
A_HOST = "store-a.localhost"
SCORE, FILE = f"/scores/?policy={HUMAN}", f"/scores/evidence/?policy={HUMAN}"


@pytest.fixture
def di(scored: Cast, sign_in: SignIn) -> Client:
    return sign_in(scored.di, A_HOST)


def test_seller_reads_what_the_agency_reads(scored: Cast, di: Client, sign_in: SignIn) -> None:
    page, theirs = di.get(SCORE), sign_in(scored.ann, NORTH_HOST).get(f"{PAGE}{scored.a.pk}/?policy={HUMAN}")
    for name in ("total", "rounds", "hurting", "left_out", "days", "chart"):
        assert str(page.context[name]) == str(theirs.context[name])
    assert page.context["total"] == 3
    assert "50 %" in page.text
    assert "<svg" in page.text
    assert di.get(SCORE + "&verdict=missed").context["total"] == 1
    assert 'href="/scores/"' in di.get("/numbers/").text


def test_evidence_is_the_agencys_file(scored: Cast, di: Client, sign_in: SignIn) -> None:
    file = di.get(FILE)
    theirs = sign_in(scored.ann, NORTH_HOST).get(f"{PAGE}{scored.a.pk}/evidence/?policy={HUMAN}")
    assert file.content == theirs.content
    assert len(list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))) == 4
    assert di.get("/scores/evidence/?policy=no-such").status_code == 404


def test_nobody_of_the_agency_is_named(scored: Cast, di: Client) -> None:
    for path in (SCORE, FILE):
        content = di.get(path).content.decode()
        for person in (scored.ann, scored.bo):
            assert not re.search(rf"\b{person.name}\b", content)
            assert person.email not in content


@pytest.mark.parametrize("path", [SCORE, FILE])
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
def test_who_may(scored: Cast, sign_in: SignIn, path: str, who: str | None, host: str, status: int) -> None:
    person = getattr(scored, who) if who else None
    assert sign_in(person, host).get(path).status_code == status


def test_another_stores_rounds_are_not_in_reach(scored: Cast, sign_in: SignIn) -> None:
    page = sign_in(scored.ann, "store-b.localhost").get(SCORE)
    assert page.context["total"] == 0


def test_a_page_of_five_thousand_digits_is_the_last_one(scored: Cast, di: Client) -> None:
    page = di.get(SCORE, {"page": "9" * 5000})
    assert (page.status_code, page.context["page_number"]) == (200, 10_000)


def test_queries_are_few(scored: Cast, di: Client) -> None:
    di.get(SCORE)
    with CaptureQueriesContext(connection) as asked:
        di.get(SCORE)
    assert len(asked) <= 14
