"""The page of triage in the agency's admin."""

from __future__ import annotations

import pytest

from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tickets.triage.keys import key_of, mark_of
from tickets.triage.models import Learner, Version

PAGE = "/admin/triage/"


def version(cast: Cast, number: int, **more: object) -> Version:
    figures = {"stores": 2, "taught": 400, "held_out": 100, "right": 91, "right_by_rule": 60, "is_good": True}
    labels = [["size", 60, 58, 55], ["refund", 40, 42, 36]]
    made = {"by_label": labels, "left_out": {"usage": 4}, "features": 900, "size": 20480, "data": b"x"}
    mark = mark_of(key_of(cast.north.pk))
    return Version.objects.create(
        agency=cast.north, number=number, made_at=NOON, key_mark=mark, **{**figures, **made, **more}
    )


def test_nothing_learned_says_what_is_needed(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.ann).get(PAGE).text
    assert "200 closed tickets" in page
    assert "The rules alone" in page


def test_versions_and_what_they_judge(cast: Cast, sign_in: SignIn) -> None:
    version(cast, 1)
    version(cast, 2, is_good=False, right=50)
    page = sign_in(cast.ann).get(PAGE).text
    assert "Version 1: 91.0 %" in page
    assert "60.0 %" in page
    assert "usage (4)" in page
    assert "does not judge" in page
    assert "92 %" in page  # 55 of 60


def test_it_is_asked_switched_and_set(cast: Cast, sign_in: SignIn) -> None:
    ann = sign_in(cast.ann)
    assert ann.post(PAGE, {"do": "learn"}).status_code == 302
    assert Learner.objects.get(agency=cast.north).asked_at is not None
    ann.post(PAGE, {"do": "threshold", "threshold": "90"})
    ann.post(PAGE, {"do": "off"})
    learner = Learner.objects.get(agency=cast.north)
    assert (learner.is_on, learner.threshold) == (False, 90)
    assert "Switch on" in ann.get(PAGE).text
    assert not Learner.objects.filter(agency=cast.south).exists()


@pytest.mark.parametrize(
    "body", [{}, {"do": "x"}, {"do": "threshold", "threshold": "-1"}, {"do": "threshold", "threshold": "49"}]
)
def test_what_means_nothing_is_refused(cast: Cast, sign_in: SignIn, body: dict[str, str]) -> None:
    assert sign_in(cast.ann).post(PAGE, body).status_code == 400
    assert not Learner.objects.exists()


def test_another_agency_sees_nothing_of_it(cast: Cast, sign_in: SignIn) -> None:
    version(cast, 1)
    assert "Version 1" not in sign_in(cast.cy, "south.localhost").get(PAGE).text
