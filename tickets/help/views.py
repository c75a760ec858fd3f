"""The store's help centre. Nobody signs in here, nothing is kept of a reader, and any cache may keep the pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import conditional_page, require_safe

from knowledge.markdown import to_html, to_plain
from knowledge.queries.help_centre import help_article, help_topics
from knowledge.search import search_help
from tenants.access import store_of
from tenants.bucket import Buckets
from tenants.clock import database_now
from tenants.context import in_store
from tenants.errors import NotFound
from tenants.middleware import DeskRequest
from tenants.models import Store
from tickets.actions.miss_search import miss_search
from tickets.queries.names import store_ref

KEPT: Final = "public, max-age=60"  # seconds that a withdrawn article may still be read
LONGEST: Final = 200  # letters of a search that are looked at
# Of one address: searches without an answer that are counted. Whoever asks more is answered, and not counted.
missed_of_address = Buckets(0.1, 10)

View = Callable[..., HttpResponse]


def for_everybody(view: View) -> View:
    """In the language that the address names, else the browser's; the same page for all, with a mark of its content."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = request.GET.get("language", "")
        language = asked if asked in dict(settings.LANGUAGES) else translation.get_language() or "en"
        with translation.override(language):
            response = view(request, *args, language=language, **kwargs)
        response["Content-Language"] = language
        response["Cache-Control"] = KEPT
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response

    kept: View = require_safe(conditional_page(shown))
    return kept


@for_everybody
def centre(request: DeskRequest, language: str) -> HttpResponse:
    """All topics, or what `q` finds."""
    store = _store(request)
    words = " ".join(request.GET.get("q", "").replace("\x00", " ").split())[:LONGEST]
    found = search_help(store, words, language=language[:2]) if words else []
    if words and not found and missed_of_address.take(request.META.get("REMOTE_ADDR", "")):
        with in_store(store):
            miss_search(words, language=language, by_buyer=True, now=database_now())
    context = {"words": words, "found": found, "topics": help_topics(store, language) if not found else []}
    return render(request, "tickets/help/centre.html", {**_frame(store, request, language), **context})


@for_everybody
def article(request: DeskRequest, item: int, language: str) -> HttpResponse:
    """An article in the reader's language, else in the one that there is."""
    store = _store(request)
    found = help_article(store, item)
    text = found.body.in_language(language)
    others = [line for topic in help_topics(store, language) if topic.key == found.topic for line in topic.lines]
    context = {
        "article": found,
        "title": found.title.in_language(language),
        "html": to_html(text),
        "summary": to_plain(text)[:160],
        "text_language": _language_of(language, has_zh=bool(found.body.zh), has_en=bool(found.body.en)),
        "others": [line for line in others if line.item_id != found.item_id][:6],
    }
    return render(request, "tickets/help/article.html", {**_frame(store, request, language), **context})


def _store(request: DeskRequest) -> Store:
    store = store_of(request.place)
    if store is None:
        raise NotFound
    return store


def _frame(store: Store, request: DeskRequest, language: str) -> dict[str, Any]:
    """Links keep the language that the address names, and name none where it names none."""
    return {
        "store": store_ref(store),
        "language": language,
        "languages": [(code, name, _address(request, code)) for code, name in settings.LANGUAGES],
        "chosen": f"?language={language}" if request.GET.get("language") else "",
    }


def _address(request: DeskRequest, language: str) -> str:
    """This page in that language."""
    asked = request.GET.copy()
    asked["language"] = language
    return f"{request.path}?{asked.urlencode()}"


def _language_of(language: str, *, has_zh: bool, has_en: bool) -> str:
    """Of the text that is shown, as HTML names it."""
    wants_zh = language.startswith("zh")
    return "zh-Hans" if (wants_zh and has_zh) or not has_en else "en"
