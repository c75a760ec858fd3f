"""The list of quick replies: folders beside it, a page of what was looked for, and what is done with many at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knowledge.actions.add_starters import add_starters
from knowledge.actions.move_items import rename_folder
from knowledge.models import Kind, Layer
from knowledge.queries.gate import locked_items
from knowledge.queries.reply_list import ReplyFilters, in_folder, reply_list
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid


class ReplyListPage(AdminPage):
    route = "replies/"
    name = "replies"
    title = gettext_lazy("Quick replies")
    template = "knowledge/admin/replies/list.html"
    partial = "knowledge/admin/replies/_library.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        filters = filters_of(self.request)
        return {
            "found": reply_list(author.caller, filters, now=author.now),
            "filters": filters,
            "query": query_of(filters),
            "layers": Layer.choices,
            "may_share": author.member.may(Action.WRITE_LIBRARY),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(Action.READ_LIBRARY)
        try:
            with transaction.atomic():
                folder = self._do(request, author)
        except DomainError as refused:
            messages.error(request, str(refused))
            folder = request.POST.get("folder", "")
        address = reverse("admin:replies")
        return redirect(f"{address}?{urlencode({'folder': folder})}" if folder else address)

    def _do(self, request: HttpRequest, author: Author) -> str:
        """One of the page's buttons; the folder to be looked at then."""
        if request.POST.get("do") == "starters":
            author.member.require(Action.WRITE_LIBRARY)
            made = add_starters(author.agency_id, Kind.REPLY, author=author.person, now=author.now)
            told = ngettext("%(total)d quick reply was added.", "%(total)d quick replies were added.", len(made))
            messages.success(request, told % {"total": len(made)})
            return ""
        if request.POST.get("do") != "rename":
            raise Invalid(field="do")
        folder, to = request.POST.get("folder", ""), request.POST.get("to", "")
        items = locked_items(author.caller, in_folder(author.caller, folder) if folder else [], kind=Kind.REPLY)
        moved = rename_folder(items, folder, to, author=author.person, now=author.now)
        if not moved:
            raise Invalid(_("There is nothing in this folder that you may move."), field="folder")
        told = ngettext(
            "%(total)d quick reply is in “%(to)s” now.", "%(total)d quick replies are in “%(to)s” now.", moved
        )
        messages.success(request, told % {"total": moved, "to": to.strip()})
        return to.strip()


def filters_of(request: HttpRequest) -> ReplyFilters:
    asked = request.GET
    page = asked.get("page", "")
    return ReplyFilters(
        words=asked.get("q", "").replace("\x00", "")[:100],
        folder=asked.get("folder", "").replace("\x00", "")[:200],
        layer=asked.get("layer", ""),
        archived=asked.get("archived", "") == "1",
        page=int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
    )


def query_of(filters: ReplyFilters) -> str:
    """As an address says it, without the page."""
    archived = "1" if filters.archived else ""
    told = {"q": filters.words, "folder": filters.folder, "layer": filters.layer, "archived": archived}
    return urlencode({name: value for name, value in told.items() if value})
