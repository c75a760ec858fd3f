"""One version of an SOP: what it says, what it changes against another, and a lead's word on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from knowledge.actions.make_version import sign_off
from knowledge.admin.sops.edit import crumbs
from knowledge.diff import difference
from knowledge.drawing import draw
from knowledge.models import Kind
from knowledge.queries.gate import item_for, locked_item, version_for
from knowledge.queries.sops import versions_of
from knowledge.sop_cards import cards_of, words_of
from tenants.access import Action
from tenants.admin_site.pages import AdminPage
from tenants.errors import Invalid


class SopVersionPage(AdminPage):
    route = "sops/<int:pk>/versions/<int:number>/"
    name = "sop_version"
    title = gettext_lazy("Version")
    template = "knowledge/admin/sops/version.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        item = item_for(author.caller, kwargs["pk"], kind=Kind.SOP)
        version = version_for(author.caller, item, kwargs["number"])
        versions = versions_of(item)
        against = self._against(version.number)
        other = version_for(author.caller, item, against) if against else None
        return {
            "title": f"{item} · {version}",
            "crumbs": crumbs(item),
            "item": item,
            "version": version,
            "line": next(line for line in versions if line.number == version.number),
            "versions": versions,
            "against": against,
            "drawing": draw(version.content, language=get_language() or "zh"),
            "cards": cards_of(version.content),
            "purpose": words_of(version.content.get("purpose")),
            "sections": difference("sop", other.content if other else None, version.content),
            "before_name": str(other or _("nothing")),
            "after_name": str(version),
            "may_sign": author.member.may(Action.SIGN_OFF),
        }

    def _against(self, number: int) -> int:
        """The version that it is compared with: the one before it, unless another was asked for."""
        asked = self.request.GET.get("against", "")
        return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else number - 1

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """A lead's word."""
        author = self.author(Action.SIGN_OFF)
        accepted = request.POST.get("accepted") == "1"
        try:
            with transaction.atomic():
                item = locked_item(author.caller, pk, kind=Kind.SOP)
                version = version_for(author.caller, item, number)
                reason = request.POST.get("reason", "")
                sign_off(version, person=author.person, accepted=accepted, reason=reason, now=author.now)
        except Invalid as refused:
            return self.draw({**self.context(pk=pk, number=number), "refusal": refused}, status=refused.status)
        messages.success(request, _("Accepted: it can be published.") if accepted else _("Sent back with your reason."))
        return redirect("admin:sop_version", pk, number)
