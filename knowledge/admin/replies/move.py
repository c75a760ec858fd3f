"""What is done with many quick replies at once: shown first, before and after, and done when that is meant."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knowledge.actions.move_items import archive_items, move_items
from knowledge.actions.write_item import check_folder
from knowledge.models import Item, Kind
from knowledge.queries.gate import locked_items
from knowledge.queries.reply_list import folder_names, reply_rows
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid

MOST = 500
DEEDS = ("move", "archive", "restore", "put_back")


class ReplyMovePage(AdminPage):
    route = "replies/move/"
    name = "replies_move"
    title = gettext_lazy("Quick replies")
    template = "knowledge/admin/replies/move.html"
    action = Action.READ_LIBRARY

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("admin:replies")

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(Action.READ_LIBRARY)
        deed = request.POST.get("do", "")
        try:
            if deed not in DEEDS:
                raise Invalid(field="do")
            if request.POST.get("sure") != "1":
                return self.draw(self._preview(author, deed))
            with transaction.atomic():
                items = locked_items(author.caller, _ids(request), kind=Kind.REPLY)
                before = {item.pk: item.folder for item in items}
                done = self._do(items, deed, author)
        except DomainError as refused:
            messages.error(request, str(refused))
            return redirect("admin:replies")
        return self._told(deed, done, before)

    def _preview(self, author: Author, deed: str) -> dict[str, Any]:
        rows = reply_rows(author.caller, _ids(self.request), now=author.now)
        return {
            "deed": deed,
            "rows": rows,
            "left": [row for row in rows if not row.may_write],
            "folder": check_folder(self.request.POST.get("folder", "")),
            "folders": folder_names(author.caller),
        }

    def _do(self, items: list[Item], deed: str, author: Author) -> int:
        by: dict[str, Any] = {"author": author.person, "now": author.now}
        if deed == "move":
            return move_items(
                items, dict.fromkeys((item.pk for item in items), self.request.POST.get("folder", "")), **by
            )
        if deed == "put_back":
            return move_items(items, _folders(self.request), **by)
        return archive_items(items, restore=deed == "restore", **by)

    def _told(self, deed: str, done: int, before: dict[int, str]) -> HttpResponse:
        """Back to the list; what was dragged is answered with the way back."""
        if self.request.headers.get("HX-Request"):
            folder = self.request.POST.get("folder", "").strip() or _("no folder")
            words = ngettext("Moved to “%(folder)s”.", "%(total)d moved to “%(folder)s”.", done)
            context = {"words": words % {"folder": folder, "total": done}, "before": before, "may_undo": deed == "move"}
            response = render(self.request, "knowledge/admin/replies/_moved.html", context)
            response["HX-Trigger"] = "repliesMoved"
            return response
        told = {
            "move": ngettext("%(total)d quick reply was moved.", "%(total)d quick replies were moved.", done),
            "archive": ngettext("%(total)d quick reply was archived.", "%(total)d quick replies were archived.", done),
            "restore": ngettext("%(total)d quick reply is back.", "%(total)d quick replies are back.", done),
        }.get(deed, "")
        messages.success(self.request, told % {"total": done})
        return redirect("admin:replies")


def _ids(request: HttpRequest) -> list[int]:
    asked = [text for text in request.POST.getlist("ids") if text.isascii() and text.isdecimal() and len(text) < 19]
    if not asked:
        raise Invalid(_("Tick the quick replies first."), field="ids")
    if len(asked) > MOST:
        raise Invalid(_("At most %(most)d at once.") % {"most": MOST}, field="ids")
    return [int(text) for text in asked]


def _folders(request: HttpRequest) -> dict[int, str]:
    """id → folder, as `was` says it for each of `ids`."""
    return dict(zip(_ids(request), request.POST.getlist("was"), strict=False))
