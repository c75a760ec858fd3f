"""Exams: the list, one with who is certified where, and what it is about."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.admin_site.site import site
from tenants.errors import DomainError, NotFound
from tickets.certification.actions.revoke import revoke
from tickets.certification.actions.set_exam import save_exam, set_state
from tickets.certification.admin.forms import ExamForm, initial_of
from tickets.certification.models import Exam
from tickets.certification.queries.exams import (
    count_on,
    exam_lines,
    exam_of,
    names_of,
    sops_chosen,
    sops_to_choose,
    stores_chosen,
)
from tickets.certification.queries.results import results_of
from tickets.roster.queries.week import stores_of

State = Exam.State


class CertificationPage(AdminPage):
    route = "certification/"
    name = "certification"
    title = gettext_lazy("Certification")
    template = "tickets/certification/exams.html"
    action = Action.CERTIFY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"lines": exam_lines(self.author(self.action).agency_id)}


class ExamPage(AdminPage):
    route = "certification/<int:pk>/"
    name = "exam"
    title = gettext_lazy("Exam")
    template = "tickets/certification/exam.html"
    action = Action.CERTIFY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        exam = exam_of(author.agency_id, kwargs["pk"])
        results = results_of(exam, now=author.now)
        return {
            "title": str(exam),
            "crumbs": crumbs(),
            "exam": exam,
            "results": results,
            "questions_on": count_on(exam),
            "nobody_in": [line for line in results.stores if line.people and not line.certified],
            "refused": kwargs.get("refused"),
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """`do`: open, ask, retire; or revoke, with `person`."""
        author = self.author(self.action)
        exam = exam_of(author.agency_id, pk)
        try:
            self._do(author, exam, request.POST.get("do", ""))
        except NotFound:
            raise
        except DomainError as refused:
            return self.draw(self.context(pk=pk, refused=refused), status=refused.status)
        return redirect("admin:exam", pk)

    def _do(self, author: Author, exam: Exam, what: str) -> None:
        states = {"open": State.OPEN, "ask": State.ASKED, "retire": State.RETIRED}
        if what == "revoke":
            typed = self.request.POST.get("person", "")
            is_number = typed.isascii() and typed.isdecimal() and len(typed) < 19
            revoke(exam, int(typed) if is_number else 0, by=author.person, now=author.now)
            messages.success(self.request, _("Their certificate is revoked. They can sit the exam again."))
        elif what in states:
            set_state(exam, states[what], by=author.person, now=author.now)
            messages.success(self.request, _("Saved."))


class ExamEditPage(AdminPage):
    route = "certification/<int:pk>/edit/"
    name = "exam_edit"
    title = gettext_lazy("Exam")
    template = "tickets/certification/exam_edit.html"
    action = Action.CERTIFY

    @classmethod
    def register_new(cls) -> None:
        site.add_page("certification/new/", cls.as_view(), "exam_new")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        seen = self.seen(Exam, kwargs.get("pk"), kwargs.get("refusal"))
        author, exam = self.author(self.action), self._exam(kwargs.get("pk"))
        form = kwargs.get("form") or self._form(author, exam)
        title = str(exam) if exam is not None else _("New exam")
        return {"title": title, "crumbs": crumbs(exam), "exam": exam, "form": form, "seen": seen}

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        author, exam = self.author(self.action), self._exam(pk)
        form = self._form(author, exam, request.POST)
        if not form.is_valid():
            return self.draw(self.context(pk=pk, form=form), status=400)
        try:
            by: dict[str, Any] = {"by": author.person, "now": author.now, "seen": self.seen_by_sender(form)}
            saved = save_exam(author.agency_id, exam, form.cleaned_data, **by)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self.draw(self.context(pk=pk, form=form, refusal=refusal), status=refusal.status)
        messages.success(request, _("Saved."))
        return redirect("admin:exam_questions" if exam is None else "admin:exam", saved.pk)

    def _exam(self, pk: int | None) -> Exam | None:
        return exam_of(self.author(self.action).agency_id, pk) if pk is not None else None

    def _form(self, author: Author, exam: Exam | None, sent: Any = None) -> ExamForm:
        stores = {store.pk: store.name for store in stores_of(author.agency_id)}
        if exam is None:
            return ExamForm(sent, stores=stores.items(), sops=sops_to_choose(author.caller))
        chosen, sops = stores_chosen(exam), sops_chosen(exam)
        stores |= names_of([pk for pk in chosen if pk not in stores])  # or saving would let go of what is suspended
        initial = initial_of(exam, chosen, sops)
        return ExamForm(sent, initial=initial, stores=stores.items(), sops=sops_to_choose(author.caller, sops))


def crumbs(exam: Exam | None = None) -> list[dict[str, Any]]:
    """The way to an exam's pages."""
    to_exam = [{"title": str(exam), "link": reverse("admin:exam", args=[exam.pk])}] if exam is not None else []
    return [{"title": CertificationPage.title, "link": reverse("admin:certification")}, *to_exam]


CertificationPage.register()
ExamEditPage.register_new()
ExamPage.register()
ExamEditPage.register()
add_nav(
    NavEntry(
        Section.PEOPLE,
        CertificationPage.title,
        "admin:certification",
        Action.CERTIFY,
        icon="workspace_premium",
        order=8,
    )
)
