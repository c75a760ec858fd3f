"""One's own exams: what there is to sit, the paper, and what it was worth. The server keeps the time."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from tenants.access import Action, stores_for
from tenants.admin_site.author import Author
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid, NotFound
from tickets.certification.actions.sit import begin, end_if_over, hand_in, save_answer
from tickets.certification.models import Sitting
from tickets.certification.queries.sittings import exam_to_sit, my_exams, needs_everywhere, own_sitting, paper_of

MINE = gettext_lazy("My exams")


class MyExamsPage(AdminPage):
    route = "exams/"
    name = "my_exams"
    title = MINE
    template = "tickets/certification/mine.html"
    action = Action.ENTER_ADMIN

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        stores = stores_for(author.caller, Action.VIEW)
        return {"lines": my_exams(author.agency_id, author.person.pk, stores, now=author.now)}


class ExamToSitPage(AdminPage):
    """What awaits one; a POST begins it, or goes on with it."""

    route = "exams/<int:pk>/"
    name = "exam_to_sit"
    title = MINE
    template = "tickets/certification/to_sit.html"
    action = Action.ENTER_ADMIN

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        stores = stores_for(author.caller, Action.VIEW)
        lines = my_exams(author.agency_id, author.person.pk, stores, now=author.now)
        line = next((line for line in lines if line.pk == kwargs["pk"]), None)
        if line is None:
            raise NotFound(field="exam")
        return {"title": line.name, "crumbs": _crumbs(), "line": line, "refused": kwargs.get("refused")}

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(self.action)
        exam = exam_to_sit(author.agency_id, stores_for(author.caller, Action.VIEW), pk)
        try:
            sitting = begin(exam, needs_everywhere(exam), by=author.person, now=author.now)
        except DomainError as refused:
            return self.draw(self.context(pk=pk, refused=refused), status=refused.status)
        return redirect("admin:sitting", sitting.pk)


class SittingPage(AdminPage):
    """The paper while it lasts, then its result. `do`: save (one answer) or hand_in."""

    route = "exams/sittings/<int:pk>/"
    name = "sitting"
    title = MINE
    template = "tickets/certification/sitting.html"
    action = Action.ENTER_ADMIN

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        author = self.author(self.action)
        sitting = end_if_over(author.agency_id, kwargs["pk"], by=author.person, now=author.now)
        return self._drawn(author, sitting)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(self.action)
        if request.POST.get("do") == "save":
            return self._save(author, pk)
        try:
            hand_in(
                author.agency_id,
                pk,
                answers=_answers(request.POST, own_sitting(author.agency_id, author.person.pk, pk)),
                seen=_number(request.POST.get("seen", ""), "seen"),
                by=author.person,
                now=author.now,
            )
        except NotFound:
            raise
        except DomainError as refused:
            sitting = own_sitting(author.agency_id, author.person.pk, pk)
            return self._drawn(author, sitting, refused=refused)
        return redirect("admin:sitting", pk)

    def _save(self, author: Author, pk: int) -> HttpResponse:
        """The line that says so; the whole paper where another tab wrote too; the result's address where it is over."""
        place = _number(self.request.POST.get("place", ""), "place")
        sitting, has_moved = save_answer(
            author.agency_id,
            pk,
            place=place,
            chosen=_chosen(self.request.POST, place),
            seen=_number(self.request.POST.get("seen", ""), "seen"),
            by=author.person,
            now=author.now,
        )
        here = reverse("admin:sitting", args=[pk])
        if not self.request.headers.get("HX-Request"):
            return redirect(here)
        if sitting.ended_at is not None:
            return HttpResponse(status=204, headers={"HX-Redirect": here})
        context = {"paper": paper_of(sitting, now=author.now), "has_moved": has_moved}
        if not has_moved:
            return render(self.request, "tickets/certification/_saved.html", {**context, "is_answer": True})
        answer = render(self.request, "tickets/certification/_paper.html", context)
        answer["HX-Retarget"], answer["HX-Reswap"] = "#paper", "outerHTML"
        return answer

    def _drawn(self, author: Author, sitting: Sitting, *, refused: DomainError | None = None) -> HttpResponse:
        paper = paper_of(sitting, now=author.now)
        context = {"title": paper.name, "crumbs": _crumbs(), "paper": paper, "refused": refused}
        answer = self.draw(context, status=refused.status if refused else 200)
        answer["Cache-Control"] = "no-store"  # going back must not show what was, as if it were
        return answer


def _crumbs() -> list[dict[str, Any]]:
    return [{"title": MINE, "link": reverse("admin:my_exams")}]


def _answers(sent: QueryDict, sitting: Sitting) -> dict[int, set[int]]:
    return {place: _chosen(sent, place) for place in range(len(sitting.asked))}


def _chosen(sent: QueryDict, place: int) -> set[int]:
    return {_number(text, f"q.{place + 1}") for text in sent.getlist(f"q.{place + 1}")}


def _number(text: str, field: str) -> int:
    """Raises Invalid."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(field=field)
    return int(text)


for page in (MyExamsPage, ExamToSitPage, SittingPage):
    page.register()
add_nav(NavEntry(Section.TODAY, MINE, "admin:my_exams", Action.ENTER_ADMIN, icon="school", order=62))
