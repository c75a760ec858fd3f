"""Chats at the desk: what rings, one's own, cards, pictures, and what is known of who writes."""

from __future__ import annotations

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tenants.clock import database_now
from tenants.context import in_store
from tests.cast import NOON, Cast
from tests.chat.conftest import Browser, widget_in
from tests.conftest import SignIn
from tickets.actions.assign import assign
from tickets.actions.mark_read import desk_saw
from tickets.actions.reply import reply_to_ticket
from tickets.models import Message, Ticket
from tickets.queries.chats import chats_for
from tickets.queries.conversation import conversation_for

HTMX = {"HX-Request": "true"}


@pytest.fixture
def buyer(cast: Cast) -> Browser:
    """A buyer of store A who has said hello, on the agency's host as everything else here."""
    return arrives(cast.a)


def arrives(store: object, **hello: str) -> Browser:
    made = Browser(store, widget_in(store).key)  # type: ignore[arg-type]
    assert made.hello(page="https://shop.example/p/1", **hello)["type"] == "welcome"
    return made


@pytest.fixture
def bo(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.bo)


def chat_of(cast: Cast) -> Ticket:
    """In the entered store A."""
    return Ticket.objects.get(channel="widget")


def give(cast: Cast, to: object, by: object = None) -> None:
    with in_store(cast.a):
        assign(chat_of(cast), to=to, by=by, now=database_now(), through="presence")  # type: ignore[arg-type]


# ---------------------------------------------------------------- ringing


def test_chat_rings_at_every_desk_of_its_store_until_it_is_accepted(
    cast: Cast, buyer: Browser, sign_in: SignIn
) -> None:
    buyer.say("在吗？")
    buyer.say("床单多大？")
    number = re.compile(r'id="ring-(\d+-\d+)"')
    for who in (cast.ann, cast.bo):
        page = sign_in(who).get("/desk/queue/").content.decode()
        assert len(number.findall(page)) == 1
        assert "在吗？" in page  # the first words
    seller = sign_in(cast.di, "store-a.localhost").get("/desk/queue/").content.decode()
    assert not number.findall(seller)
    give(cast, cast.bo, cast.bo)
    assert not number.findall(sign_in(cast.ann).get("/desk/queue/").content.decode())


def test_page_has_a_pattern_for_each_word_that_may_come_along(
    cast: Cast, bo: Client, buyer: Browser, sign_in: SignIn
) -> None:
    buyer.say("在吗？")
    with in_store(cast.a):
        number = chat_of(cast).number

    def patterns(desk: Client, path: str) -> list[tuple[str, str]]:
        found = re.search(r'<template id="patterns"(.*?)</template>', desk.get(path).content.decode(), re.DOTALL)
        return re.findall(r'data-own="([^"]*)"|data-kind="(\w+)"', found[1]) if found else []

    chat = f"/desk/store-a/{number}/"
    assert patterns(bo, chat) == [("Bo", ""), ("", "buyer"), ("", "bot"), ("", "agent")]
    assert patterns(bo, f"{chat}messages/") == []  # once, with the page
    assert patterns(bo, "/desk/store-a/1/") == []  # no chat
    seller = sign_in(cast.di, "store-a.localhost")
    assert [kind for _, kind in patterns(seller, chat)[1:]] == ["buyer", "bot"]  # colleagues go by aliases


def test_agent_hears_only_chats_of_their_stores(cast: Cast, bo: Client, sign_in: SignIn) -> None:
    arrives(cast.b).say("Hello from B")
    assert b"Hello from B" not in bo.get("/desk/queue/").content
    assert b"Hello from B" in sign_in(cast.ann).get("/desk/queue/").content


def test_longest_rings_first_over_all_stores(cast: Cast, buyer: Browser) -> None:
    buyer.say("first")
    arrives(cast.b).say("second")
    arrives(cast.a).say("third")
    caller = cast.caller(cast.ann)
    chats = chats_for(caller, _stores(cast), now=database_now())
    assert [tile.words for tile in chats.ringing] == ["first", "second", "third"]
    assert chats.ringing_total == 3
    assert not chats.own


