"""What a message may carry beside its text: an offer to choose from, a product, an order. Pure: no database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid
from tickets.characters import is_keepable

OFFER, PRODUCT, ORDER = "offer", "product", "order"
CHOICE = "choice"  # on the buyer's message that answers an offer; written by `say` alone
_TEXTS: Final = {PRODUCT: ("title", "price", "url"), ORDER: ("number", "status", "items", "total", "url")}
LONGEST: Final = 300
FEWEST_OPTIONS, MOST_OPTIONS = 2, 6


def check_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """The card as it will be kept, without what it should not have. Raises Invalid (`card`)."""
    kind = card.get("type")
    if kind == OFFER:
        return {"type": OFFER, "options": _options(card.get("options"))}
    if not isinstance(kind, str) or kind not in _TEXTS:
        raise Invalid(_("There is no card of this kind."), field="card")
    kept = {name: _text(card.get(name, "")) for name in _TEXTS[kind]}
    if not kept["title" if kind == PRODUCT else "number"]:
        raise Invalid(_("A product needs a title, an order its number."), field="card")
    if kept["url"] and not _is_https(kept["url"]):
        raise Invalid(_("A link begins with https:// and names a site."), field="card")
    return {"type": kind, **kept}


def _options(options: Any) -> list[dict[str, str]]:
    if not isinstance(options, list) or not FEWEST_OPTIONS <= len(options) <= MOST_OPTIONS:
        raise Invalid(_("An offer has two to six choices."), field="card")
    labels = [_text(option.get("label", "")) if isinstance(option, Mapping) else "" for option in options]
    if not all(labels) or len(set(labels)) != len(labels):
        raise Invalid(_("Each choice needs words of its own."), field="card")
    return [{"id": "ABCDEF"[place], "label": label} for place, label in enumerate(labels)]


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or not is_keepable(value):
        raise Invalid(_("A text of this card is too long, or is none."), field="card")
    return value.strip()


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)
