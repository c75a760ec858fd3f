"""An exam's questions: the bank with how often each is answered right, and one of them as a form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Action
from tenants.actions.log_change import Seen
from tenants.admin_site.author import SEEN
from tenants.admin_site.pages import AdminPage
from tenants.admin_site.site import site
from tenants.errors import DomainError
from tickets.certification.actions.set_question import (
    CHOICE_LETTERS,
    MOST_CHOICES,
    Choice,
    Wanted,
    save_question,
    switch_question,
)
from tickets.certification.admin.exams import crumbs
from tickets.certification.admin.forms import QUESTION_LABELS, question_as_typed, typed_question
from tickets.certification.models import Question
from tickets.certification.queries.exams import exam_of, question_of, sops_of_exam
from tickets.certification.queries.results import bank_lines


class QuestionsPage(AdminPage):
    route = "certification/<int:pk>/questions/"
    name = "exam_questions"
    title = gettext_lazy("Questions")
    template = "tickets/certification/questions.html"
    action = Action.CERTIFY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        exam = exam_of(self.author(self.action).agency_id, kwargs["pk"])
        lines = bank_lines(exam)
        on = sum(line.question.is_on for line in lines)
        return {"crumbs": crumbs(exam), "exam": exam, "lines": lines, "on": on, "refused": kwargs.get("refused")}

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """`on` or `off`: the number of the question."""
        author = self.author(self.action)
        exam = exam_of(author.agency_id, pk)
        name = "on" if "on" in request.POST else "off"
        typed = request.POST.get(name, "")
        number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else 0
        try:
            switch_question(question_of(exam, number), name == "on", by=author.person, now=author.now)
        except DomainError as refused:
            if refused.status == 404:
                raise
            return self.draw(self.context(pk=pk, refused=refused), status=refused.status)
        return redirect(f"{reverse('admin:exam_questions', args=[pk])}#q{number}")


class QuestionPage(AdminPage):
    route = "certification/<int:pk>/questions/<int:question>/"
    name = "exam_question"
    title = gettext_lazy("Question")
    template = "tickets/certification/question.html"
    action = Action.CERTIFY

    @classmethod
    def register_new(cls) -> None:
        site.add_page("certification/<int:pk>/questions/new/", cls.as_view(), "exam_question_new")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        seen = self.seen(Question, kwargs.get("question"), kwargs.get("refused"))
        exam = exam_of(self.author(self.action).agency_id, kwargs["pk"])
        question = question_of(exam, kwargs["question"]) if kwargs.get("question") else None
        typed = kwargs.get("typed") or (question_as_typed(question) if question else Wanted("single", "", "", ()))
        refused = kwargs.get("refused")
        is_truth = typed.kind == Question.Kind.TRUTH
        filled = [*(() if is_truth else typed.choices), *[Choice("", "", False)] * MOST_CHOICES][:MOST_CHOICES]
        return {
            "title": _("Question") if question else _("New question"),
            "crumbs": [
                *crumbs(exam),
                {"title": _("Questions"), "link": reverse("admin:exam_questions", args=[exam.pk])},
            ],
            "exam": exam,
            "seen": seen,
            "question": question,
            "typed": typed,
            "kinds": Question.Kind.choices,
            "choices": list(zip("ABCDEF", filled, strict=True)),
            "is_false": is_truth and not typed.choices[0].is_right,
            "about": f"{typed.sop or ''}:{typed.step}" if typed.step else str(typed.sop or ""),
            "sops": [
                (sop, [(f"{sop.pk}:{key}", title) for key, title in sop.steps.items()]) for sop in sops_of_exam(exam)
            ],
            "most": CHOICE_LETTERS,
            "refused": refused,
            "wrong": refused.field if refused else "",
        }

    def post(self, request: HttpRequest, pk: int, question: int | None = None) -> HttpResponse:
        author = self.author(self.action)
        exam = exam_of(author.agency_id, pk)
        row = question_of(exam, question) if question is not None else None
        typed = typed_question(request.POST)
        try:
            seen = Seen(request.POST.get(SEEN, ""), QUESTION_LABELS)
            saved = save_question(exam, row, typed, by=author.person, now=author.now, seen=seen)
        except DomainError as refused:
            return self.draw(
                self.context(pk=pk, question=question, typed=typed, refused=refused), status=refused.status
            )
        messages.success(request, _("Saved."))
        if request.POST.get("then") == "next":
            return redirect("admin:exam_question_new", pk)
        return redirect(f"{reverse('admin:exam_questions', args=[pk])}#q{saved.pk}")


QuestionsPage.register()
QuestionPage.register_new()
QuestionPage.register()
