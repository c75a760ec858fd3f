"""Corrections: what readers say an article should say, and the answer to each."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.correct import accept_correction, decline_correction
from knowledge.admin.item_pages import typed
from knowledge.diff import difference
from knowledge.models import Correction, Kind
from knowledge.queries.corrections import correction_for, correction_list
from knowledge.queries.gate import locked_item, may_write
from knowledge.queries.held import own_text
from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid, NotFound


class CorrectionsPage(AdminPage):
    route = "corrections/"
    name = "corrections"
    title = gettext_lazy("Corrections")
    template = "knowledge/admin/articles/corrections.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        state = self.request.GET.get("state", Correction.State.OPEN)
        if state not in Correction.State.values:
            state = Correction.State.OPEN
        return {
            "lines": correction_list(author.caller, state=state),
            "state": state,
            "states": Correction.State.choices,
            "may_write": author.member.may(Action.WRITE_LIBRARY),
        }


class CorrectionPage(AdminPage):
    route = "corrections/<int:pk>/"
    name = "correction"
    title = gettext_lazy("Correction")
    template = "knowledge/admin/articles/correction.html"
    action = Action.READ_LIBRARY

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(Action.READ_LIBRARY)
        return self._context(author, correction_for(author.caller, kwargs["pk"]))

    def _context(self, author: Author, one: Correction, refused: DomainError | None = None) -> dict[str, Any]:
        """The text as it was, as it should be; and as it is by now, where it has changed meanwhile."""
        now_it_says = self._now(one)
        sent = self.request.POST
        return {
            "title": _("Correction: %s") % one.item,
            "crumbs": [{"title": _("Corrections"), "link": reverse("admin:corrections")}],
            "one": one,
            "item": one.item,
            "sections": _difference(one, one.before, one.after),
            "meanwhile": _difference(one, one.before, now_it_says) if now_it_says != one.before else (),
            "before_name": _("As it was"),
            "after_name": _("As it should be"),
            "text": sent.get("text", one.after),
            "answer": sent.get("answer", ""),
            "refused": refused,
            "may_write": may_write(author.caller, one.item),
            "may_publish": author.member.may(Action.PUBLISH),
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(Action.WRITE_LIBRARY)
        try:
            with transaction.atomic():
                one = correction_for(author.caller, pk, lock=True)
                told = self._do(one, author)
        except NotFound:
            raise
        except DomainError as refused:
            one = correction_for(author.caller, pk)
            return self.draw(self._context(author, one, refused), status=refused.status)
        messages.success(request, told)
        return redirect("admin:corrections")

    def _do(self, one: Correction, author: Author) -> str:
        posted = self.request.POST
        by: dict[str, Any] = {"by": author.person, "now": author.now}
        answer = posted.get("answer", "")
        item = locked_item(author.caller, one.item_id, kind=Kind.ARTICLE)
        match posted.get("do"):
            case "decline":
                decline_correction(one, answer=answer, **by)
                return _("Declined; its author reads your answer.")
            case "draft":
                seen = posted.get("revision", "")
                revision = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else 0
                text = posted.get("text", "").replace("\r\n", "\n")
                accept_correction(one, item, text=text, into="draft", revision=revision, answer=answer, **by)
                return _("It is in the draft. Make a version of it and publish that.")
            case "override":
                author.member.require(Action.PUBLISH)
                text = posted.get("text", "").replace("\r\n", "\n")
                accept_correction(one, item, text=text, into="override", revision=0, answer=answer, **by)
                return _("The store says it so from now on.")
        raise Invalid(field="do")

    def _now(self, one: Correction) -> str:
        """What the store, or the draft, says by now in that language."""
        content = own_text(one.store, one.item_id) if one.store else None
        body = (content or typed(one.item)).get("body") or {}
        return str(body.get(one.language, ""))


def _difference(one: Correction, before: str, after: str) -> tuple[Any, ...]:
    old, new = ({"body": {one.language: text}} for text in (before, after))
    return difference("article", old, new)
