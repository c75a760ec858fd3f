"""One SOP: where it stands, its versions and who accepted them, where it belongs, which stores run it; its history."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from knowledge.actions.write_item import place_item
from knowledge.admin.item_pages import ItemPage, typed
from knowledge.admin.sops.edit import crumbs
from knowledge.admin.sops.forms import PlaceForm
from knowledge.diff import difference
from knowledge.drawing import draw
from knowledge.models import Item, Kind
from knowledge.queries.gate import item_for, may_write
from knowledge.queries.sops import history_of_item, published_in, versions_of
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.history import kind_label
from tenants.admin_site.pages import AdminPage


class SopPage(ItemPage):
    kind = Kind.SOP
    made = gettext_lazy("%(version)s is made. A lead has to accept it.")
    route = "sops/<int:pk>/"
    name = "sop"
    title = gettext_lazy("SOP")
    template = "knowledge/admin/sops/one.html"

    def shown(self, author: Author, item: Item, form: PlaceForm | None = None) -> dict[str, Any]:
        content, latest = typed(item), item.latest
        has_draft = item.draft is not None or item.rough is not None
        return {
            "title": str(item),
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
            "may_publish": author.member.may(Action.PUBLISH),
            "may_sign": author.member.may(Action.SIGN_OFF),
        }

    def place_form(self, author: Author) -> PlaceForm:
        return PlaceForm(self.request.POST, agency_id=author.agency_id)

    def put(self, item: Item, form: PlaceForm, *, revision: int, author: Author) -> None:
        place_item(item, form.place(item), revision=revision, author=author.person, now=author.now)


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
            "title": _("History: %s") % item,
            "crumbs": crumbs(item),
            "item": item,
            "lines": lines,
            "before_name": _("Before"),
            "after_name": _("After"),
        }