def _stores(cast: Cast) -> list[object]:
    from_gate = []
    for store in (cast.a, cast.b):
        store.role, store.reader = "lead", cast.north.database_role  # type: ignore[attr-defined]
        from_gate.append(store)
    return from_gate


def test_second_to_accept_is_told_who_was_quicker(cast: Cast, buyer: Browser, bo: Client, sign_in: SignIn) -> None:
    buyer.say("hi")
    with in_store(cast.a):
        path = f"/desk/store-a/{chat_of(cast).number}/assign/"
    accept = {"assignee": "me", "was": ""}
    assert bo.post(path, accept, headers=HTMX).status_code == 200
    late = sign_in(cast.ann).post(path, accept, headers=HTMX)
    assert (late.status_code, b"Bo" in late.content) == (409, True)
    assert bo.post(path, accept, headers=HTMX).status_code == 200  # a double click is no conflict


# ---------------------------------------------------------------- one's own


def test_own_chats_show_what_is_unread_and_who_gave_them(cast: Cast, buyer: Browser, bo: Client) -> None:
    buyer.say("one")
    buyer.say("two")
    give(cast, cast.bo)
    page = bo.get("/desk/queue/").content.decode()
    assert 'data-unread="2" data-given' in page
    with in_store(cast.a):
        ticket = chat_of(cast)
        desk_saw(ticket, has=ticket.last_seq, read=ticket.last_seq)
        reply_to_ticket(ticket, author=cast.bo, body="yes", client_key="k", seen_seq=None, now=database_now())
    page = bo.get("/desk/queue/").content.decode()
    assert 'data-unread="0"' in page
    assert "data-given" not in page


def test_what_one_took_oneself_was_not_given(cast: Cast, buyer: Browser, bo: Client) -> None:
    buyer.say("one")
    give(cast, cast.bo, cast.bo)
    page = bo.get("/desk/queue/").content.decode()
    assert 'id="mine-' in page
    assert "data-given" not in page


def test_visitor_without_a_name_has_a_short_one(cast: Cast, buyer: Browser, bo: Client) -> None:
    buyer.say("hi")
    assert re.search(r"<b>Visitor [0-9a-f]{4}</b>", bo.get("/desk/queue/").content.decode())


# ---------------------------------------------------------------- cards


def post_card(cast: Cast, bo: Client, **fields: object) -> object:
    with in_store(cast.a):
        number = chat_of(cast).number
    body = {"body": "Which one?", "client_key": "c-1", "seen_seq": "99"} | fields
    return bo.post(f"/desk/store-a/{number}/reply/", body, headers=HTMX)


def test_offer_is_made_tapped_and_shown_as_chosen(cast: Cast, buyer: Browser, bo: Client) -> None:
    buyer.say("hi")
    answer = post_card(cast, bo, card="offer", card_option=["Blue", "Oat", "", ""])
    assert answer.status_code == 200  # type: ignore[attr-defined]
    with in_store(cast.a):
        offer = Message.objects.get(kind="agent")
        assert offer.card == {"type": "offer", "options": [{"id": "A", "label": "Blue"}, {"id": "B", "label": "Oat"}]}
        number = chat_of(cast).number
    assert buyer.say("", choice={"seq": offer.seq, "option": "B"})["type"] == "sent"
    page = bo.get(f"/desk/store-a/{number}/", headers=HTMX).content.decode()
    assert re.search(r'class="option chosen">.*?Oat', page, re.DOTALL)
    assert page.count("option chosen") == 1
    assert "chosen from your offer" in page


