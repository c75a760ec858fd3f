"""The list of articles: what there is, where each stands, what is to be read again; and many at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knowledge.actions.add_starters import add_starters
from knowledge.admin.articles.bulk import ACTIONS
from knowledge.models import Audience, Kind, Topic
from knowledge.queries.articles import ArticleFilters, article_list
from tenants.access import Action
from tenants.admin_site import bulk
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError


class ArticleListPage(AdminPage):
    route = "articles/"
    name = "articles"
    title = gettext_lazy("Articles")
    template = "knowledge/admin/articles/list.html"
    partial = "knowledge/admin/articles/_lines.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        asked = self.request.GET
        filters = filters_of(asked)
        page = asked.get("page", "")
        rest = asked.copy()
        rest.pop("page", None)
        return {
            "found": article_list(
                author.caller,
                filters,
                today=localdate(author.now),
                page=int(page) if page.isascii() and page.isdecimal() and len(page) < 8 else 1,
            ),
            "filters": filters,
            "rest": rest.urlencode(),
            "topics": Topic.choices,
            "audiences": Audience.choices,
            "states": [
                ("due", _("to be read again")),
                ("draft", _("no version yet")),
                ("changed", _("has a draft")),
                ("published", _("in stores")),
                ("idle", _("in no store")),
                ("one_language", _("in one language only")),
            ],
            "orders": [("changed", _("latest change")), ("title", _("title")), ("review", _("review date"))],
            "actions": [(action.name, action.label) for action in ACTIONS if author.member.may(action.action)],
            "may_write": author.member.may(Action.WRITE_LIBRARY),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        """Begins something with the rows that were ticked, or adds the starter set."""
        author = self.author(Action.WRITE_LIBRARY)
        if request.POST.get("do") == "starters":
            made = add_starters(author.agency_id, Kind.ARTICLE, author=author.person, now=author.now)
            told = ngettext("%(total)d article was added.", "%(total)d articles were added.", len(made))
            messages.success(request, told % {"total": len(made)})
            return redirect("admin:articles")
        ids = [
            int(one) for one in request.POST.getlist("chosen") if one.isascii() and one.isdecimal() and len(one) < 19
        ]
        action = next((one for one in ACTIONS if one.name == request.POST.get("action")), None)
        if action is None:
            messages.error(request, _("Say what is to be done with them."))
            return redirect("admin:articles")
        author.member.require(action.action)
        try:
            run = bulk.begin(request.session, action, ids)
        except DomainError as refused:
            messages.error(request, str(refused))
            return redirect("admin:articles")
        return redirect(reverse("admin:articles_bulk", args=[action.name, run.token]))


def filters_of(asked: Any) -> ArticleFilters:
    """From an address."""
    return ArticleFilters(
        words=asked.get("q", "").replace("\x00", "")[:100],
        topic=asked.get("topic", ""),
        audience=asked.get("audience", ""),
        folder=asked.get("folder", "").replace("\x00", "")[:200],
        keeper=asked.get("keeper", ""),
        state=asked.get("state", ""),
        order=asked.get("order", "changed"),
        archived=asked.get("archived", "") == "1",
    )
