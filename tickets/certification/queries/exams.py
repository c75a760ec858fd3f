"""An agency's exams, their questions, and what both can be about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from knowledge.models import Item, Kind
from knowledge.queries.gate import items_for
from tenants.access import Caller
from tenants.errors import NotFound
from tenants.models import Store
from tickets.certification.models import Exam, ExamSop, ExamStore, Question, Sitting
from tickets.certification.models.exam import in_readers_language


@dataclass(frozen=True)
class ExamLine:
    pk: int
    name: str
    state: str
    state_label: str
    all_stores: bool
    stores: int
    sops: int
    questions: int  # that are on
    asks: int
    pass_mark: int
    sittings: int  # that have ended
    passed: int

    @property
    def pass_rate(self) -> int | None:
        return self.passed * 100 // self.sittings if self.sittings else None


def exam_lines(agency_id: int) -> list[ExamLine]:
    """All of them; those that are asked for first, retired ones last. One query."""

    def figure(rows: Any, counted: Any) -> Coalesce:
        of_exam = rows.filter(exam=OuterRef("pk")).order_by().values("exam").annotate(total=counted).values("total")
        return Coalesce(Subquery(of_exam, output_field=IntegerField()), 0)

    ended = Sitting.objects.filter(ended_at__isnull=False)
    exams = Exam.objects.filter(agency_id=agency_id).annotate(
        in_stores=figure(ExamStore.objects, Count("pk")),
        about=figure(ExamSop.objects, Count("pk")),
        on=figure(Question.objects.filter(is_on=True), Count("pk")),
        sat=figure(ended, Count("pk")),
        good=figure(ended, Count("pk", filter=Q(passed=True))),
    )
    order = [Exam.State.ASKED, Exam.State.OPEN, Exam.State.DRAFT, Exam.State.RETIRED]
    lines = [
        ExamLine(
            exam.pk,
            str(exam),
            exam.state,
            str(exam.get_state_display()),
            exam.all_stores,
            exam.in_stores,
            exam.about,
            exam.on,
            exam.asks,
            exam.pass_mark,
            exam.sat,
            exam.good,
        )
        for exam in exams
    ]
    return sorted(lines, key=lambda line: (order.index(Exam.State(line.state)), line.name, line.pk))


def exam_of(agency_id: int, pk: int) -> Exam:
    """Raises NotFound. One query."""
    exam = Exam.objects.filter(agency_id=agency_id, pk=pk).first()
    if exam is None:
        raise NotFound(field="exam")
    return exam


def stores_chosen(exam: Exam) -> list[int]:
    """One query."""
    return list(ExamStore.objects.filter(exam=exam).order_by("store_id").values_list("store_id", flat=True))


def names_of(stores: Collection[int]) -> dict[int, str]:
    """One query, or none."""
    return dict(Store.objects.filter(pk__in=stores).order_by("name").values_list("pk", "name")) if stores else {}


def sops_chosen(exam: Exam) -> list[int]:
    """One query."""
    return list(ExamSop.objects.filter(exam=exam).order_by("item_id").values_list("item_id", flat=True))


@dataclass(frozen=True)
class SopName:
    """An SOP and its steps, {key: title}, as its latest version has them."""

    pk: int
    title: str
    steps: Mapping[str, str]


def sops_to_choose(caller: Caller, also: Collection[int] = ()) -> list[tuple[int, str]]:
    """Every SOP that has a version and that the caller may see, by its title; `also` what was chosen, and archived
    since: stores go on running it. One query.
    """
    items = items_for(caller, kind=Kind.SOP).filter(Q(archived_at=None, latest__isnull=False) | Q(pk__in=also))
    return sorted(((item.pk, str(item)) for item in items), key=lambda pair: pair[1])


def sops_of_exam(exam: Exam) -> list[SopName]:
    """What its questions can be about. One query."""
    about = ExamSop.objects.filter(exam=exam).values("item")
    items = Item.objects.filter(pk__in=about).select_related("latest").order_by("pk")
    return [SopName(item.pk, str(item), _steps(item)) for item in items]


def _steps(item: Item) -> dict[str, str]:
    content = item.latest.content if item.latest else {}
    return {
        str(step["key"]): in_readers_language(*(step.get("title", {}).get(language, "") for language in ("zh", "en")))
        for step in content.get("steps", ())
    }


# ---------------------------------------------------------------- questions


def bank(exam: Exam) -> list[Question]:
    """In the order in which they were written. One query."""
    return list(Question.objects.filter(exam=exam).order_by("pk"))


def question_of(exam: Exam, pk: int) -> Question:
    """Raises NotFound. One query."""
    question = Question.objects.filter(exam=exam, pk=pk).first()
    if question is None:
        raise NotFound(field="question")
    return question


def count_on(exam: Exam) -> int:
    return Question.objects.filter(exam=exam, is_on=True).count()
