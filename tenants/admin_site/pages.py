"""AdminPage: a page of an app's own inside the admin's frame, where a list and a form of one model don't fit."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from tenants.access import Action
from tenants.actions.log_change import Seen
from tenants.admin_site.author import SEEN, Author, author_of
from tenants.admin_site.entries import Text
from tenants.admin_site.site import site
from tenants.errors import Conflict, DomainError
from tenants.middleware import DeskRequest
from tenants.queries.changes import latest_change_id


class AdminPage(View):
    """Says its route under /admin/, name, title, template (which extends admin/page.html) and what it takes to come in.

    `register` puts it into the site. A GET draws `context()`; what htmx asks for is drawn from `partial`, if there is
    one. A subclass adds `post`, which asks `author(action)` and calls a verb.
    """

    route: ClassVar[str]
    name: ClassVar[str]
    title: ClassVar[Text]
    template: ClassVar[str]
    partial: ClassVar[str] = ""
    action: ClassVar[Action]
    request: DeskRequest

    @classmethod
    def register(cls) -> None:
        site.add_page(cls.route, cls.as_view(), cls.name)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.author(self.action)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.draw(self.context(**kwargs))

    def context(self, **kwargs: Any) -> dict[str, Any]:
        """What the template is drawn with, from queries."""
        return {}

    def author(self, action: Action) -> Author:
        """Who asks. Raises Forbidden where the role does not allow the action."""
        return author_of(self.request, action)

    def seen(self, model: type[models.Model], pk: int | None, refusal: DomainError | None = None) -> str:
        """For the hidden field SEEN of a form about this object: its latest change, read before the object is.

        A form that comes back keeps what its author saw, but for a Conflict, which has just told them.
        """
        if self.request.method == "POST" and not isinstance(refusal, Conflict):
            return self.request.POST.get(SEEN, "")
        return str(latest_change_id(self.author(self.action).agency_id, model, pk) if pk else 0)

    def seen_by_sender(self, form: forms.Form, **columns: str) -> Seen:
        """For the verb, which refuses to write over what changed since in the form's own fields.

        `columns`: which field stands for a column of another name.
        """
        own = {name: name for name in form.fields}
        labels = {column: form.fields[name].label or name for column, name in {**own, **columns}.items()}
        return Seen(self.request.POST.get(SEEN, ""), labels)

    def draw(self, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        if self.partial and self.request.headers.get("HX-Request"):
            return render(self.request, self.partial, context, status=status)
        frame = {**site.each_context(self.request), "title": self.title}
        return render(self.request, self.template, {**frame, **context}, status=status)
