"""What may be written where a step asks for a fact, and how facts, operators and kinds are called. Pure: no table."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from knowledge.categories import Category
from tenants.models import Store

Choices = list[tuple[str, "str | Promise"]]

_MARKETPLACES: Final[Choices] = list(Store.Marketplace.choices)
# The channels of tickets: a marketplace's own, and two more. A test holds them together.
CHANNELS: Final[Choices] = [
    *((value, label) for value, label in _MARKETPLACES if value != Store.Marketplace.WEB),
    ("email", _("E-mail")),
    ("widget", _("Chat widget")),
]
VALUES: Final[dict[str, Choices]] = {
    "category": list(Category.choices),
    "marketplace": _MARKETPLACES,
    "channel": CHANNELS,
    "language": [("zh", _("Chinese")), ("en", _("English"))],
    "has_picture": [("yes", _("yes")), ("no", _("no"))],
}
OPERATORS: Final[dict[str, str | Promise]] = {
    "is": _("is"),
    "is_not": _("is not"),
    "at_least": _("is at least"),
    "less_than": _("is less than"),
}
STEP_KINDS: Final[dict[str, str | Promise]] = {
    "do": _("Do"),
    "ask": _("Decide"),
    "check": _("Check by itself"),
    "send": _("Write to the buyer"),
    "wait": _("Wait"),
}
EVIDENCE_KINDS: Final[dict[str, str | Promise]] = {
    "text": _("a text"),
    "number": _("a number"),
    "picture": _("a picture"),
    "link": _("a link"),
    "tick": _("a tick"),
}


def value_label(fact: str, value: str) -> str:
    """How a fact's value is called: `refund` of category → 退款; a number as it is."""
    return str(dict(VALUES.get(fact, [])).get(value, value))
