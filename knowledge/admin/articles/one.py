"""One article: as it is read, its draft, its versions, where it belongs, which stores run it; and its history."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.write_item import place_item
from knowledge.admin.articles.edit import crumbs, drawn
from knowledge.admin.articles.forms import PlaceForm
from knowledge.admin.item_pages import ItemPage, typed
from knowledge.diff import difference
from knowledge.models import Item, Kind
from knowledge.queries.corrections import corrections_of
from knowledge.queries.gate import item_for, may_write, version_for
from knowledge.queries.sops import history_of_item, published_in, versions_of
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.history import kind_label
from tenants.admin_site.pages import AdminPage


class ArticlePage(ItemPage):
    kind = Kind.ARTICLE
    made = gettext_lazy("%(version)s is made. It can be published.")
    route = "articles/<int:pk>/"
    name = "article"
    title = gettext_lazy("Article")
    template = "knowledge/admin/articles/one.html"

    def shown(self, author: Author, item: Item, form: PlaceForm | None = None) -> dict[str, Any]:
        content, latest = typed(item), item.latest
        has_draft = item.draft is not None or item.rough is not None
        return {
            "title": str(item),
            "crumbs": crumbs(item)[:1],
            "item": item,
            "drawn": drawn(content),
            "titles": content.get("title") or {},
            "has_draft": has_draft,
            "sections": difference("article", latest.content, content) if has_draft and latest else (),
            "before_name": str(latest or ""),
            "after_name": _("Draft"),
            "versions": versions_of(item),
            "stores": published_in(item),
            "corrections": corrections_of(author.caller, item),
            "form": form or PlaceForm.of(item, author.caller),
            "is_due": item.review_on is not None and item.review_on <= localdate(author.now),
            "may_write": may_write(author.caller, item),
            "may_publish": author.member.may(Action.PUBLISH),
        }

    def place_form(self, author: Author) -> PlaceForm:
        return PlaceForm(self.request.POST, caller=author.caller, agency_id=author.agency_id)

    def put(self, item: Item, form: PlaceForm, *, revision: int, author: Author) -> None:
        place_item(item, form.place(), revision=revision, author=author.person, now=author.now)


class ArticleVersionPage(AdminPage):
    """One version: what it says, and what it changes against another."""

    route = "articles/<int:pk>/versions/<int:number>/"
    name = "article_version"
    title = gettext_lazy("Version")
    template = "knowledge/admin/articles/version.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.ARTICLE)
        version = version_for(author.caller, item, kwargs["number"])
        versions = versions_of(item)
        asked = self.request.GET.get("against", "")
        against = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else version.number - 1
        other = version_for(author.caller, item, against) if against else None
        return {
            "title": f"{item} · {version}",
            "crumbs": crumbs(item),
            "item": item,
            "version": version,
            "line": next(line for line in versions if line.number == version.number),
            "versions": versions,
            "against": against,
            "drawn": drawn(version.content),
            "titles": version.content["title"],
            "sections": difference("article", other.content if other else None, version.content),
            "before_name": str(other or _("nothing")),
            "after_name": str(version),
        }


class ArticleHistoryPage(AdminPage):
    route = "articles/<int:pk>/history/"
    name = "article_history"
    title = gettext_lazy("History")
    template = "knowledge/admin/articles/history.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.ARTICLE)
        lines = [
            {
                "line": line,
                "kind": kind_label(line.kind),
                "sections": difference("article", line.before, line.after) if line.before or line.after else None,
                "facts": [value for value in line.facts.values() if isinstance(value, str | int) and value],
            }
            for line in history_of_item(item)
        ]
        return {
            "title": _("History: %s") % item,
            "crumbs": crumbs(item),
            "item": item,
            "lines": lines,
            "before_name": _("Before"),
            "after_name": _("After"),
        }