def test_product_and_order_are_shown_and_their_links_are_only_https(cast: Cast, buyer: Browser, bo: Client) -> None:
    buyer.say("hi")
    post_card(cast, bo, card="product", card_product_title="Bed", card_product_url="https://shop.example/b")
    post_card(cast, bo, card="order", card_order_number="77", card_order_total="¥1", client_key="c-2", body="")
    with in_store(cast.a):
        number = chat_of(cast).number
        Message.objects.filter(client_key="c-2").update(
            card={"type": "order", "number": "77", "url": "javascript:alert(1)"}  # as an archive could bring it
        )
    page = bo.get(f"/desk/store-a/{number}/", headers=HTMX).content.decode()
    assert 'href="https://shop.example/b"' in page
    assert "Order 77" in page
    assert "javascript:" not in page
    assert "dict_items" not in page


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"card": "offer", "card_option": ["one"]}, "card_option"),
        ({"card": "offer", "card_option": ["one", "one"]}, "card_option"),
        ({"card": "offer", "card_option": list("1234567")}, "card_option"),
        ({"card": "offer", "card_option": ["x" * 301, "y"]}, "card_option"),
        ({"card": "offer", "card_option": ["a", "b"], "body": " "}, "body"),
        ({"card": "product"}, "card_product_title"),
        ({"card": "product", "card_product_title": "x", "card_product_url": "http://x.example"}, "card_product_url"),
        ({"card": "product", "card_product_title": "x", "card_product_price": "x" * 301}, "card_product_price"),
        ({"card": "order", "card_order_url": "https://x.example"}, "card_order_number"),
        ({"card": "order", "card_order_number": "1", "card_order_url": "ftp://x"}, "card_order_url"),
        ({"card": "choice"}, "card"),
        ({"card": "poem"}, "card"),
    ],
)
def test_card_that_is_none_names_its_field(
    cast: Cast, buyer: Browser, bo: Client, fields: dict[str, object], field: str
) -> None:
    buyer.say("hi")
    answer = post_card(cast, bo, **fields)
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert f'data-field="{field}"'.encode() in answer.content  # type: ignore[attr-defined]
    with in_store(cast.a):
        assert not Message.objects.filter(kind="agent").exists()


# ---------------------------------------------------------------- pictures and facts


def test_picture_is_shown_small_and_opens_whole(cast: Cast, bo: Client) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (1600, 900), "navy").save(drawn, "PNG")
    body = {
        "body": "see",
        "client_key": "p-1",
        "seen_seq": "99",
        "files": SimpleUploadedFile("a.png", drawn.getvalue()),
    }
    page = bo.post("/desk/store-a/1/reply/", body, headers=HTMX).content.decode()
    address = re.findall(r'<a class="thumbnail" href="([^"]+)".*?src="\1\?size=small"', page)[-1]
    whole, small = (b"".join(bo.get(address + query).streaming_content) for query in ("", "?size=small"))
    assert Image.open(io.BytesIO(whole)).size == (1600, 900)
    assert Image.open(io.BytesIO(small)).size == (480, 270)
    assert "sandbox" in bo.get(address + "?size=small")["Content-Security-Policy"]


def test_facts_of_a_chat(cast: Cast, buyer: Browser, bo: Client) -> None:
    widget_in(cast.a, fields=[{"name": name, "required": False} for name in ("email", "order", "topic")])
    buyer.ask("introduce", fields={"email": "q@example.com", "order": "4411", "topic": "logistics"}, consent=True)
    buyer.say("hi")
    with in_store(cast.a):
        number = chat_of(cast).number
        reply_to_ticket(chat_of(cast), author=cast.bo, body="yes", client_key="k", seen_seq=None, now=NOON)
    path = f"/desk/store-a/{number}/"
    page = bo.get(path, headers=HTMX).content.decode()
    for words in ("q@example.com", "4411", "logistics", "https://shop.example/p/1", "all but 1 answer", "anonymous;"):
        assert words in page, words
    buyer.ask("seen", delivered=99, read=99)
    buyer.ask("rate", score=4, comment="Quick <3")
    page = bo.get(path, headers=HTMX).content.decode()
    assert "4 of 5" in page
    assert "Quick &lt;3" in page
    assert "all but" not in page


def test_page_that_a_buyer_names_is_no_program(cast: Cast, bo: Client) -> None:
    browser = Browser(cast.a, widget_in(cast.a).key)
    browser.hello(page="javascript:alert(1)")
    browser.say("hi")
    with in_store(cast.a):
        number = chat_of(cast).number
    assert 'href="javascript:' not in bo.get(f"/desk/store-a/{number}/", headers=HTMX).content.decode()


def test_other_tickets_have_no_chat(cast: Cast) -> None:
    cast.a.role = "agent"
    assert conversation_for(cast.caller(cast.bo), cast.a, 1).chat is None
