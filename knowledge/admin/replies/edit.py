"""The editor of a quick reply: both languages side by side, variables as buttons, how it reads, its versions."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.make_version import make_version
from knowledge.actions.save_reply import AT_ONCE, add_reply, save_reply
from knowledge.actions.write_item import ItemMovedOn, archive_item, discard_draft, restore_item
from knowledge.admin.replies.forms import ReplyForm, ids_in, initial_of
from knowledge.content import read, write
from knowledge.content.reply import EXAMPLES, VARIABLES
from knowledge.diff import difference
from knowledge.models import Item, Kind
from knowledge.queries.gate import item_for, locked_item, may_write
from knowledge.queries.pictures import pictures_of
from knowledge.queries.places import places_for, require_place
from knowledge.queries.reply_list import belongs_to, folder_names
from knowledge.queries.sops import published_in, versions_of
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid

EMPTY = {"title": {"zh": "", "en": ""}, "body": {"zh": "", "en": ""}, "shortcut": "", "pictures": []}


class _Editor(AdminPage):
    template = "knowledge/admin/replies/edit.html"
    action = Action.READ_LIBRARY

    def form_of(self, author: Author, *args: Any, **kwargs: Any) -> ReplyForm:
        return ReplyForm(*args, places=places_for(author.caller), agency_id=author.agency_id, **kwargs)

    def frame(self, author: Author, form: ReplyForm, pictures: list[str]) -> dict[str, Any]:
        """What the template needs for a new one and for one that is there."""
        return {
            "form": form,
            "pictures": pictures_of(author.agency_id, [UUID(name) for name in pictures]),
            "folders": folder_names(author.caller),
            "variables": [(f"{{{name}}}", label) for name, label in VARIABLES.items()],
            "examples": json.dumps(
                {name: dict(zip(("zh", "en"), words, strict=True)) for name, words in EXAMPLES.items()}
            ),
            "crumbs": [{"title": _("Quick replies"), "link": reverse("admin:replies")}],
        }


class ReplyNewPage(_Editor):
    route = "replies/new/"
    name = "reply_new"
    title = gettext_lazy("New quick reply")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        layer = places_for(author.caller).layers[0]
        initial = {"folder": self.request.GET.get("folder", "")[:200], "layer": layer}
        return {**self.frame(author, self.form_of(author, initial=initial), []), "may_write": True}

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(Action.READ_LIBRARY)
        form, pictures = self.form_of(author, request.POST), ids_in(request.POST.getlist("pictures"))
        if form.is_valid():
            place = form.place(author.person.pk, None)
            try:
                require_place(author.caller, layer=place.layer, team_id=place.team_id, store_id=place.store_id)
                with transaction.atomic():
                    item = add_reply(
                        author.agency_id, form.content(pictures), place, author=author.person, now=author.now
                    )
                messages.success(request, _saved(item))
                return redirect("admin:reply", item.pk)
            except DomainError as refused:
                form.refuse(refused.field, str(refused))
        return self.draw({**self.frame(author, form, pictures), "may_write": True}, status=400)


class ReplyPage(_Editor):
    route = "replies/<int:pk>/"
    name = "reply"
    title = gettext_lazy("Quick reply")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.REPLY)
        content = _content(item)
        form = self.form_of(author, initial=initial_of(item, content))
        return self._context(author, item, form, list(content["pictures"]))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(Action.READ_LIBRARY)
        form, pictures = self.form_of(author, request.POST), ids_in(request.POST.getlist("pictures"))
        if request.POST.get("do") in ("archive", "restore", "discard"):
            return self._put_away(author, pk)
        moved: ItemMovedOn | None = None
        if form.is_valid():
            try:
                self._save(author, pk, form, pictures)
                return redirect("admin:reply", pk)
            except ItemMovedOn as error:
                moved = error
            except DomainError as refused:
                form.refuse(refused.field, str(refused))
        item = item_for(author.caller, pk, kind=Kind.REPLY)
        context = self._context(author, item, form, pictures)
        if moved is not None:
            mine = _as_typed(form, pictures)
            context |= {"moved": moved, "theirs": difference("reply", _content(item), mine)}
        return self.draw(context, status=moved.status if moved else 400)

    def _context(self, author: Author, item: Item, form: ReplyForm, pictures: list[str]) -> dict[str, Any]:
        latest = item.latest
        return {
            **self.frame(author, form, pictures),
            "title": str(item),
            "item": item,
            "belongs_to": belongs_to(item),
            "revision": item.revision,
            "at_once": item.layer in AT_ONCE,
            "has_draft": item.draft is not None,
            "sections": difference("reply", latest.content, item.draft) if latest and item.draft else (),
            "before_name": str(latest or ""),
            "after_name": _("Draft"),
            "versions": versions_of(item),
            "stores": published_in(item),
            "may_write": may_write(author.caller, item),
        }

    def _save(self, author: Author, pk: int, form: ReplyForm, pictures: list[str]) -> None:
        """Saves; and makes a version, if that was the button."""
        with transaction.atomic():
            item = locked_item(author.caller, pk, kind=Kind.REPLY)
            place = form.place(author.person.pk, item)
            require_place(author.caller, layer=place.layer, team_id=place.team_id, store_id=place.store_id)
            by: dict[str, Any] = {"author": author.person, "now": author.now}
            save_reply(item, form.content(pictures), place, revision=_revision(self.request), **by)
            words = _saved(item)
            if self.request.POST.get("do") == "version" and item.draft is not None:
                made = make_version(item, revision=item.revision, words=self.request.POST.get("words", ""), **by)
                words = _("%(version)s is made. It can be published.") % {"version": made}
        messages.success(self.request, words)

    def _put_away(self, author: Author, pk: int) -> HttpResponse:
        by: dict[str, Any] = {"author": author.person, "now": author.now}
        try:
            with transaction.atomic():
                item = locked_item(author.caller, pk, kind=Kind.REPLY)
                match self.request.POST["do"]:
                    case "archive":
                        archive_item(item, **by)
                        words = _("It is archived. Where it is published it goes on.")
                    case "restore":
                        restore_item(item, **by)
                        words = _("It is back.")
                    case _:
                        discard_draft(item, revision=_revision(self.request), **by)
                        words = _("The draft is gone; it stays in the history.")
            messages.success(self.request, words)
        except DomainError as refused:
            messages.error(self.request, str(refused))
        return redirect("admin:reply", pk)


def _content(item: Item) -> dict[str, Any]:
    """What its editor shows: the draft, else the latest version; what an older shape lacks is empty."""
    said = item.draft if item.draft is not None else item.latest.content if item.latest else {}
    return {**EMPTY, **said}


def _as_typed(form: ReplyForm, pictures: list[str]) -> dict[str, Any]:
    """What was typed over another's change, as it would be kept."""
    content = form.content(pictures)
    try:
        return write(read(Kind.REPLY, content))
    except Invalid:
        return content


def _saved(item: Item) -> str:
    if item.layer in AT_ONCE:
        return _("Saved, and in use from now on.")
    return _("Saved as a draft. Make a version of it, then publish.") if item.draft else _("Saved.")


def _revision(request: HttpRequest) -> int:
    seen = request.POST.get("revision", "")
    return int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else 0
