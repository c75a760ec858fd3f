"""The pages of a list as a table: taking it away, and bringing it in with a preview."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import timedelta
from typing import Any, ClassVar, Final

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Action
from tenants.admin_site.author import Author, author_of
from tenants.admin_site.bulk import SHOWN
from tenants.admin_site.site import the_member
from tenants.admin_site.transfer import Imported, ListTable, bring_in
from tenants.errors import Conflict, NotFound
from tenants.tables.problems import BadTable
from tenants.tables.reading import MOST_BYTES, MOST_ROWS
from tenants.tables.writing import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of

_KEY: Final = "imports"
_WAITS: Final = timedelta(days=1)  # an upload that nobody confirmed


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("file"),
        help_text=gettext_lazy("CSV or XLSX, at most 5 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
    )


class TransferViews(ModelAdmin):  # type: ignore[type-arg]  # no subscript at runtime
    """Gives a list the buttons and pages of its `table`."""

    table: ClassVar[ListTable | None] = None
    read: ClassVar[Action]
    write: ClassVar[Action]
    change_list_template = "admin/agency/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        if self.table is None:
            return super().get_urls()
        name, guard = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        routes = [path("export/<slug:kind>/", guard(self.export_view), name=f"{name}_export")]
        if self.table.can_import:
            routes.append(path("import/", guard(self.import_view), name=f"{name}_import"))
        return [*routes, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        may_import = self.table is not None and self.table.can_import and the_member(request).may(self.write)
        title = self.opts.verbose_name_plural
        context = {
            "title": title,
            "may_export": self.table is not None,
            "may_import": may_import,
            "own_query": request.GET.urlencode(),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    # ------------------------------------------------------------ out

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """The list as it is filtered, searched and ordered, all pages of it."""
        table = self._table()
        author_of(request, self.read)
        if kind not in ("csv", "xlsx"):
            raise NotFound
        rows = self.get_changelist_instance(request).get_queryset(request)
        if rows.count() > MOST_ROWS:
            raise Conflict(_("It has more than %(most)d rows. Narrow the list first.") % {"most": MOST_ROWS})
        data = csv_of(table.headings, table.out(rows)) if kind == "csv" else xlsx_of(table.headings, table.out(rows))
        response = HttpResponse(data, content_type=CSV_TYPE if kind == "csv" else XLSX_TYPE)
        response["Content-Disposition"] = f'attachment; filename="{table.file_name}.{kind}"'
        return response

    # ------------------------------------------------------------ in

    def import_view(self, request: HttpRequest) -> HttpResponse:
        author = author_of(request, self.write)
        if request.method != "POST":
            run = request.session.get(_KEY, {}).get(request.GET.get("run", ""))
            return self._import_page(request, UploadForm(), run)
        if request.POST.get("step") == "do":
            return self._bring_in(request, author)
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._import_page(request, form)
        upload = form.cleaned_data["file"]
        try:
            if upload.size > MOST_BYTES:
                bring_in(self._table(), b"x" * (MOST_BYTES + 1), author, dry_run=True)
            data = upload.read()
            found = bring_in(self._table(), data, author, dry_run=True)
        except BadTable as bad:
            return self._import_page(request, form, bad=bad)
        token = self._keep_upload(author, data)
        return self._shown(request, token, found, upload.name, state="previewed")

    def _bring_in(self, request: HttpRequest, author: Author) -> HttpResponse:
        token = request.POST.get("run", "")
        run = request.session.get(_KEY, {}).get(token)
        if run is None or run["list"] != self.opts.label_lower:
            raise NotFound
        if run["state"] != "previewed" or not default_storage.exists(_place(author, token)):
            raise Conflict(_("This was done already."))
        with default_storage.open(_place(author, token)) as file:
            data = file.read()
        try:
            found = bring_in(self._table(), data, author, dry_run=False)
        except BadTable as bad:
            return self._import_page(request, UploadForm(), bad=bad)
        default_storage.delete(_place(author, token))
        return self._shown(request, token, found, run["name"], state="done")

    def _shown(self, request: HttpRequest, token: str, found: Imported, name: str, *, state: str) -> HttpResponse:
        lines = found.lines
        run = {
            "token": token,
            "list": self.opts.label_lower,
            "name": name,
            "state": state,
            "lines": [asdict(line) for line in lines[:SHOWN]],
            "total": len(lines),
            "more": max(0, len(lines) - SHOWN),
            "same": found.same,
            "unknown": list(found.unknown),
        }
        request.session[_KEY] = {token: run}
        return HttpResponseRedirect(f"{request.path}?run={token}")

    def _import_page(
        self, request: HttpRequest, form: Any, run: Any = None, bad: BadTable | None = None
    ) -> HttpResponse:
        table = self._table()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import %(name)s") % {"name": self.opts.verbose_name_plural},
            "opts": self.opts,
            "form": form,
            "run": run if run and run["list"] == self.opts.label_lower else None,
            "bad": bad,
            "columns": table.columns,
            "most_rows": table.most_rows,
            "list_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
        }
        return TemplateResponse(request, "admin/agency/import.html", context, status=400 if bad else 200)

    def _table(self) -> ListTable:
        if self.table is None:
            raise NotFound
        return self.table

    def _keep_upload(self, author: Author, data: bytes) -> str:
        """Until it is confirmed. Those that nobody came back to go meanwhile."""
        folder = _place(author, "")
        for name in default_storage.listdir(folder)[1] if default_storage.exists(folder) else ():
            if timezone.now() - default_storage.get_modified_time(folder + name) > _WAITS:
                default_storage.delete(folder + name)
        token = secrets.token_urlsafe(16)
        default_storage.save(_place(author, token), ContentFile(data))
        return token


def _place(author: Author, token: str) -> str:
    """A folder of the person's own: a token of somebody else's leads nowhere."""
    return f"imports/{author.agency_id}/{author.person.pk}/{token}"
