"""AgencyModelAdmin: lists and forms over an app's rows, read by its queries and written by its verbs.

Nothing here saves a row. A form's cleaned values go to `create` or `change`, which call a verb; what the verb refuses
(DomainError) comes back as an error of the form, with everything that was typed. Two people who edit the same object
are told of each other: a form that was opened before the object's latest change is refused once, saying what changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from tenants.access import Action
from tenants.actions.log_change import Seen, require_unchanged
from tenants.admin_site.author import SEEN, Author, author_of
from tenants.admin_site.bulk_views import BulkViews
from tenants.admin_site.chooser import open_choosers
from tenants.admin_site.history import history_of
from tenants.admin_site.site import member_here, the_member
from tenants.admin_site.transfer_views import TransferViews
from tenants.errors import DomainError, NotFound
from tenants.queries.changes import changes_of, latest_change_id


class AgencyForm(ModelForm):  # type: ignore[type-arg]  # no subscript at runtime
    """A form that says what the verb refused: beside the field at fault if it has that, else on top."""

    refusal: ClassVar[DomainError | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = capfirst(field.label)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.refusal is not None:
            self.add_error(self.refusal.field if self.refusal.field in self.fields else None, str(self.refusal))
        return cleaned


class AgencyModelAdmin(BulkViews, TransferViews, ModelAdmin):
    """What an app says: `read` and `write` (Actions), `rows`, and of `create`, `change`, `remove` what there is."""

    read: ClassVar[Action]
    write: ClassVar[Action]
    can_add: ClassVar[bool] = True
    can_change: ClassVar[bool] = True
    can_delete: ClassVar[bool] = True

    form = AgencyForm
    change_form_template = "admin/agency/change_form.html"
    delete_confirmation_template = "admin/agency/delete.html"
    actions_on_top = True
    list_fullwidth = True
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    view_on_site = False
    warn_unsaved_form = True

    # ------------------------------------------------------------ what an app says

    def rows(self, agency_id: int) -> QuerySet[Any]:
        """What the agency has, from a query of the app; filters, search and order come on top."""
        raise NotImplementedError

    def create(self, author: Author, values: dict[str, Any]) -> Model:
        """Calls the verb that makes one; the row, with its number. `values` are the form's, and inlines' by prefix."""
        raise NotImplementedError

    def change(self, author: Author, row: Any, values: dict[str, Any]) -> None:
        """Calls the verb that changes it. `row` is as the database has it."""
        raise NotImplementedError

    def remove(self, author: Author, row: Any) -> None:
        """Calls the verb that takes it away."""
        raise NotImplementedError

    # ------------------------------------------------------------ the gate

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.read)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_add and self._may(request, self.write)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_change and self._may(request, self.write)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_delete and self._may(request, self.write)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.read)

    def _may(self, request: HttpRequest, action: Action) -> bool:
        member = member_here(request)
        return member is not None and member.may(action)

    # ------------------------------------------------------------ reading

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = self.rows(the_member(request).agency_id)
        order = self.get_ordering(request)
        return rows.order_by(*order) if order else rows

    def get_urls(self) -> list[URLPattern]:
        """Without the unnamed route of old addresses."""
        return [item for item in super().get_urls() if item.name]

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: Any) -> HttpResponse:
        raise NotFound

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what, from what to what."""
        the_member(request).require(self.read)
        row = self.get_object(request, object_id)
        if row is None:
            raise NotFound
        before = request.GET.get("before", "")
        lines = changes_of(
            the_member(request).agency_id, self.model, row.pk, before_id=int(before) if before.isdecimal() else None
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %s") % row,
            "history": history_of(lines),
            "opts": self.opts,
            "object": row,
        }
        return TemplateResponse(request, "admin/agency/history.html", context)

    # ------------------------------------------------------------ writing

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        sent = request.POST.get(SEEN)  # a form that comes back keeps what its author saw, until they are told
        context = {**(extra_context or {}), "seen": self._seen(request, object_id) if sent is None else sent}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except DomainError as refusal:
            if request.method != "POST" or isinstance(refusal, NotFound):
                raise
            request._refusal = refusal  # type: ignore[attr-defined]
            context["seen"] = self._seen(request, object_id)
            return super().changeform_view(request, object_id, form_url, context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made: Any = super().get_form(request, obj, change, **kwargs)
        made.refusal = getattr(request, "_refusal", None)
        open_choosers(made.base_fields, the_member(request).agency_id)
        return made

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing yet: the verb is called once, with the inlines' values as well."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool) -> None:
        author = author_of(request, self.write)
        values = {**form.cleaned_data, **{formset.prefix: rows_of(formset) for formset in formsets}}
        if not change:
            made = self.create(author, values)
            form.instance.__dict__.update(made.__dict__)  # what the answer to the form speaks of
            return
        row = self.get_object(request, str(form.instance.pk))
        if row is None:
            raise NotFound
        require_unchanged(row, agency_id=author.agency_id, seen=Seen(request.POST.get(SEEN, "")))
        self.change(author, row, values)

    def _seen(self, request: HttpRequest, object_id: str | None) -> int:
        if object_id is None or not object_id.isdecimal():
            return 0
        return latest_change_id(the_member(request).agency_id, self.model, int(object_id))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            if isinstance(refusal, NotFound):
                raise
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.address("change", object_id))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(author_of(request, self.write), obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What the verb takes along is its own affair: nobody walks through every table that refers here."""
        return [str(obj) for obj in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []

    def address(self, kind: str, *args: Any) -> str:
        """The address of one of this model's pages: changelist, add, change, delete, history."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{kind}", args=args)

    # Django's own history is not written: the verb has written ours.

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any: ...


def rows_of(formset: Any) -> list[dict[str, Any]]:
    """The rows of an inline as they should be afterwards: filled, and not marked to go. `id` is the row, or None."""
    filled = [form for form in formset.forms if form.has_changed() or form.instance.pk]
    return [
        {name: value for name, value in form.cleaned_data.items() if name != "DELETE"}
        for form in filled
        if not form.cleaned_data.get("DELETE")
    ]
