"""Articles beside a conversation: those for the ticket's category, what words find, and one of them, whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.categories import Category
from knowledge.content import Article
from knowledge.content.text import Text
from knowledge.markdown import to_html, to_plain
from knowledge.models import Audience
from knowledge.queries.held import Held, held_in, held_item
from knowledge.search import search_store
from knowledge.search.snippets import Part
from tenants.access import Action, Caller, may
from tenants.context import in_store
from tenants.hosts import url_of
from tenants.models import Domain, Store
from tickets.queries.gate import ticket_for
from tickets.queries.names import store_ref
from tickets.rows import StoreRef

SHOWN: Final = 6  # at once; the others are one step away
MOST: Final = 60


@dataclass(frozen=True)
class KnowledgeLine:
    """`title` and `snippet` in parts, some of them marked as what was looked for."""

    item_id: int
    title: tuple[Part, ...]
    snippet: tuple[Part, ...]
    audience: str
    audience_label: str


@dataclass(frozen=True)
class KnowledgePane:
    """What the desk's right-hand side shows. `first` are those for the ticket's category, or what was found."""

    store: StoreRef
    number: int
    words: str
    category_label: str
    first: tuple[KnowledgeLine, ...]
    others: tuple[KnowledgeLine, ...]


@dataclass(frozen=True)
class KnowledgeArticle:
    """One article in one language. `source` is its Markdown, `plain` its words for an answer, `link` where buyers read
    it, empty where they may not.
    """

    store: StoreRef
    number: int
    item_id: int
    version_id: int
    title: str
    source: str
    html: str
    plain: str
    language: str  # zh or en: in which it is shown
    has_other: bool
    is_override: bool
    audience: str
    audience_label: str
    link: str
    may_reply: bool


def knowledge_pane(caller: Caller, store: Store, number: int, words: str) -> KnowledgePane:
    """Enters the store by itself. Raises NotFound, Forbidden."""
    category, language = _asked(caller, store, number)
    if words:
        first = _found(caller, store, words, language)
        others: Sequence[KnowledgeLine] = ()
    else:
        held = held_in(caller, store, kind="article", category=category)
        held.sort(key=lambda each: category not in each.categories)
        attached = [each for each in held if category and category in each.categories]
        first = [_line(each, language) for each in (attached or held)[:SHOWN]]
        shown = {line.item_id for line in first}
        others = [_line(each, language) for each in held if each.item_id not in shown]
    label = str(Category(category).label) if category in Category.values else ""
    return KnowledgePane(store_ref(store), number, words, label, tuple(first), tuple(others[:MOST]))


def knowledge_article(caller: Caller, store: Store, number: int, item_id: int, language: str = "") -> KnowledgeArticle:
    """In the language asked for, else the buyer's, else the one that there is. Raises NotFound, Forbidden."""
    _category, buyers = _asked(caller, store, number)
    held = held_item(caller, store, item_id, kind="article")
    read = held.read()
    if not isinstance(read, Article):
        raise TypeError(held.kind)
    wanted = language if language in ("zh", "en") else buyers
    shown = wanted if getattr(read.body, wanted) else ("en" if read.body.en else "zh")
    source = getattr(read.body, shown)
    return KnowledgeArticle(
        store=store_ref(store),
        number=number,
        item_id=held.item_id,
        version_id=held.version_id,
        title=read.title.in_language(shown),
        source=source,
        html=to_html(source),
        plain=to_plain(source),
        language=shown,
        has_other=bool(read.body.zh and read.body.en),
        is_override=held.is_override,
        audience=held.audience,
        audience_label=str(Audience(held.audience).label),
        link=_link(store, item_id, shown) if held.audience == Audience.PUBLIC else "",
        may_reply=may(store, Action.REPLY),
    )


def _asked(caller: Caller, store: Store, number: int) -> tuple[str, str]:
    """The ticket's category, and zh or en for its buyer."""
    with in_store(store):
        ticket = ticket_for(caller, store, number, Action.VIEW)
        return ticket.category, "en" if ticket.customer.language == "en" else "zh"


def _found(caller: Caller, store: Store, words: str, language: str) -> list[KnowledgeLine]:
    found = search_store(caller, store, words, kind="article", language=language, limit=12)
    ids = [one.item_id for one in found]
    audiences = {held.item_id: held.audience for held in held_in(caller, store, kind="article", ids=ids)} if ids else {}
    return [
        KnowledgeLine(
            one.item_id,
            one.title,
            one.snippet,
            audiences.get(one.item_id, ""),
            str(Audience(audiences[one.item_id]).label) if one.item_id in audiences else "",
        )
        for one in found
    ]


def _line(held: Held, language: str) -> KnowledgeLine:
    title = Text(zh=held.title.get("zh", ""), en=held.title.get("en", "")).in_language(language)
    label = str(Audience(held.audience).label)
    return KnowledgeLine(held.item_id, (Part(title),), (), held.audience, label)


def _link(store: Store, item_id: int, language: str) -> str:
    """Where buyers read it. One query."""
    domain = Domain.objects.filter(tenant=store).order_by("-is_primary", "pk").values_list("domain", flat=True).first()
    path = f"/help/{item_id}/?language={'zh-hans' if language == 'zh' else 'en'}"
    return url_of(domain, path) if domain else ""
