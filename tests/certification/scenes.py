"""An exam about an SOP, in store A unless it says otherwise; and people who sit it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tenants.models import User
from tests.cast import NOON, Cast
from tickets.certification.actions.set_exam import save_exam, set_state
from tickets.certification.actions.set_question import Choice, Wanted, add_questions, true_or_false
from tickets.certification.actions.sit import begin, hand_in
from tickets.certification.models import Exam, Question, Sitting
from tickets.certification.queries.sittings import needs_everywhere

VALUES: dict[str, Any] = {
    "name_zh": "上岗",
    "name_en": "Entry",
    "all_stores": False,
    "asks": 3,
    "pass_mark": 60,
    "minutes": 20,
    "wait_minutes": 60,
    "sops": [],
}
YES_NO = (Choice("是", "yes", True), Choice("否", "no", False))
THREE = (Choice("甲", "a", True), Choice("乙", "b", True), Choice("丙", "c", False))
WANTED = (
    Wanted("single", "包邮吗？", "Free postage?", YES_NO, "", "SECRET-WHY"),
    Wanted("multiple", "谁审批？", "Who signs?", THREE),
    Wanted("truth", "可以加微信。", "WeChat is fine.", true_or_false(False)),
)


def make_exam(cast: Cast, *, stores: Any = None, state: str = "asked", by: User | None = None, **more: Any) -> Exam:
    """Three questions, all of them asked; two must be right."""
    by = by or cast.ann
    agency = (cast.south if by == cast.cy else cast.north).pk
    chosen = [store.pk for store in stores or ((cast.c,) if by == cast.cy else (cast.a,))]
    exam = save_exam(agency, None, {**VALUES, "stores": chosen, **more}, by=by, now=NOON)
    add_questions(exam, WANTED, by=by, now=NOON)
    for one in ("open", "asked") if state == "asked" else ((state,) if state != "draft" else ()):
        exam = set_state(exam, one, by=by, now=NOON)
    return exam


def sit(exam: Exam, person: User, at: datetime = NOON) -> Sitting:
    return begin(exam, needs_everywhere(exam), by=person, now=at)


def right_answers(sitting: Sitting) -> dict[int, list[int]]:
    return {place: one["right"] for place, one in enumerate(sitting.asked)}


def passes(exam: Exam, person: User, at: datetime = NOON) -> Sitting:
    sitting = sit(exam, person, at)
    answers = right_answers(sitting)
    return hand_in(exam.agency_id, sitting.pk, answers=answers, seen=sitting.revision, by=person, now=at)


def fails(exam: Exam, person: User, at: datetime = NOON) -> Sitting:
    sitting = sit(exam, person, at)
    return hand_in(exam.agency_id, sitting.pk, answers={}, seen=sitting.revision, by=person, now=at)


def question_of(exam: Exam, kind: str = "single") -> Question:
    return Question.objects.get(exam=exam, kind=kind)
