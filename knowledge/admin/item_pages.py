"""What the pages of an SOP and of an article have in common: an editor that loses nothing, and an item's own page.

What is typed is kept at every pause, sound or not. Who writes over what they did not see gets both texts to compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from knowledge.actions.keep_draft import keep_draft, set_aside
from knowledge.actions.make_version import make_version
from knowledge.actions.write_item import ItemMovedOn, archive_item, discard_draft, restore_item
from knowledge.content import read
from knowledge.diff import difference
from knowledge.models import Item, Kind
from knowledge.queries.gate import item_for, locked_item
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid, NotFound


class ItemEditPage(AdminPage):
    """The editor. An app says `kind`, whose value names addresses and templates, and `show`."""

    kind: ClassVar[Kind]
    action = Action.WRITE_LIBRARY

    def typed_now(self, request: HttpRequest) -> Mapping[str, Any]:
        """The posted form as a content, unchecked."""
        raise NotImplementedError

    def show(self, item: Item, content: Mapping[str, Any], fault: Invalid | None) -> HttpResponse:
        """What changes on the page once it was kept."""
        raise NotImplementedError

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(Action.WRITE_LIBRARY)
        content = self.typed_now(request)
        with transaction.atomic():
            item = locked_item(author.caller, pk, kind=self.kind)
            if request.POST.get("do") == "theirs":
                set_aside(item, content, author=author.person, now=author.now)
                return _to_address(reverse(f"admin:{self.name}", args=[pk]))
            try:
                fault = self._keep(item, content, author)
            except ItemMovedOn as moved:
                return self._conflict(item, content, moved)
        if not request.headers.get("HX-Request"):
            return redirect(f"admin:{self.name}", pk)
        return self.show(item, content, fault)

    def _keep(self, item: Item, content: Mapping[str, Any], author: Author) -> Invalid | None:
        seen, over = (number_of(self.request.POST.get(name, "")) for name in ("revision", "over"))
        if over and over == item.revision:
            set_aside(item, typed(item), author=author.person, now=author.now)  # theirs stays in the history
            seen = over
        return keep_draft(item, content, revision=seen, author=author.person, now=author.now).fault

    def _conflict(self, item: Item, content: Mapping[str, Any], moved: ItemMovedOn) -> HttpResponse:
        context = {
            "item": item,
            "moved": moved,
            "sections": difference(self.kind, typed(item), content),
            "before_name": _("Theirs"),
            "after_name": _("Yours"),
        }
        template = f"knowledge/admin/{self.kind}s/_conflict.html"
        response = render(self.request, template, context, status=moved.status)
        response["HX-Retarget"], response["HX-Reswap"] = f"#{self.kind}-conflict", "innerHTML"
        return response


class ItemPage(AdminPage):
    """One item and its buttons. An app says `kind`, `made`, `shown`, `place_form` and `put`."""

    kind: ClassVar[Kind]
    made: ClassVar[str | Promise]  # said of a new version, `%(version)s`
    action = Action.READ_LIBRARY

    def shown(self, author: Author, item: Item, form: Any = None) -> dict[str, Any]:
        """The page's context; `form` is the place's, refused."""
        raise NotImplementedError

    def place_form(self, author: Author) -> Form:
        """The posted form of where it belongs."""
        raise NotImplementedError

    def put(self, item: Item, form: Any, *, revision: int, author: Author) -> None:
        """Calls the verb with the form's values."""
        raise NotImplementedError

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        return self.shown(author, item_for(author.caller, kwargs["pk"], kind=self.kind))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(Action.WRITE_LIBRARY)
        form = self.place_form(author) if request.POST.get("do") == "place" else None
        try:
            with transaction.atomic():
                self._do(locked_item(author.caller, pk, kind=self.kind), author, form)
        except NotFound:
            raise
        except DomainError as refused:
            if form is None:
                messages.error(request, str(refused))
                return redirect(f"admin:{self.name}", pk)
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        if form is not None and form.errors:
            return self.draw(self.shown(author, item_for(author.caller, pk, kind=self.kind), form), status=400)
        return redirect(f"admin:{self.name}", pk)

    def _do(self, item: Item, author: Author, form: Form | None) -> None:
        """One of the page's buttons."""
        by: dict[str, Any] = {"author": author.person, "now": author.now}
        revision = number_of(self.request.POST.get("revision", ""))
        match self.request.POST.get("do"):
            case "version":
                made = make_version(item, revision=revision, words=self.request.POST.get("words", ""), **by)
                messages.success(self.request, str(self.made) % {"version": made})
            case "discard":
                discard_draft(item, revision=revision, **by)
                messages.success(self.request, _("The draft is gone; it stays in the history."))
            case "archive":
                archive_item(item, **by)
                messages.success(self.request, _("It is archived. Where it is published it goes on."))
            case "restore":
                restore_item(item, **by)
                messages.success(self.request, _("It is back in the list."))
            case "place" if form is not None:
                if form.is_valid():
                    self.put(item, form, revision=revision, author=author)
                    messages.success(self.request, _("Saved."))
            case _:
                raise Invalid(field="do")


def typed(item: Item) -> Mapping[str, Any]:
    """What its editor shows: what was typed last, be it sound or not."""
    latest = item.latest.content if item.latest else {}
    return item.rough or item.draft or latest


def fault_of(item: Item) -> Invalid | None:
    """Why what was typed last is no draft yet."""
    if item.rough is None:
        return None
    try:
        read(item.kind, item.rough)
    except Invalid as fault:
        return fault
    return None


def number_of(text: str) -> int:
    """0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _to_address(address: str) -> HttpResponse:
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response
