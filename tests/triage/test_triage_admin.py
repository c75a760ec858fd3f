"""The page of triage in the agency's admin."""

from __future__ import annotations

import pytest

from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tickets.triage.keys import key_of, mark_of
from tickets.triage.models import Learner, Subject, Version

PAGE = "/admin/triage/"


def version(cast: Cast, number: int, **more: object) -> Version:
    figures = {"stores": 2, "taught": 400, "held_out": 100, "right": 91, "right_by_rule": 60, "is_good": True}
    labels = [["size", 60, 58, 55], ["refund", 40, 42, 36]]
    made = {"by_label": labels, "left_out": {"usage": 4}, "features": 900, "size": 20480, "data": b"x"}
    mark = mark_of(key_of(cast.north.pk))
    return Version.objects.create(
        agency=cast.north,
        number=number,
        made_at=NOON,
        key_mark=mark,
        **{"subject": "category", **figures, **made, **more},
    )


def test_nothing_learned_says_what_is_needed(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.ann).get(PAGE).text
    assert "200 more closed tickets" in page
    assert "200 more moods" in page
    assert page.count("The rules alone") == 2


def test_few_moods_say_which_and_how_many_more(cast: Cast, sign_in: SignIn) -> None:
    told = {"told": "too_few", "begun_at": NOON, "examples": 160, "found": {"unhappy": 152, "pleased": 8}, "beside": 3}
    Learner.objects.create(agency=cast.north, subject=Subject.MOOD, **told)
    page = sign_in(cast.ann).get(PAGE).text.partition('id="mood"')[2]
    assert "40 more moods that people say are needed, of 200" in page
    assert "pleased 8 · 12 more needed" in page
    assert "unhappy 152</span>" in page
    assert "3 buyers’ comments" in page


def test_each_subject_has_versions_of_its_own(cast: Cast, sign_in: SignIn) -> None:
    for number in range(1, 26):
        version(cast, number)
    version(cast, 1, subject="mood", right=95, by_label=[["unhappy", 60, 58, 57], ["pleased", 40, 42, 38]])
    page = sign_in(cast.ann).get(PAGE).text
    assert "Version 25: 91.0 %" in page
    assert "Version 1: 95.0 %" in page.partition('id="mood"')[2]
    assert ">pleased</th>" in page


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
    assert ann.post(PAGE, {"subject": "mood", "do": "learn"}).status_code == 302
    assert Learner.objects.get(agency=cast.north).asked_at is not None
    ann.post(PAGE, {"subject": "mood", "do": "threshold", "threshold": "90"})
    ann.post(PAGE, {"subject": "mood", "do": "off"})
    learner = Learner.objects.get(agency=cast.north)
    assert (learner.subject, learner.is_on, learner.threshold) == ("mood", False, 90)
    assert "Switch on" in ann.get(PAGE).text
    assert not Learner.objects.filter(agency=cast.south).exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"do": "learn"},
        {"do": "learn", "subject": "weather"},
        {"do": "x", "subject": "mood"},
        {"do": "threshold", "threshold": "-1", "subject": "mood"},
        {"do": "threshold", "threshold": "49", "subject": "category"},
    ],
)
def test_what_means_nothing_is_refused(cast: Cast, sign_in: SignIn, body: dict[str, str]) -> None:
    assert sign_in(cast.ann).post(PAGE, body).status_code == 400
    assert not Learner.objects.exists()


def test_another_agency_sees_nothing_of_it(cast: Cast, sign_in: SignIn) -> None:
    version(cast, 1)
    assert "Version 1" not in sign_in(cast.cy, "south.localhost").get(PAGE).text
