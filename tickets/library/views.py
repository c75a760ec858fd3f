"""Articles beside a conversation: found, read in place, put into the answer, corrected."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from knowledge.actions.correct import propose_correction
from knowledge.queries.held import held_article
from tenants.access import Action, store_for
from tenants.clock import database_now
from tenants.context import in_store
from tenants.middleware import DeskRequest
from tickets.actions.miss_search import miss_search
from tickets.forms import read
from tickets.queries.knowledge import knowledge_article, knowledge_pane

LONGEST = 200  # letters of a search that are looked at


class CorrectionForm(forms.Form):
    language = forms.ChoiceField(choices=[("zh", "zh"), ("en", "en")])
    after = forms.CharField(required=False, strip=False)
    reason = forms.CharField(required=False)


@login_required
@require_GET
def pane(request: DeskRequest, store: str, number: int) -> HttpResponse:
    """`q`: what is looked for. `done`: it was meant, and not a word half typed: what is not found is counted."""
    found = store_for(request.caller, store, Action.VIEW)
    words = " ".join(request.GET.get("q", "").replace("\x00", " ").split())[:LONGEST]
    shown = knowledge_pane(request.caller, found, number, words)
    if words and not shown.first and request.GET.get("done"):
        with in_store(found):
            miss_search(words, language=request.LANGUAGE_CODE, by_buyer=False, now=database_now())
    return render(request, "tickets/library/_pane.html", {"pane": shown})


@login_required
@require_GET
def article(request: DeskRequest, store: str, number: int, item: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.VIEW)
    shown = knowledge_article(request.caller, found, number, item, request.GET.get("language", ""))
    return render(request, "tickets/library/_article.html", {"article": shown})


@login_required
@require_POST
def correct(request: DeskRequest, store: str, number: int, item: int) -> HttpResponse:
    """What the article should say, as this store runs it."""
    found = store_for(request.caller, store, Action.VIEW)
    asked = read(CorrectionForm, request)
    held = held_article(request.caller, found, item)
    with transaction.atomic():
        propose_correction(
            held.item,
            store=found,
            version_id=held.version_id,
            before=held.body.get(asked["language"], ""),
            author=request.user,
            now=database_now(),
            **asked,
        )
    shown = knowledge_article(request.caller, found, number, item, asked["language"])
    return render(request, "tickets/library/_article.html", {"article": shown, "was_proposed": True})
