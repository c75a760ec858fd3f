"""Searches that found nothing: what readers looked for, over the stores; to write an article from, or to ignore."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knowledge.admin.articles.edit import begin_article
from tenants.access import Action, Caller, store_for
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.context import in_store
from tenants.errors import Invalid
from tickets.actions.miss_search import ignore_missed, write_from_missed
from tickets.queries.missed import missed_searches, missed_words, read_key


class MissedPage(AdminPage):
    route = "missed/"
    name = "missed"
    title = gettext_lazy("Searches without an answer")
    template = "tickets/admin/missed.html"
    action = Action.WRITE_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"lines": missed_searches(self.author(self.action).caller)}

    def post(self, request: HttpRequest) -> HttpResponse:
        """`keys` name the rows of one line, of every store that has them."""
        author = self.author(self.action)
        keys = request.POST.getlist("keys")
        if request.POST.get("do") == "ignore":
            ignored = sum(map(bool, [_each(author.caller, key, ignore_missed) for key in keys]))
            told = ngettext("%(total)d line is off the list.", "%(total)d lines are off the list.", ignored)
            messages.success(request, told % {"total": ignored})
            return redirect("admin:missed")
        if request.POST.get("do") != "write":
            raise Invalid(field="do")
        words, language = missed_words(author.caller, keys)
        with transaction.atomic():
            item = begin_article(author, **{language: words})
        for key in keys:
            _each(author.caller, key, lambda pk: write_from_missed(pk, item_id=item.pk))
        messages.success(request, _("A draft is begun. What was looked for is its title; say it better."))
        return redirect("admin:article_edit", item.pk)


def _each(caller: Caller, key: str, verb: Any) -> Any:
    """In the store that the key names. Raises NotFound."""
    slug, pk = read_key(key)
    with in_store(store_for(caller, slug, Action.NOTE)), transaction.atomic():
        return verb(pk)


MissedPage.register()
add_nav(
    NavEntry(
        Section.LISTEN,
        gettext_lazy("Searches without an answer"),
        "admin:missed",
        Action.WRITE_LIBRARY,
        icon="search_off",
        order=20,
    )
)
