"""The articles that a store runs, for its seller and its agents at the store's host; and what they correct in them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from knowledge.actions.correct import propose_correction
from knowledge.content.text import Text
from knowledge.markdown import to_html
from knowledge.models import Audience, Topic
from knowledge.queries.corrections import own_corrections
from knowledge.queries.held import Held, held_article, held_in, held_item
from tenants.access import Action, stores_for
from tenants.clock import database_now
from tenants.errors import Conflict, Invalid, NotFound
from tenants.middleware import DeskRequest
from tenants.models import Store

TOLD = "library"  # what of Django's messages is shown here
_TAGS = {"zh": "zh-Hans", "en": "en"}


@login_required
@require_GET
def articles(request: DeskRequest) -> HttpResponse:
    """What there is, by topic, and what became of their corrections."""
    store = _store(request)
    language = get_language() or "zh"
    held = held_in(request.caller, store, kind="article")
    labels = [*Topic.choices, ("", _("without a topic"))]
    topics = [(label, [_row(each, language) for each in held if each.topic == key]) for key, label in labels]
    context = {
        "topics": [(label, rows) for label, rows in topics if rows],
        "corrections": own_corrections(request.caller, store),
        **_page(request),
    }
    return render(request, "knowledge/library/articles.html", context)


@login_required
@require_GET
def article(request: DeskRequest, item: int) -> HttpResponse:
    return _article(request, _store(request), item)


@login_required
@require_POST
def correct(request: DeskRequest, item: int) -> HttpResponse:
    """What is refused is told beside what was typed, and that stays."""
    store, posted = _store(request), request.POST
    held = held_article(request.caller, store, item)
    try:
        with transaction.atomic():
            propose_correction(
                held.item,
                store=store,
                version_id=held.version_id,
                language=posted.get("language", ""),
                before=held.body.get(posted.get("language", ""), ""),
                after=posted.get("after", ""),
                reason=posted.get("reason", ""),
                author=request.user,
                now=database_now(),
            )
    except (Invalid, Conflict) as refusal:
        return _article(request, store, item, refusal)
    messages.success(request, _("Thank you: the agency reads it, and you see their answer here."), extra_tags=TOLD)
    return redirect("seller_articles")


def _article(request: DeskRequest, store: Store, item: int, refusal: Invalid | Conflict | None = None) -> HttpResponse:
    held = held_item(request.caller, store, item, kind="article")
    content = held.content or {}
    title, body = (Text(**content[name]) for name in ("title", "body"))
    asked = request.POST.get("language") or request.GET.get("language") or (get_language() or "zh")[:2]
    shown = asked if asked in _TAGS and getattr(body, asked) else ("zh" if body.zh else "en")
    context = {
        "held": held,
        "title": title.in_language(shown),
        "html": to_html(getattr(body, shown)),
        "language": shown,
        "tag": _TAGS[shown],
        "other": next((code for code in _TAGS if code != shown and getattr(body, code)), ""),
        "after": request.POST.get("after", getattr(body, shown)),
        "reason": request.POST.get("reason", ""),
        "audience_label": Audience(held.audience).label,
        "refusal": refusal,
        **_page(request),
    }
    return render(request, "knowledge/library/article.html", context, status=refusal.status if refusal else 200)


def _row(held: Held, language: str) -> dict[str, Any]:
    return {
        "item_id": held.item_id,
        "title": Text(zh=held.title.get("zh", ""), en=held.title.get("en", "")).in_language(language),
        "is_public": held.audience == Audience.PUBLIC,
        "audience_label": Audience(held.audience).label,
        "is_own": held.is_override,
    }


def _store(request: DeskRequest) -> Store:
    """The store whose host this is. Raises NotFound for who has nothing to do with it."""
    stores = stores_for(request.caller, Action.VIEW)
    if not stores:
        raise NotFound
    return stores[0]


def _page(request: DeskRequest) -> dict[str, Any]:
    return {"is_store_host": True, "place_name": request.place.name, "person_name": str(request.user)}
