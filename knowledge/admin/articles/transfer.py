"""Articles in from files and out to them: what a file would do is shown before it does it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.import_articles import PlanMovedOn, import_articles, plan_import
from knowledge.actions.keep_upload import drop_upload, finish_upload, keep_upload
from knowledge.admin.articles.listed import filters_of
from knowledge.imports.entry import FIELDS
from knowledge.imports.reading import MOST_BYTES, read_upload
from knowledge.queries.exported import as_archive, as_table, exported_rows
from knowledge.queries.uploads import content_of, upload_for
from tenants.access import Action
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid, NotFound
from tenants.tables.problems import BadTable
from tenants.tables.writing import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of

SHOWN = 300  # lines of a plan; what is refused comes first


class ArticleImportPage(AdminPage):
    """The file is asked for; one that can't be read is refused here, with its places."""

    route = "articles/import/"
    name = "articles_import"
    title = gettext_lazy("Import articles")
    template = "knowledge/admin/articles/import.html"
    action = Action.WRITE_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"crumbs": _crumbs(), "fields": FIELDS, "most_mb": MOST_BYTES >> 20}

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(Action.WRITE_LIBRARY)
        file = request.FILES.get("file")
        try:
            if file is None or not file.name:
                raise Invalid(_("Choose a file."), field="file")
            if (file.size or 0) > MOST_BYTES:
                raise Invalid(
                    _("A file of at most %(most)d MB can be read.") % {"most": MOST_BYTES >> 20}, field="file"
                )
            content = file.read()
            plan_import(author.caller, author.agency_id, read_upload(file.name, content))
        except Invalid as refused:
            problems = refused.problems if isinstance(refused, BadTable) else ()
            more = refused.more if isinstance(refused, BadTable) else 0
            told = {"refused": refused, "problems": problems, "more": more}
            return self.draw({**self.context(), **told}, status=refused.status)
        kept = keep_upload(author.agency_id, name=file.name, content=content, person=author.person, now=author.now)
        return redirect("admin:articles_plan", kept.pk)


class ArticlePlanPage(AdminPage):
    """What the file would do, line by line; and once that was done, what it did."""

    route = "articles/import/<uuid:upload>/"
    name = "articles_plan"
    title = gettext_lazy("Import articles")
    template = "knowledge/admin/articles/plan.html"
    action = Action.WRITE_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.WRITE_LIBRARY)
        upload = upload_for(author.caller, kwargs["upload"])
        context: dict[str, Any] = {
            "upload": upload,
            "title": upload.name,
            "crumbs": _crumbs(),
            "file_name": upload.name,
        }
        if upload.done_at is not None:
            lines = upload.result or []
        else:
            plan = plan_import(author.caller, author.agency_id, read_upload(upload.name, content_of(upload)))
            lines = [asdict(line) for line in plan.lines]
            context["digest"] = plan.digest
        counts = {
            name: sum(line["outcome"] == name for line in lines) for name in ("new", "changed", "same", "refused")
        }
        ordered = sorted(lines, key=lambda line: ("refused", "changed", "new", "same").index(line["outcome"]))
        more = max(0, len(ordered) - SHOWN)
        return {
            **context,
            "lines": ordered[:SHOWN],
            "more": more,
            "counts": counts,
            "is_work": counts["new"] + counts["changed"],
        }

    def post(self, request: HttpRequest, upload: UUID) -> HttpResponse:
        author = self.author(Action.WRITE_LIBRARY)
        kept = upload_for(author.caller, upload)
        if request.POST.get("do") == "drop":
            drop_upload(kept)
            return redirect("admin:articles")
        if kept.done_at is not None:
            return redirect("admin:articles_plan", upload)
        try:
            with transaction.atomic():
                plan = import_articles(
                    author.caller,
                    author.agency_id,
                    read_upload(kept.name, content_of(kept)),
                    digest=request.POST.get("digest", ""),
                    author=author.person,
                    now=author.now,
                )
                finish_upload(kept, result=[asdict(line) for line in plan.lines], now=author.now)
        except PlanMovedOn as moved:
            messages.warning(request, str(moved))
        except DomainError as refused:
            messages.error(request, str(refused))
        return redirect("admin:articles_plan", upload)


class ArticleExportPage(AdminPage):
    """Takes away what the list shows, as it is narrowed."""

    route = "articles/export/<slug:kind>/"
    name = "articles_export"
    title = gettext_lazy("Export")
    action = Action.WRITE_LIBRARY

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        author, kind = self.author(Action.WRITE_LIBRARY), kwargs["kind"]
        today = localdate(author.now)
        rows = exported_rows(author.caller, filters_of(request.GET), today=today)
        match kind:
            case "csv":
                content, mime = csv_of(*as_table(rows)), CSV_TYPE
            case "xlsx":
                content, mime = xlsx_of(*as_table(rows)), XLSX_TYPE
            case "zip":
                content, mime = as_archive(author.agency_id, rows), "application/zip"
            case _:
                raise NotFound
        response = HttpResponse(content, content_type=mime)
        response["Content-Disposition"] = f'attachment; filename="articles-{today.isoformat()}.{kind}"'
        return response


def _crumbs() -> list[dict[str, str]]:
    return [{"title": _("Articles"), "link": reverse("admin:articles")}]
