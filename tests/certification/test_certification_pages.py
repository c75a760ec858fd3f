"""The pages: an agent sits, is told nothing too early, and reads no answer anywhere; a lead sees who is certified."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.clock import database_now
from tests.cast import NOON, SOUTH_HOST, Cast
from tests.certification.scenes import fails, make_exam, passes, question_of, right_answers, sit
from tests.conftest import SignIn
from tickets.certification.models import Certificate, Exam, Sitting

HX = {"HX-Request": "true"}


@pytest.fixture
def bo(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.bo)


def begun(client: Client, exam: Exam) -> tuple[str, Sitting]:
    url = client.post(f"/admin/exams/{exam.pk}/")["Location"]
    return url, Sitting.objects.get(pk=int(url.rstrip("/").rpartition("/")[2]))


def filled(sitting: Sitting) -> dict[str, list[str]]:
    """The form of somebody who knows everything."""
    return {f"q.{place + 1}": [str(one) for one in right] for place, right in right_answers(sitting).items()}


def test_an_agent_sits_and_is_told_at_the_end(cast: Cast, bo: Client) -> None:
    exam = make_exam(cast)
    assert "Entry" in bo.get("/admin/exams/").content.decode()
    url, sitting = begun(bo, exam)
    page = bo.get(url).content.decode()
    assert "Time left" in page
    assert "SECRET-WHY" not in page
    assert "is-right" not in page
    assert bo.post(url, {"do": "hand_in", "seen": "0", **filled(sitting)})["Location"] == url
    page = bo.get(url).content.decode()
    assert "100 %" in page
    assert "SECRET-WHY" in page
    assert "certified" in bo.get("/admin/exams/").content.decode()


def test_an_answer_is_saved_and_is_there_after_a_reload(cast: Cast, bo: Client) -> None:
    url, sitting = begun(bo, make_exam(cast))
    value = str(right_answers(sitting)[0][0])
    answer = bo.post(url, {"do": "save", "place": "0", "seen": "0", "q.1": value}, headers=HX)
    page = answer.content.decode()
    assert "1 of 3 answered" in page
    assert 'value="1" autocomplete="off" hx-swap-oob' in page
    assert "SECRET" not in page
    assert f'name="q.1" value="{value}" checked' in bo.get(url).content.decode()


def test_a_second_tab_is_shown_what_the_first_saved(cast: Cast, bo: Client) -> None:
    url, sitting = begun(bo, make_exam(cast))
    sent = filled(sitting)
    bo.post(url, {"do": "save", "place": "0", "seen": "0", "q.1": sent["q.1"]}, headers=HX)
    answer = bo.post(url, {"do": "save", "place": "1", "seen": "0", "q.2": sent["q.2"]}, headers=HX)
    assert answer["HX-Retarget"] == "#paper"
    assert "in another tab" in answer.content.decode()
    refused = bo.post(url, {"do": "hand_in", "seen": "1", "q.3": sent["q.3"]})
    assert refused.status_code == 409
    assert "2 of 3 answered" in refused.content.decode()
    assert Sitting.objects.get().ended_at is None
    bo.post(url, {"do": "hand_in", "seen": "2", **sent})
    bo.post(url, {"do": "hand_in", "seen": "2", "q.1": []})
    assert Sitting.objects.get().per_cent == 100
    assert Certificate.objects.count() == 1


def test_over_time_the_paper_is_a_result(cast: Cast, bo: Client) -> None:
    exam = make_exam(cast)
    sitting = sit(exam, cast.bo, database_now() - timedelta(minutes=21))
    url = f"/admin/exams/sittings/{sitting.pk}/"
    answer = bo.post(url, {"do": "save", "place": "0", "seen": "0", "q.1": "0"}, headers=HX)
    assert answer["HX-Redirect"] == url
    page = bo.get(url).content.decode()
    assert "The time was over" in page
    assert "0 %" in page
    assert "minutes" in bo.post(f"/admin/exams/{exam.pk}/").content.decode(), "not again at once"


@pytest.mark.parametrize("sent", [{"seen": "x"}, {"seen": "0", "q.1": "99"}, {"seen": "0", "q.1": "-1"}])
def test_bad_answers_are_told_and_nothing_is_lost(cast: Cast, bo: Client, sent: dict[str, str]) -> None:
    url, _sitting = begun(bo, make_exam(cast))
    assert bo.post(url, {"do": "hand_in", **sent}).status_code == 400
    assert bo.post(url, {"do": "save", "place": "0", **sent}, headers=HX).status_code == 400
    assert Sitting.objects.get().ended_at is None


def test_an_agent_reads_no_answer_through_any_address(cast: Cast, bo: Client) -> None:
    exam = make_exam(cast)
    question = question_of(exam)
    here = f"/admin/certification/{exam.pk}/"
    for path in ("", "edit/", "questions/", f"questions/{question.pk}/", "questions/export/", "questions/import/"):
        answer = bo.get(here + path)
        assert answer.status_code == 403, path
        assert "SECRET" not in answer.content.decode()
    url, _sitting = begun(bo, exam)
    for path in ("/admin/exams/", f"/admin/exams/{exam.pk}/", url, "/admin/search/?s=WHY"):
        assert "SECRET" not in bo.get(path).content.decode(), path


def test_others_sittings_and_exams_are_not_there(cast: Cast, bo: Client, sign_in: SignIn) -> None:
    exam, elsewhere = make_exam(cast), make_exam(cast, stores=(cast.b,))
    south = make_exam(cast, by=cast.cy)
    anns = passes(exam, cast.ann)
    for path in (f"sittings/{anns.pk}/", f"{elsewhere.pk}/", f"{south.pk}/"):
        assert bo.get(f"/admin/exams/{path}").status_code == 404, path
        assert bo.post(f"/admin/exams/{path}", {"do": "hand_in", "seen": "0"}).status_code == 404, path
    assert sign_in(cast.cy, SOUTH_HOST).get(f"/admin/exams/sittings/{anns.pk}/").status_code == 404
    assert Sitting.objects.count() == 1


def test_a_lead_sees_who_is_certified_and_revokes(cast: Cast, sign_in: SignIn) -> None:
    exam = make_exam(cast)
    passes(exam, cast.bo)
    fails(exam, cast.ann)
    ann = sign_in(cast.ann)
    url = f"/admin/certification/{exam.pk}/"
    page = ann.get(url).content.decode()
    assert "1 of 2" in page
    assert "not passed" in page
    assert ann.post(url, {"do": "revoke", "person": cast.bo.pk})["Location"] == url
    assert Certificate.objects.get().revoked_at is not None
    assert ann.post(url, {"do": "revoke", "person": cast.bo.pk}).status_code == 404


def test_an_exam_is_written_opened_and_asked_for(cast: Cast, sign_in: SignIn) -> None:
    ann = sign_in(cast.ann)
    numbers = {"asks": "1", "pass_mark": "80", "minutes": "10", "wait_minutes": "0"}
    refused = ann.post("/admin/certification/new/", {"name_en": "First", **numbers})
    assert refused.status_code == 400
    assert 'value="First"' in refused.content.decode()
    ann.post("/admin/certification/new/", {"name_en": "First", "stores": [cast.a.pk], **numbers})
    exam = Exam.objects.get()
    here = f"/admin/certification/{exam.pk}/"
    assert "draws 1 question" in ann.post(here, {"do": "open"}).content.decode()
    typed = {"kind": "single", "text_en": "Why?", "choice.1.en": "so", "choice.2.en": "not so"}
    wrong = ann.post(f"{here}questions/new/", typed)
    assert wrong.status_code == 400
    assert 'value="not so"' in wrong.content.decode()
    ann.post(f"{here}questions/new/", {**typed, "right": "2"})
    ann.post(here, {"do": "open"})
    ann.post(here, {"do": "ask"})
    assert Exam.objects.get().state == "asked"
    assert "routing has nobody" in ann.get(here).content.decode()
    assert Exam.objects.get().questions.get().choices[1]["is_right"] is True


def test_the_desk_says_what_is_missing_and_only_there(cast: Cast, bo: Client, sign_in: SignIn) -> None:
    url = "/desk/store-a/1/"
    assert "missing-exams" not in bo.get(url).content.decode()
    exam = make_exam(cast)
    for headers in ({}, HX):
        page = bo.get(url, headers=headers).content.decode()
        assert f'href="/admin/exams/{exam.pk}/"' in page
    assert "missing-exams" not in sign_in(cast.di, "store-a.localhost").get(url).content.decode()
    passes(exam, cast.bo)
    assert "missing-exams" not in bo.get(url).content.decode()


def test_pages_cost_the_same_with_more_people_and_stores(cast: Cast, sign_in: SignIn) -> None:
    ann = sign_in(cast.ann)
    exam = make_exam(cast)
    paths = (f"/admin/certification/{exam.pk}/", f"/admin/certification/{exam.pk}/questions/", "/admin/exams/")

    def costs() -> list[int]:
        found = []
        for path in paths:
            ann.get(path)
            with CaptureQueriesContext(connection) as asked:
                ann.get(path)
            found.append(len(asked))
        return found

    passes(exam, cast.bo)
    few = costs()
    passes(make_exam(cast, all_stores=True), cast.bo, NOON)
    passes(exam, cast.ann)
    assert costs() == few
