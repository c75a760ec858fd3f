"""Questions out to a spreadsheet and in from one. What a file would do is shown before it does it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.access import Action
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid
from tenants.tables.writing import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of
from tickets.certification.actions.import_questions import import_questions, plan_questions
from tickets.certification.admin.exams import crumbs
from tickets.certification.files import COLUMNS, MOST_BYTES, Line, lines_in, table_of
from tickets.certification.models import Exam
from tickets.certification.queries.exams import bank, exam_of, sops_of_exam

SHOWN = 200  # questions of the preview


class QuestionsImportPage(AdminPage):
    route = "certification/<int:pk>/questions/import/"
    name = "exam_questions_import"
    title = gettext_lazy("Import questions")
    template = "tickets/certification/import.html"
    partial = "tickets/certification/_planned.html"
    action = Action.CERTIFY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        exam = exam_of(self.author(self.action).agency_id, kwargs["pk"])
        way = [*crumbs(exam), {"title": _("Questions"), "link": reverse("admin:exam_questions", args=[exam.pk])}]
        return {"exam": exam, "columns": COLUMNS, "crumbs": way, "most_mb": MOST_BYTES >> 20}

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """`sure`: do it; otherwise say what it would do."""
        author = self.author(self.action)
        context = self.context(pk=pk)
        exam = context["exam"]
        try:
            lines = self._lines(exam)
            if request.POST.get("sure") == "1":
                done = import_questions(exam, lines, by=author.person, now=author.now)
                return self._told(exam, len(done.new), len(done.changed))
            plan = plan_questions(exam, lines)
        except DomainError as refused:
            return self.draw({**context, "refusal": refused}, status=refused.status)
        planned = sorted(
            [*((line, True) for line in plan.new), *((line, False) for line, _row in plan.changed)], key=_row
        )
        told = {"planned": planned[:SHOWN], "more": max(0, len(planned) - SHOWN), "plan": plan}
        return self.draw({**context, **told})

    def _lines(self, exam: Exam) -> list[Line]:
        file = self.request.FILES.get("file")
        if file is None:
            raise Invalid(_("Choose a file."), field="file")
        if (file.size or 0) > MOST_BYTES:
            raise Invalid(_("A file of at most %(most)d MB can be read.") % {"most": MOST_BYTES >> 20}, field="file")
        return lines_in(file.read(), sops_of_exam(exam))

    def _told(self, exam: Exam, added: int, changed: int) -> HttpResponse:
        told = ngettext("%(total)d question was added.", "%(total)d questions were added.", added) % {"total": added}
        if changed:
            more = ngettext("%(total)d was changed.", "%(total)d were changed.", changed) % {"total": changed}
            told = f"{told} {more}"
        messages.success(self.request, told)
        url = reverse("admin:exam_questions", args=[exam.pk])
        if self.request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return redirect(url)


def _row(pair: tuple[Line, bool]) -> int:
    return pair[0].row


class QuestionsExportPage(AdminPage):
    """With the right answers, for those who may write them: to keep, to mend, and to take into another exam."""

    route = "certification/<int:pk>/questions/export/"
    name = "exam_questions_export"
    title = gettext_lazy("Export questions")
    action = Action.CERTIFY

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        exam = exam_of(self.author(self.action).agency_id, kwargs["pk"])
        table = table_of(bank(exam), sops_of_exam(exam))
        if request.GET.get("format") == "csv":
            ending, mime, content = "csv", CSV_TYPE, csv_of(*table)
        else:
            ending, mime, content = "xlsx", XLSX_TYPE, xlsx_of(*table, title="Questions")
        response = HttpResponse(content, content_type=mime)
        response["Content-Disposition"] = f'attachment; filename="questions.{ending}"'
        return response


QuestionsImportPage.register()
QuestionsExportPage.register()
