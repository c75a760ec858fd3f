"""Quick replies out to a spreadsheet and in from one. What comes in is shown first, row by row."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knowledge.actions.import_replies import Planned, import_replies, plan_import, read_rows
from knowledge.actions.write_item import Place
from knowledge.admin.replies.listed import filters_of
from knowledge.models import Kind, Layer
from knowledge.queries.gate import locked_items
from knowledge.queries.places import places_for, require_place
from knowledge.queries.reply_list import reply_table
from knowledge.reply_table import COLUMNS
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid
from tenants.tables.reading import read_table
from tenants.tables.writing import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of

SHOWN = 200  # rows of the preview


class ImportForm(forms.Form):
    layer = forms.ChoiceField(label=gettext_lazy("New ones are written for"))
    team = forms.TypedChoiceField(label=gettext_lazy("Team"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, author: Author, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = places_for(author.caller)
        labels = {Layer.AGENCY: _("all stores"), Layer.TEAM: _("a team"), Layer.PERSONAL: _("me")}
        self.fields["layer"].choices = [(name, labels[Layer(name)]) for name in places.layers if name in labels]  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", "–"), *places.teams]  # type: ignore[attr-defined]


class ReplyImportPage(AdminPage):
    route = "replies/import/"
    name = "replies_import"
    title = gettext_lazy("Import quick replies")
    template = "knowledge/admin/replies/import.html"
    partial = "knowledge/admin/replies/_planned.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        crumbs = [{"title": _("Quick replies"), "link": reverse("admin:replies")}]
        return {"form": ImportForm(author=author), "columns": COLUMNS, "crumbs": crumbs}

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(Action.READ_LIBRARY)
        form = ImportForm(request.POST, author=author)
        context = {**self.context(), "form": form}
        try:
            with transaction.atomic():
                place = self._place(author, form)
                planned = self._planned(author)
                if request.POST.get("sure") == "1":
                    done = import_replies(
                        planned, place, author=author.person, agency_id=author.agency_id, now=author.now
                    )
                    return self._told(done)
        except DomainError as refused:
            return self.draw({**context, "refusal": refused}, status=refused.status)
        return self.draw({**context, **_counted(planned)})

    def _place(self, author: Author, form: ImportForm) -> Place:
        if not form.is_valid():
            field = next(iter(form.errors))
            raise Invalid(field=field)
        told = form.cleaned_data
        require_place(author.caller, layer=told["layer"], team_id=told["team"])
        return Place(layer=told["layer"], team_id=told["team"], person_id=author.person.pk)

    def _planned(self, author: Author) -> list[Planned]:
        file = self.request.FILES.get("file")
        if file is None:
            raise Invalid(_("Choose a file."), field="file")
        rows = read_rows(read_table(file, COLUMNS))
        ids = [row.item_id for row in rows if row.item_id is not None]
        return plan_import(rows, locked_items(author.caller, ids, kind=Kind.REPLY) if ids else [])

    def _told(self, done: int) -> HttpResponse:
        told = ngettext("%(total)d quick reply was imported.", "%(total)d quick replies were imported.", done)
        messages.success(self.request, told % {"total": done})
        if self.request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("admin:replies")})
        return redirect("admin:replies")


class ReplyExportPage(AdminPage):
    """The list as it is narrowed down, as a file: what is imported again changes what was changed in it."""

    route = "replies/export/"
    name = "replies_export"
    title = gettext_lazy("Export quick replies")
    action = Action.READ_LIBRARY

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        author = self.author(Action.READ_LIBRARY)
        kind = request.GET.get("format", "xlsx")
        rows = reply_table(author.caller, filters_of(request))
        headings = [column.headings[0] for column in COLUMNS]
        content = csv_of(headings, rows) if kind == "csv" else xlsx_of(headings, rows, title="Quick replies")
        response = HttpResponse(content, content_type=CSV_TYPE if kind == "csv" else XLSX_TYPE)
        ending = "csv" if kind == "csv" else "xlsx"
        response["Content-Disposition"] = f'attachment; filename="quick-replies.{ending}"'
        return response


def _counted(planned: list[Planned]) -> dict[str, Any]:
    return {
        "planned": planned[:SHOWN],
        "more": max(0, len(planned) - SHOWN),
        "new": sum(plan.deed == "new" for plan in planned),
        "changed": sum(plan.deed == "changed" for plan in planned),
        "same": sum(plan.deed == "same" for plan in planned),
    }
