"""The seller's page on the store's host: is my store safe, with nobody's name in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.conftest import SignIn
from tests.reports.scenes import answers, asks, counted
from tests.reports.test_pages import A_HOST, opens_what_it_says
from tickets.desk.models import QueueEntry


def works(cast: Cast, seconds: int) -> None:
    """Five buyers of store A, each answered so late; nobody waits any more."""
    at = timezone.now() - timedelta(hours=2)
    for index in range(5):
        number = asks(cast.a, f"n{index}-1", at=at)
        answers(cast.a, number, by=cast.ann, at=at + timedelta(seconds=seconds))
    answers(cast.a, 1, by=cast.ann, at=timezone.now())
    counted(at=timezone.now())


@pytest.mark.parametrize(("seconds", "verdict"), [(5, "safe"), (50, "weak")])
def test_verdict(cast: Cast, sign_in: SignIn, seconds: int, verdict: str) -> None:
    works(cast, seconds)
    page = sign_in(cast.di, A_HOST).get("/numbers/?period=7")
    assert page.context["verdict"] == verdict
    assert b"Ann" not in page.content
    assert b"Lily" not in page.content
    assert opens_what_it_says(sign_in(cast.di, A_HOST), page.content.decode()) > 5


def test_who_waits_too_long_comes_first(cast: Cast, sign_in: SignIn) -> None:
    works(cast, 5)
    asks(cast.a, "z-1", at=timezone.now() - timedelta(hours=1))
    counted(at=timezone.now())
    part = sign_in(cast.di, A_HOST).get("/numbers/now/")
    assert part.context["verdict"] == "late"
    assert (
        part.context["line"].overdue == QueueEntry.objects.filter(store=cast.a, due_at__lt=timezone.now()).count() == 1
    )


def test_store_without_anything(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.ann, "store-b.localhost").get("/numbers/?period=today")
    assert page.status_code == 200
    assert page.context["report"].whole.sums.opened == 0


def test_numbers_are_the_sellers_and_the_leads(cast: Cast, sign_in: SignIn) -> None:
    counted(at=timezone.now())
    for path in ("/numbers/", "/numbers/now/", "/numbers/tickets/", "/numbers/file/"):
        assert sign_in(cast.di, A_HOST).get(path).status_code == 200
        assert sign_in(cast.ann, A_HOST).get(path).status_code == 200
        assert sign_in(cast.bo, A_HOST).get(path).status_code == 403
        assert sign_in(None, A_HOST).get(path).status_code == 302
        assert sign_in(cast.ann).get(path).status_code == 404
    assert b'href="/numbers/"' in sign_in(cast.di, A_HOST).get("/").content
    assert b'href="/numbers/"' not in sign_in(cast.bo, A_HOST).get("/").content


def test_another_stores_numbers_are_not_here(cast: Cast, sign_in: SignIn) -> None:
    asks(cast.b, "x-1", at=timezone.now())
    counted(at=timezone.now())
    page = sign_in(cast.ann, A_HOST).get("/numbers/?store=store-b")
    assert page.context["report"].whole.sums.opened == 0
    assert sign_in(cast.di, A_HOST).get("/numbers/tickets/?store=store-b").context["tickets"].total == 0
