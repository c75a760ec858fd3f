"""save_question: one of an exam's bank. switch_question: whether it is drawn. Sittings keep what they have drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actions.log_change import Seen, log_change, require_unchanged
from tenants.errors import Conflict, Invalid
from tenants.models import User
from tickets.certification.models import Exam, Question
from tickets.certification.queries.exams import SopName, count_on, sops_of_exam
from tickets.characters import is_keepable

MOST_CHOICES: Final = 6
MOST_QUESTIONS: Final = 1000
MOST_LETTERS: Final = {"text_zh": 1000, "text_en": 1000, "why_zh": 2000, "why_en": 2000}
CHOICE_LETTERS: Final = 300
FIELDS: Final = ("kind", "text_zh", "text_en", "choices", "why_zh", "why_en", "sop_id", "step")
MEANING: Final = ("kind", "text_zh", "text_en", "choices")

Kind = Question.Kind


@dataclass(frozen=True)
class Choice:
    zh: str
    en: str
    is_right: bool


@dataclass(frozen=True)
class Wanted:
    """A question as somebody wrote it. `choices` of true or false: the two, the true one first."""

    kind: str
    text_zh: str
    text_en: str
    choices: tuple[Choice, ...]
    why_zh: str = ""
    why_en: str = ""
    sop: int | None = None
    step: str = ""

    def columns(self) -> dict[str, Any]:
        choices = [{"zh": one.zh, "en": one.en, "is_right": one.is_right} for one in self.choices]
        plain = {name: getattr(self, name) for name in ("kind", "text_zh", "text_en", "why_zh", "why_en", "step")}
        return {**plain, "choices": choices, "sop_id": self.sop}


def true_or_false(is_true: bool) -> tuple[Choice, ...]:
    return Choice("正确", "True", is_true), Choice("错误", "False", not is_true)


def check_question(wanted: Wanted, sops: Sequence[SopName]) -> None:
    """Raises Invalid with the field at fault: text_zh, choice.2, right, sop …"""
    if wanted.kind not in Kind.values:
        raise Invalid(field="kind")
    if not wanted.text_zh and not wanted.text_en:
        raise Invalid(_("Write the question in one of the languages."), field="text_zh")
    for name, most in MOST_LETTERS.items():
        if not is_keepable(getattr(wanted, name)):
            raise Invalid(_("This text has a character that can't be kept."), field=name)
        if len(getattr(wanted, name)) > most:
            raise Invalid(_("longer than %(most)d letters.") % {"most": most}, field=name)
    _check_choices(wanted)
    steps = {sop.pk: sop.steps for sop in sops}
    if wanted.sop is not None and wanted.sop not in steps:
        raise Invalid(_("The exam is not about this SOP."), field="sop")
    if wanted.step and (wanted.sop is None or wanted.step not in steps[wanted.sop]):
        raise Invalid(_("The SOP has no such step."), field="sop")


def _check_choices(wanted: Wanted) -> None:
    if not 2 <= len(wanted.choices) <= MOST_CHOICES:
        raise Invalid(_("Two to %(most)d choices are needed.") % {"most": MOST_CHOICES}, field="choice.1")
    seen: set[tuple[str, str]] = set()
    for place, choice in enumerate(wanted.choices, start=1):
        if not is_keepable(choice.zh + choice.en):
            raise Invalid(_("This text has a character that can't be kept."), field=f"choice.{place}")
        if max(len(choice.zh), len(choice.en)) > CHOICE_LETTERS:
            raise Invalid(_("longer than %(most)d letters.") % {"most": CHOICE_LETTERS}, field=f"choice.{place}")
        if (choice.zh, choice.en) in seen:
            raise Invalid(_("This choice is there twice."), field=f"choice.{place}")
        seen.add((choice.zh, choice.en))
        if not _reads_everywhere(choice, wanted.choices):
            raise Invalid(_("Write each choice in the same languages."), field=f"choice.{place}")
    right = sum(choice.is_right for choice in wanted.choices)
    if not right:
        raise Invalid(_("Say which choice is right."), field="right")
    if right > 1 and wanted.kind != Kind.MULTIPLE:
        raise Invalid(_("Only one can be right here; or choose “one or more are right”."), field="right")


def _reads_everywhere(choice: Choice, choices: Sequence[Choice]) -> bool:
    """Or a reader would see some choices in one language and some in the other."""
    return all(bool(getattr(choice, name)) == bool(getattr(choices[0], name)) for name in ("zh", "en"))


@transaction.atomic
def save_question(
    exam: Exam, question: Question | None, wanted: Wanted, *, by: User, now: datetime, seen: Seen | None = None
) -> Question:
    """Raises Invalid; Conflict, also where what was `seen` has changed. What changes a question's meaning begins its
    figures anew.
    """
    if question is not None and seen is not None:
        require_unchanged(question, agency_id=exam.agency_id, seen=seen)
    check_question(wanted, sops_of_exam(exam))
    if question is None:
        _room_for(exam, 1)
    else:  # as it stands now: it may have been switched off since the page was read
        question = Question.objects.select_for_update(no_key=True).get(pk=question.pk)
    before = _as_logged(question) if question else {}
    question = question or Question(agency_id=exam.agency_id, exam=exam, changed_at=now)
    columns = wanted.columns()
    if any(getattr(question, name) != columns[name] for name in MEANING):
        question.changed_at = now
    for name, value in columns.items():
        setattr(question, name, value)
    question.save()
    after = _as_logged(question)
    log_change(
        question, agency_id=exam.agency_id, by=by, now=now, before=before, after=after, title=str(question)[:200]
    )
    return question


@transaction.atomic
def add_questions(exam: Exam, wanted: Sequence[Wanted], *, by: User, now: datetime) -> list[Question]:
    """Many that were checked, as one act in the exam's history. Raises Conflict where there would be too many."""
    _room_for(exam, len(wanted))
    rows = [Question(agency_id=exam.agency_id, exam=exam, changed_at=now, **one.columns()) for one in wanted]
    made = Question.objects.bulk_create(rows)
    if made:
        log_change(exam, agency_id=exam.agency_id, by=by, now=now, kind="imported", after={"questions": len(made)})
    return made


def _room_for(exam: Exam, more: int) -> None:
    Exam.objects.select_for_update(no_key=True).get(pk=exam.pk)  # of two who write at once, the second counts
    if Question.objects.filter(exam=exam).count() + more > MOST_QUESTIONS:
        raise Conflict(_("An exam has at most %(most)d questions.") % {"most": MOST_QUESTIONS})


@transaction.atomic
def switch_question(question: Question, is_on: bool, *, by: User, now: datetime) -> None:
    """Raises Conflict where an exam that can be taken would have too few of them."""
    exam = Exam.objects.select_for_update(no_key=True).get(pk=question.exam_id)
    question = Question.objects.select_for_update(no_key=True).get(pk=question.pk)
    if question.is_on == is_on:
        return
    if not is_on and exam.state in (Exam.State.OPEN, Exam.State.ASKED) and count_on(exam) <= exam.asks:
        raise Conflict(_("A sitting draws %(asks)d questions: so many must stay on.") % {"asks": exam.asks})
    question.is_on = is_on
    question.save(update_fields=["is_on"])
    title = str(question)[:200]
    before, after = {"is_on": not is_on}, {"is_on": is_on}
    log_change(question, agency_id=exam.agency_id, by=by, now=now, before=before, after=after, title=title)


def _as_logged(question: Question) -> Mapping[str, Any]:
    return {name: getattr(question, name) for name in FIELDS}
