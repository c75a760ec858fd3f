"""The pages of a bulk action in a list: what is needed, the preview, the result, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from tenants.admin_site import bulk
from tenants.admin_site.author import Author, author_of
from tenants.admin_site.bulk import BulkAction, Run
from tenants.admin_site.site import the_member
from tenants.errors import DomainError, NotFound

NOT_THE_FORM: Final = ("csrfmiddlewaretoken", "step")


class BulkViews(ModelAdmin):  # type: ignore[type-arg]  # no subscript at runtime
    """Gives a list the actions of `bulk`, to those who may."""

    bulk: ClassVar[tuple[BulkAction, ...]] = ()

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[Callable[..., Any], str, Any]]:  # type: ignore[override]
        member = the_member(request)
        return {action.name: (_begin, action.name, action.label) for action in self.bulk if member.may(action.action)}

    def get_urls(self) -> list[URLPattern]:
        if not self.bulk:
            return super().get_urls()
        name = f"{self.opts.app_label}_{self.opts.model_name}_bulk"
        route = path("bulk/<slug:name>/<slug:token>/", self.admin_site.admin_view(self.bulk_view), name=name)
        return [route, *super().get_urls()]

    def bulk_view(self, request: HttpRequest, name: str, token: str) -> HttpResponse:
        action = self._bulk(name)
        author = author_of(request, action.action)
        run = bulk.run_of(request.session, action, token)
        form = action.make_form(author, run.form_data())
        if request.method == "POST":
            return self._bulk_post(request, action, author, run)
        if form is None and run.state == "open":
            bulk.preview(run, action, author, {})
            bulk.keep(request.session, run)
        return self._bulk_page(request, action, run, form)

    def _bulk_post(self, request: HttpRequest, action: BulkAction, author: Author, run: Run) -> HttpResponse:
        step = request.POST.get("step", "")
        if step == "preview":
            run.data = {
                key: request.POST.getlist(key) for key in request.POST if key not in ("csrfmiddlewaretoken", "step")
            }
        form = action.make_form(author, run.form_data())
        if form is not None and not form.is_valid():
            return self._bulk_page(request, action, run, form)
        values = form.cleaned_data if form is not None else {}
        try:
            if step == "undo":
                bulk.undo(run, action, author)
            elif step == "do":
                bulk.do(run, action, author, values)
            else:
                bulk.preview(run, action, author, values)
        except DomainError as refusal:
            if form is None or run.state != "open":
                messages.error(request, str(refusal))
                return HttpResponseRedirect(request.path)
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self._bulk_page(request, action, run, form)
        bulk.keep(request.session, run)
        return HttpResponseRedirect(request.path)

    def _bulk_page(self, request: HttpRequest, action: BulkAction, run: Run, form: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": action.label,
            "opts": self.opts,
            "bulk": action,
            "run": run,
            "form": form,
            "list_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
        }
        return TemplateResponse(request, "admin/agency/bulk.html", context)

    def _bulk(self, name: str) -> BulkAction:
        for action in self.bulk:
            if action.name == name:
                return action
        raise NotFound


def _begin(model_admin: BulkViews, request: HttpRequest, queryset: Any) -> HttpResponse | None:
    """What Django calls with the rows that were chosen in the list."""
    action = model_admin._bulk(request.POST["action"])
    try:
        run = bulk.begin(request.session, action, list(queryset.order_by("pk").values_list("pk", flat=True).distinct()))
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return None
    name = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_bulk"
    return HttpResponseRedirect(reverse(name, args=[action.name, run.token]))
