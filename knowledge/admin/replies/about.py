"""What became of a quick reply: where it was used, and what was done to it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.diff import difference
from knowledge.models import Item, Kind
from knowledge.queries.gate import item_for
from knowledge.queries.sops import history_of_item
from knowledge.queries.uses import uses_of
from tenants.access import Action
from tenants.admin_site.history import kind_label
from tenants.admin_site.pages import AdminPage


class ReplyUsesPage(AdminPage):
    route = "replies/<int:pk>/uses/"
    name = "reply_uses"
    title = gettext_lazy("Where it was sent")
    template = "knowledge/admin/replies/uses.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.REPLY)
        return {"item": item, "uses": uses_of(author.caller, item, now=author.now), "crumbs": _crumbs(item)}


class ReplyHistoryPage(AdminPage):
    route = "replies/<int:pk>/history/"
    name = "reply_history"
    title = gettext_lazy("History")
    template = "knowledge/admin/replies/history.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.REPLY)
        lines = [
            {
                "line": line,
                "kind": kind_label(line.kind),
                "sections": difference("reply", line.before, line.after) if line.before or line.after else None,
                "facts": [value for value in line.facts.values() if isinstance(value, str | int) and value],
            }
            for line in history_of_item(item)
        ]
        names = {"before_name": _("Before"), "after_name": _("After")}
        return {"item": item, "lines": lines, "crumbs": _crumbs(item), **names}


def _crumbs(item: Item) -> list[dict[str, str]]:
    listed = {"title": _("Quick replies"), "link": reverse("admin:replies")}
    return [listed, {"title": str(item), "link": reverse("admin:reply", args=[item.pk])}]
