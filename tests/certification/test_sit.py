"""Sitting: one at a time, by the server's clock, in two tabs, handed in twice; nothing is told before its end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenants.errors import Conflict, Invalid, NotFound
from tests.cast import NOON, Cast
from tests.certification.scenes import fails, make_exam, passes, question_of, right_answers, sit
from tickets.certification.actions.set_question import switch_question
from tickets.certification.actions.sit import MovedOn, begin, end_if_over, follow, hand_in, save_answer
from tickets.certification.models import Certificate, Question, Sitting
from tickets.certification.queries.results import bank_lines
from tickets.certification.queries.sittings import my_exams, needs_everywhere, paper_of

MINUTE = timedelta(minutes=1)


def test_a_second_begin_is_the_same_sitting(cast: Cast) -> None:
    exam = make_exam(cast)
    first = sit(exam, cast.bo)
    again = sit(exam, cast.bo, NOON + MINUTE)
    assert (again.pk, again.asked, again.until) == (first.pk, first.asked, NOON + 20 * MINUTE)


def test_what_was_drawn_stays_when_the_bank_changes(cast: Cast) -> None:
    exam = make_exam(cast, asks=2)
    sitting = sit(exam, cast.bo)
    Question.objects.filter(exam=exam).update(text_en="Other", choices=[])
    assert len(Sitting.objects.get(pk=sitting.pk).asked) == 2
    assert "Other" not in str(Sitting.objects.get(pk=sitting.pk).asked)


def test_passed_gives_one_certificate_however_often_it_is_handed_in(cast: Cast) -> None:
    exam = make_exam(cast)
    sitting = sit(exam, cast.bo)
    answers = right_answers(sitting)
    for _time in range(2):
        ended = hand_in(exam.agency_id, sitting.pk, answers=answers, seen=0, by=cast.bo, now=NOON + MINUTE)
        assert (ended.per_cent, ended.passed, ended.ended_at) == (100, True, NOON + MINUTE)
        answers = {}
    certificate = Certificate.objects.get()
    assert (certificate.person_id, certificate.learnt_at) == (cast.bo.pk, NOON)
    with pytest.raises(Conflict, match="it holds"):
        sit(exam, cast.bo, NOON + MINUTE)


def test_a_failed_try_waits(cast: Cast) -> None:
    exam = make_exam(cast)
    assert fails(exam, cast.bo).passed is False
    with pytest.raises(Conflict):
        sit(exam, cast.bo, NOON + 59 * MINUTE)
    assert sit(exam, cast.bo, NOON + 60 * MINUTE).begun_at == NOON + 60 * MINUTE
    assert not Certificate.objects.exists()


def test_time_over_counts_what_was_saved_in_it(cast: Cast) -> None:
    exam = make_exam(cast)
    sitting = sit(exam, cast.bo)
    answers = right_answers(sitting)
    for place in (0, 1):
        save_answer(
            exam.agency_id, sitting.pk, place=place, chosen=answers[place], seen=place, by=cast.bo, now=NOON + MINUTE
        )
    late = NOON + 20 * MINUTE
    kept, _moved = save_answer(exam.agency_id, sitting.pk, place=2, chosen=answers[2], seen=2, by=cast.bo, now=late)
    assert (kept.ended_at, kept.per_cent, kept.passed) == (late, 66, True)
    ended = hand_in(exam.agency_id, sitting.pk, answers=answers, seen=2, by=cast.bo, now=late + MINUTE)
    assert ended.per_cent == 66, "what came after the time does not count"


def test_who_left_gets_what_was_saved(cast: Cast) -> None:
    exam = make_exam(cast)
    sitting = sit(exam, cast.bo)
    assert follow(NOON + 19 * MINUTE) == 0
    assert follow(NOON + 25 * MINUTE) == 1
    assert follow(NOON + 25 * MINUTE) == 0
    sitting.refresh_from_db()
    assert (sitting.ended_at, sitting.per_cent, sitting.passed) == (NOON + 20 * MINUTE, 0, False)
    assert end_if_over(exam.agency_id, sitting.pk, by=cast.bo, now=NOON + 30 * MINUTE).ended_at == sitting.ended_at


def test_two_tabs_lose_no_answer(cast: Cast) -> None:
    exam = make_exam(cast)
    sitting = sit(exam, cast.bo)
    right = right_answers(sitting)

    def saved(place: int, seen: int) -> bool:
        now = NOON + MINUTE
        return save_answer(
            exam.agency_id, sitting.pk, place=place, chosen=right[place], seen=seen, by=cast.bo, now=now
        )[1]

    assert saved(0, 0) is False
    assert saved(1, 0) is True, "the second tab has not seen the first one's answer"
    with pytest.raises(MovedOn):
        hand_in(exam.agency_id, sitting.pk, answers={0: [], 1: right[1]}, seen=1, by=cast.bo, now=NOON + MINUTE)
    sitting.refresh_from_db()
    assert sitting.ended_at is None
    assert sitting.answers == {"0": right[0], "1": right[1]}
    ended = hand_in(exam.agency_id, sitting.pk, answers=right, seen=2, by=cast.bo, now=NOON + MINUTE)
    assert ended.per_cent == 100


def test_anothers_sitting_is_not_there(cast: Cast) -> None:
    exam = make_exam(cast)
    sitting = sit(exam, cast.bo)
    for agency, who in ((cast.north.pk, cast.ann), (cast.south.pk, cast.bo), (cast.south.pk, cast.cy)):
        with pytest.raises(NotFound):
            save_answer(agency, sitting.pk, place=0, chosen=[0], seen=0, by=who, now=NOON)
        with pytest.raises(NotFound):
            hand_in(agency, sitting.pk, answers={}, seen=0, by=who, now=NOON)


@pytest.mark.parametrize(("place", "chosen"), [(3, [0]), (-1, [0]), (0, [9])])
def test_what_is_no_answer_is_refused(cast: Cast, place: int, chosen: list[int]) -> None:
    exam = make_exam(cast)
    sitting = sit(exam, cast.bo)
    with pytest.raises(Invalid):
        save_answer(exam.agency_id, sitting.pk, place=place, chosen=chosen, seen=0, by=cast.bo, now=NOON)
    at = next(place for place, one in enumerate(sitting.asked) if one["kind"] == "single")
    with pytest.raises(Invalid):
        save_answer(exam.agency_id, sitting.pk, place=at, chosen=[0, 1], seen=0, by=cast.bo, now=NOON)
    assert Sitting.objects.get().answers == {}


def test_the_paper_tells_nothing_before_its_end(cast: Cast) -> None:
    exam = make_exam(cast)
    sitting = sit(exam, cast.bo)
    before = paper_of(sitting, now=NOON)
    assert {choice.is_right for line in before.questions for choice in line.choices} == {None}
    assert "SECRET-WHY" not in repr(before)
    assert {line.was_right for line in before.questions} == {None}
    ended = hand_in(exam.agency_id, sitting.pk, answers={}, seen=0, by=cast.bo, now=NOON)
    after = paper_of(ended, now=NOON)
    assert {choice.is_right for line in after.questions for choice in line.choices} == {True, False}
    assert "SECRET-WHY" in repr(after)


def test_not_open_is_not_begun(cast: Cast) -> None:
    exam = make_exam(cast, state="draft")
    with pytest.raises(Conflict):
        begin(exam, needs_everywhere(exam), by=cast.bo, now=NOON)


def test_figures_of_a_question_begin_anew_with_its_meaning(cast: Cast) -> None:
    exam = make_exam(cast)
    passes(exam, cast.bo)
    fails(exam, cast.ann)
    assert {(line.asked, line.per_cent) for line in bank_lines(exam)} == {(2, 50)}
    Question.objects.filter(exam=exam, kind="truth").update(changed_at=NOON + MINUTE)
    assert {line.question.kind: line.asked for line in bank_lines(exam)} == {"single": 2, "multiple": 2, "truth": 0}


def test_as_many_questions_stay_on_as_are_drawn(cast: Cast) -> None:
    exam = make_exam(cast)
    with pytest.raises(Conflict):
        switch_question(question_of(exam), False, by=cast.ann, now=NOON)


def test_my_exams_are_those_of_my_stores(cast: Cast) -> None:
    mine, _other = make_exam(cast), make_exam(cast, stores=(cast.b,))
    make_exam(cast, state="draft")
    lines = my_exams(cast.north.pk, cast.bo.pk, [cast.a], now=NOON)
    assert [(line.pk, line.state) for line in lines] == [(mine.pk, "new")]
    sit(mine, cast.bo)
    assert my_exams(cast.north.pk, cast.bo.pk, [cast.a], now=NOON)[0].state == "under_way"
    assert my_exams(cast.north.pk, cast.ann.pk, [cast.a], now=NOON)[0].state == "new"
