"""One SOP: where it stands, its versions and who accepted them, where it belongs, which stores run it; its history."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from knowledge.actions.make_version import make_version
from knowledge.actions.write_item import archive_item, discard_draft, place_item, restore_item
from knowledge.admin.sops.edit import crumbs, typed
from knowledge.admin.sops.forms import PlaceForm
from knowledge.diff import difference
from knowledge.drawing import draw
from knowledge.models import Item, Kind
from knowledge.queries.gate import item_for, locked_item, may_write
from knowledge.queries.sops import history_of_item, published_in, titled, versions_of
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.history import kind_label
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid


class SopPage(AdminPage):
    route = "sops/<int:pk>/"
    name = "sop"
    title = gettext_lazy("SOP")
    template = "knowledge/admin/sops/one.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        return self._context(author, item_for(author.caller, kwargs["pk"], kind=Kind.SOP))

    def _context(self, author: Author, item: Item, form: PlaceForm | None = None) -> dict[str, Any]:
        content, latest = typed(item), item.latest
        has_draft = item.draft is not None or item.rough is not None
        return {
            "title": titled(item),
            "crumbs": crumbs(item)[:1],
            "item": item,
            "content": content,
            "drawing": draw(content, language=get_language() or "zh"),
            "has_draft": has_draft,
            "sections": difference("sop", latest.content if latest else None, content) if has_draft and latest else (),
            "before_name": str(latest or ""),
            "after_name": _("Draft"),
            "versions": versions_of(item),
            "stores": published_in(item),
            "form": form or PlaceForm.of(item, author.agency_id),
            "may_write": may_write(author.caller, item),
            "may_sign": author.member.may(Action.SIGN_OFF),
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(Action.WRITE_LIBRARY)
        form = PlaceForm(request.POST, agency_id=author.agency_id) if request.POST.get("do") == "place" else None
        try:
            with transaction.atomic():
                item = locked_item(author.caller, pk, kind=Kind.SOP)
                self._do(item, author, form)
        except DomainError as refused:
            if form is None:
                messages.error(request, str(refused))
                return redirect("admin:sop", pk)
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        if form is not None and form.errors:
            item = item_for(author.caller, pk, kind=Kind.SOP)
            return self.draw(self._context(author, item, form), status=400)
        return redirect("admin:sop", pk)

    def _do(self, item: Item, author: Author, form: PlaceForm | None) -> None:
        """One of the page's buttons."""
        by: dict[str, Any] = {"author": author.person, "now": author.now}
        seen = self.request.POST.get("revision", "")
        revision = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else 0
        match self.request.POST.get("do"):
            case "version":
                made = make_version(item, revision=revision, words=self.request.POST.get("words", ""), **by)
                messages.success(self.request, _("%(version)s is made. A lead has to accept it.") % {"version": made})
            case "discard":
                discard_draft(item, revision=revision, **by)
                messages.success(self.request, _("The draft is gone; it stays in the history."))
            case "archive":
                archive_item(item, **by)
                messages.success(self.request, _("It is archived. Where it is published it goes on."))
            case "restore":
                restore_item(item, **by)
            case "place" if form is not None:
                if form.is_valid():
                    place_item(item, form.place(item), revision=revision, **by)
                    messages.success(self.request, _("Saved."))
            case _:
                raise Invalid(field="do")


class SopHistoryPage(AdminPage):
    route = "sops/<int:pk>/history/"
    name = "sop_history"
    title = gettext_lazy("History")
    template = "knowledge/admin/sops/history.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.SOP)
        lines = [
            {
                "line": line,
                "kind": kind_label(line.kind),
                "sections": difference("sop", line.before, line.after) if line.before or line.after else None,
                "facts": [value for value in line.facts.values() if isinstance(value, str | int) and value],
            }
            for line in history_of_item(item)
        ]
        return {
            "title": _("History: %s") % titled(item),
            "crumbs": crumbs(item),
            "item": item,
            "lines": lines,
            "before_name": _("Before"),
            "after_name": _("After"),
        }
