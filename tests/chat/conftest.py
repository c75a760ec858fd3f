"""Stores with a widget, and browsers that speak the protocol to them."""

from __future__ import annotations

import itertools
import json
import secrets
from typing import Any

import pytest

from tenants.context import in_store
from tenants.hosts import place_of
from tenants.models import Store
from tests.cast import NOON, Cast
from tickets.actions.set_widget import set_widget
from tickets.chat.buyer import BuyerSide
from tickets.models import ChatWidget

SITE = "https://shop.example"


class Browser:
    """A buyer's browser without a window: one secret, and what it was told, by type."""

    def __init__(self, store: Store, key: str, secret: str = "", address: str = "") -> None:
        self.store, self.key, self.address = store, key, address
        self.secret = secret or secrets.token_urlsafe(32)
        self.side = self.new_side()
        self.ids = itertools.count(1)

    def new_side(self) -> BuyerSide:
        place = place_of(f"{self.store.slug}.localhost")
        assert place is not None
        return BuyerSide(place, self.address)

    def ask(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        return self.side.answer(json.dumps({"type": kind, **fields}))

    def hello(self, **fields: Any) -> dict[str, Any]:
        self.side = self.new_side()
        return self.ask("hello", **{"v": 1, "key": self.key, "secret": self.secret, "language": "zh", **fields})[0]

    def say(self, text: str, client_id: str = "", **fields: Any) -> dict[str, Any]:
        """The `sent` or `refused` frame."""
        return self.ask("message", client_id=client_id or f"message-{next(self.ids)}", text=text, **fields)[0]

    def shown(self) -> list[str]:
        """What a page that is opened afresh shows."""
        return [item["text"] for item in Browser(self.store, self.key, self.secret).hello()["messages"]]


def widget_in(store: Store, **values: Any) -> ChatWidget:
    with in_store(store):
        return set_widget({"sites": [SITE], **values}, now=NOON)


@pytest.fixture
def widget(cast: Cast) -> ChatWidget:
    """Store A's."""
    return widget_in(cast.a)


@pytest.fixture
def buyer(cast: Cast, widget: ChatWidget) -> Browser:
    """A new buyer of store A, who has said hello."""
    made = Browser(cast.a, widget.key)
    assert made.hello()["type"] == "welcome"
    return made
