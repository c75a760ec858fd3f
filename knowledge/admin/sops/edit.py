"""The editor of an SOP: a form of cards, a drawing beside it, kept while it is typed; and two who edit at once.

What is typed is kept at every pause, sound or not. Buttons that change the form's shape send all of it and get it back
changed. Who writes over what they did not see gets both texts to compare, and neither is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from knowledge.actions.write_item import Place, create_item
from knowledge.admin.item_pages import ItemEditPage, fault_of, typed
from knowledge.content.reply import VARIABLES
from knowledge.drawing import draw
from knowledge.models import Item, Kind
from knowledge.queries.gate import item_for
from knowledge.sop_cards import cards_of, words_of
from knowledge.sop_form import content_of, input_of, shaped
from tenants.access import Action
from tenants.admin_site.pages import AdminPage
from tenants.errors import Invalid

NEW = {
    "title": {"zh": "新的流程", "en": "New SOP"},
    "steps": [{"key": "s1", "kind": "do", "title": {"zh": "第一步", "en": "First step"}, "edges": [{"to": ""}]}],
}


class SopNewPage(AdminPage):
    """Makes one to be written; there is nothing to see."""

    route = "sops/new/"
    name = "sop_new"
    title = gettext_lazy("New SOP")
    action = Action.WRITE_LIBRARY

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("admin:sops")

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(Action.WRITE_LIBRARY)
        with transaction.atomic():
            item = create_item(
                author.agency_id, kind=Kind.SOP, content=NEW, place=Place(), author=author.person, now=author.now
            )
        return redirect("admin:sop_edit", item.pk)


class SopEditPage(ItemEditPage):
    kind = Kind.SOP
    route = "sops/<int:pk>/edit/"
    name = "sop_edit"
    title = gettext_lazy("Edit the SOP")
    template = "knowledge/admin/sops/edit.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.WRITE_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.SOP)
        content = typed(item)
        fault = fault_of(item)
        return {
            **_form(item, content),
            **_side(item, content, fault),
            "title": str(item),
            "crumbs": crumbs(item),
            "variables": [(f"{{{name}}}", label) for name, label in VARIABLES.items()],
        }

    def typed_now(self, request: HttpRequest) -> Mapping[str, Any]:
        content, self.look_at = shaped(content_of(request.POST), request.POST.get("do", ""))
        return content

    def show(self, item: Item, content: Mapping[str, Any], fault: Invalid | None) -> HttpResponse:
        context = {**_side(item, content, fault), "is_answer": True, "look_at": self.look_at}
        if self.request.POST.get("do"):
            whole = {**context, **_form(item, content)}
            return render(self.request, "knowledge/admin/sops/_answer_form.html", whole)
        return render(self.request, "knowledge/admin/sops/_answer.html", context)


def crumbs(item: Item) -> list[dict[str, str]]:
    return [
        {"title": _("SOPs"), "link": reverse("admin:sops")},
        {"title": str(item), "link": reverse("admin:sop", args=[item.pk])},
    ]


def _form(item: Item, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "item": item,
        "cards": cards_of(content),
        "sop_title": words_of(content.get("title")),
        "purpose": words_of(content.get("purpose")),
    }


def _side(item: Item, content: Mapping[str, Any], fault: Invalid | None) -> dict[str, Any]:
    where = str(fault.field or "") if fault else ""
    return {
        "item": item,
        "fault": fault,
        "fault_input": input_of(where, content),
        "drawing": draw(content, language=get_language() or "zh", fault=where),
    }
