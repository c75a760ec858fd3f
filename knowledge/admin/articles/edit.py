"""The editor of an article: both languages side by side, drawn as they are typed, kept at every pause.

Who writes over what they did not see gets both texts to compare, and neither is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.write_item import Place, begin_item
from knowledge.admin.item_pages import ItemEditPage, fault_of, typed
from knowledge.markdown import to_html
from knowledge.models import Item, Kind
from knowledge.queries.gate import item_for
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.errors import Invalid

LANGUAGES = (("zh", "zh-Hans", "中文"), ("en", "en", "English"))


class ArticleNewPage(AdminPage):
    """Makes one to be written; there is nothing to see."""

    route = "articles/new/"
    name = "article_new"
    title = gettext_lazy("New article")
    action = Action.WRITE_LIBRARY

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("admin:articles")

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(Action.WRITE_LIBRARY)
        with transaction.atomic():
            item = begin_article(author)
        return redirect("admin:article_edit", item.pk)


class ArticleEditPage(ItemEditPage):
    kind = Kind.ARTICLE
    route = "articles/<int:pk>/edit/"
    name = "article_edit"
    title = gettext_lazy("Edit the article")
    template = "knowledge/admin/articles/edit.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.WRITE_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.ARTICLE)
        content = typed(item)
        return {
            "title": _("Edit: %s") % item,
            "crumbs": crumbs(item),
            **_answer(item, content, fault_of(item)),
            "sides": [_side(content, *language) for language in LANGUAGES],
        }

    def typed_now(self, request: HttpRequest) -> Mapping[str, Any]:
        return content_of(request.POST)

    def show(self, item: Item, content: Mapping[str, Any], fault: Invalid | None) -> HttpResponse:
        return render(self.request, "knowledge/admin/articles/_answer.html", _answer(item, content, fault))


def begin_article(author: Author, *, zh: str = "", en: str = "") -> Item:
    """One with a title alone, or with none yet."""
    rough = {"title": {"zh": zh, "en": en}, "body": {"zh": "", "en": ""}}
    return begin_item(
        author.agency_id,
        kind=Kind.ARTICLE,
        rough=rough,
        place=Place(keeper_id=author.person.pk),
        author=author.person,
        now=author.now,
    )


def content_of(posted: QueryDict) -> dict[str, Any]:
    """The form as a content, unchecked. Browsers send a line's end as two signs; kept is one."""
    return {
        name: {code: posted.get(f"{name}.{code}", "").replace("\r\n", "\n") for code, _tag, _name in LANGUAGES}
        for name in ("title", "body")
    }


def crumbs(item: Item) -> list[dict[str, str]]:
    return [
        {"title": _("Articles"), "link": reverse("admin:articles")},
        {"title": str(item), "link": reverse("admin:article", args=[item.pk])},
    ]


def drawn(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Its text in both languages, as it is read."""
    bodies = content.get("body") or {}
    return [
        {"code": code, "tag": tag, "name": name, "html": to_html(_shown(bodies.get(code)))}
        for code, tag, name in LANGUAGES
    ]


def _side(content: Mapping[str, Any], code: str, tag: str, name: str) -> dict[str, str]:
    title, body = (_shown((content.get(part) or {}).get(code)) for part in ("title", "body"))
    return {"code": code, "tag": tag, "name": name, "title": title, "body": body, "html": to_html(body)}


def _answer(item: Item, content: Mapping[str, Any], fault: Invalid | None) -> dict[str, Any]:
    return {
        "item": item,
        "fault": fault,
        "fault_input": str(fault.field or "") if fault else "",
        "drawn": drawn(content),
    }


def _shown(text: object) -> str:
    """What is kept as it was typed may be of any length; so much of it is drawn."""
    return str(text or "")[:60_000]
