"""Of one address only so many strangers begin a conversation in a while; nobody else is kept from theirs by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tenants.bucket import neighbourhood
from tenants.context import in_store
from tests.cast import Cast
from tests.chat.conftest import Browser, widget_in
from tickets.actions.visit import COUNTED_FOR
from tickets.chat.visitor import Identity, sign
from tickets.desk.models import Arrivals
from tickets.models import ChatWidget, Customer, Ticket, Visitor

OFFICE = "192.0.2.1"

Stranger = Callable[..., Browser]


@pytest.fixture(autouse=True)
def three(settings: Any) -> None:
    settings.CHAT_CONVERSATIONS_PER_ADDRESS = 3


@pytest.fixture
def stranger(cast: Cast, widget: ChatWidget) -> Stranger:
    """stranger(address): a new browser there that has said hello."""

    def arrived(address: str = OFFICE, **hello: Any) -> Browser:
        made = Browser(cast.a, widget.key, address=address)
        assert made.hello(**hello)["type"] == "welcome"
        return made

    return arrived


@pytest.mark.parametrize(("language", "words"), [("zh", "您所在的网络"), ("en", "from your network")])
def test_one_too_many_is_told_why_and_leaves_nothing(cast: Cast, stranger: Stranger, language: str, words: str) -> None:
    for _ in range(3):
        assert stranger().say("在吗")["type"] == "sent"
    late = stranger(language=language)
    refused = late.say("在吗", "too-late-1")
    assert (refused["code"], refused["field"], refused["client_id"]) == ("too_many_conversations", None, "too-late-1")
    assert words in refused["message"]
    assert late.ask("introduce", fields={"name": "Lin"}, consent=True)[0]["code"] == "too_many_conversations"
    with in_store(cast.a):
        assert Visitor.objects.count() == 3
        assert Customer.objects.filter(channel="widget").count() == 3
        assert Ticket.objects.filter(channel="widget").count() == 3


def test_who_has_begun_goes_on_and_is_counted_once(stranger: Stranger) -> None:
    known = stranger()
    for _ in range(9):
        assert known.say("在吗")["type"] == "sent"
    assert [stranger().say("一")["type"] for _ in range(3)] == ["sent", "sent", "refused"]
    assert known.say("还在")["type"] == "sent"


def test_other_addresses_and_stores_are_their_own(cast: Cast, stranger: Stranger) -> None:
    for _ in range(4):
        stranger().say("一")
    assert stranger("192.0.2.2").say("一")["type"] == "sent"
    other = Browser(cast.b, widget_in(cast.b).key, address=OFFICE)
    other.hello()
    assert other.say("一")["type"] == "sent"
    assert stranger("").say("一")["type"] == "sent"  # an address that nobody knows stands for nobody


def test_after_a_while_they_are_let_in_again_and_the_others_forgotten(cast: Cast, stranger: Stranger) -> None:
    stranger("192.0.2.2").say("一")
    for _ in range(4):
        stranger().say("一")
    Arrivals.objects.update(since=timezone.now() - COUNTED_FOR - timedelta(seconds=1))
    assert [stranger().say("一")["type"] for _ in range(4)] == ["sent", "sent", "sent", "refused"]
    assert [row.count for row in Arrivals.objects.filter(store=cast.a)] == [3]


def test_whom_the_shop_vouches_for_is_not_counted(cast: Cast, stranger: Stranger, widget: ChatWidget) -> None:
    until = timezone.now() + timedelta(hours=1)
    for number in range(5):
        token = sign(Identity(f"{number}"), widget.identity_secret, expires=until)
        assert stranger(identity=token).say("一")["type"] == "sent"
    assert not Arrivals.objects.exists()


def test_address_itself_is_not_kept(cast: Cast, stranger: Stranger) -> None:
    stranger().say("一")
    kept = Arrivals.objects.get(store=cast.a).address
    assert OFFICE not in kept
    assert len(kept) == 20


def test_household_of_ipv6_is_one_address(stranger: Stranger) -> None:
    answers = [stranger(f"2001:db8:1:2::{n}").say("一")["type"] for n in range(4)]
    assert answers == ["sent", "sent", "sent", "refused"]
    assert stranger("2001:db8:1:3::1").say("一")["type"] == "sent"


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("testserver", "testserver"),
        ("", ""),
    ],
)
def test_neighbourhood(address: str, counted_as: str) -> None:
    assert neighbourhood(address) == counted_as
