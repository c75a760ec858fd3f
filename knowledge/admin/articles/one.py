"""One article: as it is read, its draft, its versions, where it belongs, which stores run it; and its history."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.make_version import make_version
from knowledge.actions.write_item import archive_item, discard_draft, place_item, restore_item
from knowledge.admin.articles.edit import crumbs, drawn, typed
from knowledge.admin.articles.forms import PlaceForm
from knowledge.diff import difference
from knowledge.models import Item, Kind
from knowledge.queries.articles import titled
from knowledge.queries.corrections import corrections_of
from knowledge.queries.gate import item_for, locked_item, may_write, version_for
from knowledge.queries.sops import history_of_item, published_in, versions_of
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.history import kind_label
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid, NotFound


class ArticlePage(AdminPage):
    route = "articles/<int:pk>/"
    name = "article"
    title = gettext_lazy("Article")
    template = "knowledge/admin/articles/one.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        return self._context(author, item_for(author.caller, kwargs["pk"], kind=Kind.ARTICLE))

    def _context(self, author: Author, item: Item, form: PlaceForm | None = None) -> dict[str, Any]:
        content, latest = typed(item), item.latest
        has_draft = item.draft is not None or item.rough is not None
        return {
            "title": titled(item),
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
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(Action.WRITE_LIBRARY)
        form = None
        if request.POST.get("do") == "place":
            form = PlaceForm(request.POST, caller=author.caller, agency_id=author.agency_id)
        try:
            with transaction.atomic():
                item = locked_item(author.caller, pk, kind=Kind.ARTICLE)
                self._do(item, author, form)
        except NotFound:
            raise
        except DomainError as refused:
            if form is None:
                messages.error(request, str(refused))
                return redirect("admin:article", pk)
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        if form is not None and form.errors:
            item = item_for(author.caller, pk, kind=Kind.ARTICLE)
            return self.draw(self._context(author, item, form), status=400)
        return redirect("admin:article", pk)

    def _do(self, item: Item, author: Author, form: PlaceForm | None) -> None:
        """One of the page's buttons."""
        by: dict[str, Any] = {"author": author.person, "now": author.now}
        seen = self.request.POST.get("revision", "")
        revision = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else 0
        match self.request.POST.get("do"):
            case "version":
                made = make_version(item, revision=revision, words=self.request.POST.get("words", ""), **by)
                messages.success(self.request, _("%(version)s is made. It can be published.") % {"version": made})
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
                    place_item(item, form.place(), revision=revision, **by)
                    messages.success(self.request, _("Saved."))
            case _:
                raise Invalid(field="do")


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
            "title": f"{titled(item)} · {version}",
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
            "title": _("History: %s") % titled(item),
            "crumbs": crumbs(item),
            "item": item,
            "lines": lines,
            "before_name": _("Before"),
            "after_name": _("After"),
        }
