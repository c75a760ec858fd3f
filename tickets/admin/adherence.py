"""How an SOP is kept to: by store and by step; every figure opens its tickets. A part of the SOP's page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, gettext_lazy

from knowledge.content.text import Text
from knowledge.models import Kind
from knowledge.queries.gate import item_for, version_for
from knowledge.queries.sops import version_numbers
from tenants.access import Action
from tenants.admin_site.pages import AdminPage
from tickets.queries.adherence import StepFigures, adherence


class SopAdherencePage(AdminPage):
    """`version` of the query: that one alone; without it, the latest. `all` sums them up, without steps."""

    route = "sops/<int:pk>/adherence/"
    name = "sop_adherence"
    title = gettext_lazy("How it is kept to")
    template = "tickets/admin/adherence.html"
    partial = "tickets/admin/_adherence.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.SOP)
        numbers = version_numbers(item)
        asked = self.request.GET.get("version", "")
        number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0
        number = number if number in numbers else (numbers[0] if numbers and asked != "all" else 0)
        version = version_for(author.caller, item, number) if number else None
        steps = [
            (step["key"], Text(**step["title"]).in_language(get_language() or "zh"))
            for step in (version.content["steps"] if version else ())
        ]
        return {
            "item": item,
            "numbers": numbers,
            "number": number,
            "figures": [
                (store, [_row(key, title, store.steps.get(key, StepFigures())) for key, title in steps])
                for store in adherence(author.caller, item.pk, version=number or None)
            ],
        }


def _row(key: str, title: str, step: StepFigures) -> dict[str, Any]:
    parts = [("done", step.done), ("skipped", step.skipped), ("decided", step.decided)]
    return {"key": key, "title": title, "parts": parts, "percent": step.percent}
