"""plan_questions: what a file would do to a bank, without doing it. import_questions: that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tenants.models import User
from tickets.certification.actions.set_question import add_questions, save_question
from tickets.certification.files import Line
from tickets.certification.models import Exam, Question
from tickets.certification.queries.exams import bank


@dataclass(frozen=True)
class Plan:
    """`new` will be added; of `changed` the question is there, and something else of it differs; `same` as they are."""

    new: tuple[Line, ...]
    changed: tuple[tuple[Line, Question], ...]
    same: int


def plan_questions(exam: Exam, lines: Sequence[Line]) -> Plan:
    """A question is known by its text. The same file twice has one effect; nothing goes. One query."""
    there = {(question.text_zh, question.text_en): question for question in bank(exam)}
    new, changed, same = [], [], 0
    for line in lines:
        question = there.get((line.wanted.text_zh, line.wanted.text_en))
        if question is None:
            new.append(line)
        elif any(getattr(question, name) != value for name, value in line.wanted.columns().items()):
            changed.append((line, question))
        else:
            same += 1
    return Plan(tuple(new), tuple(changed), same)


@transaction.atomic
def import_questions(exam: Exam, lines: Sequence[Line], *, by: User, now: datetime) -> Plan:
    """What was done. Raises Conflict where there would be too many; nothing is done then."""
    Exam.objects.select_for_update(no_key=True).get(pk=exam.pk)
    plan = plan_questions(exam, lines)
    for line, question in plan.changed:
        save_question(exam, question, line.wanted, by=by, now=now)
    add_questions(exam, [line.wanted for line in plan.new], by=by, now=now)
    return plan
