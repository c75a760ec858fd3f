"""Setting a store's chat widget up: from nothing to a script tag, and what is refused on the way."""

from __future__ import annotations

import html
import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tenants.context import in_store
from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tickets.actions.set_widget import set_widget
from tickets.chat.visitor import Identity, identity_of
from tickets.models import ChatWidget

PATH = "/settings/chat/store-a/"
FORM = {"sites": "https://shop.example/some/page?x=1", "color": "#1C57A5", "position": "right", "is_on": "on"}


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def widget_of_a(cast: Cast) -> ChatWidget | None:
    with in_store(cast.a):
        return ChatWidget.objects.first()


def test_looking_makes_nothing(cast: Cast, ann: Client) -> None:
    page = ann.get(PATH)
    assert page.status_code == 200
    assert b"Save and get the script tag" in page.content
    assert b"not set up yet" in ann.get("/settings/chat/").content
    assert widget_of_a(cast) is None


def test_site_becomes_a_script_tag(cast: Cast, ann: Client) -> None:
    saved = ann.post(PATH, FORM)
    assert (saved.status_code, saved["Location"]) == (302, PATH + "#copy")
    widget = widget_of_a(cast)
    assert widget is not None
    assert (widget.sites, widget.color, widget.fields) == (["https://shop.example"], "#1c57a5", [])
    page = ann.get(PATH).content.decode()
    tag = re.search(r"&lt;script src=&quot;(.*?)&quot; data-key=&quot;(pk_\w+)&quot; async&gt;&lt;/script&gt;", page)
    assert tag is not None
    assert tag[1].startswith("http://store-a.localhost")
    assert tag[2] == widget.key
    assert "http://store-a.localhost" in page
    assert "/chat/try/" in page
    assert b"1 site<" in ann.get("/settings/chat/").content


def test_everything_is_kept_and_shown_again(cast: Cast, ann: Client) -> None:
    more = {
        "sites": "shop.example\r\nhttps://*.shop.example, http://localhost:8080",
        "position": "left",
        "greeting_zh": "您好 <b>",
        "greeting_en": "Hello",
        "consent_en": "I agree",
        "ask_email": "required",
        "ask_topic": "optional",
        "ask_phone": "off",
        "shows_typing": "on",
    }
    ann.post(PATH, FORM | more)
    widget = widget_of_a(cast)
    assert widget is not None
    assert widget.sites == ["https://shop.example", "https://*.shop.example", "http://localhost:8080"]
    assert widget.fields == [{"name": "email", "required": True}, {"name": "topic", "required": False}]
    assert (widget.position, widget.shows_typing, widget.sound, widget.is_on) == ("left", True, False, True)
    page = ann.get(PATH).content.decode()
    assert "您好 &lt;b&gt;" in page
    assert re.search(r'name="ask_email" value="required" checked', page)
    assert re.search(r'name="ask_phone" value="off" checked', page)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"sites": "javascript:alert(1)"}, "is no site"),
        ({"sites": "https://shop.example\nnot a site"}, "is no site"),
        ({"sites": "\n".join(f"s{n}.example" for n in range(51))}, "At most 50 sites"),
        ({"color": "red"}, "six hexadecimal digits"),
        ({"greeting_en": "x" * 301}, "300"),
        ({"consent_zh": "x" * 501}, "500"),
        ({"position": "middle"}, "middle"),
        ({"ask_name": "perhaps"}, "perhaps"),
        ({"sites": "https://shop.example/\x00"}, ""),
    ],
)
def test_refused_stays_in_the_form(cast: Cast, ann: Client, body: dict[str, str], words: str) -> None:
    answer = ann.post(PATH, FORM | {"greeting_zh": "typed before"} | body)
    assert answer.status_code == 400
    assert "typed before" in answer.content.decode()
    assert words in answer.content.decode()
    assert widget_of_a(cast) is None


def test_secret_is_renewed(cast: Cast, ann: Client) -> None:
    with in_store(cast.a):
        before = set_widget({}, now=NOON).identity_secret
    assert before.encode() in ann.get(PATH).content
    assert ann.get(PATH + "renew/").status_code == 405
    assert ann.post(PATH + "renew/")["Location"] == PATH
    page = ann.get(PATH).content
    assert before.encode() not in page
    assert b"The secret is new" in page


def test_example_signs_what_the_chat_believes(cast: Cast, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ann.post(PATH, FORM)
    widget = widget_of_a(cast)
    assert widget is not None
    example = re.search(r'id="sign-python" tabindex="0">(.*?)</pre>', ann.get(PATH).content.decode(), re.DOTALL)
    assert example is not None
    names: dict[str, Any] = {}
    exec(html.unescape(example[1]), names)  # as a shop's developer would run it
    monkeypatch.setenv("DESKFLEET_IDENTITY_SECRET", widget.identity_secret)
    token = names["deskfleet_identity"](SimpleNamespace(id=7, name="小满", email="x@example.com"))
    assert identity_of(token, widget.identity_secret, now=timezone.now()) == Identity("7", "小满", "x@example.com")


def test_seller_sets_up_their_own_store(cast: Cast, sign_in: SignIn) -> None:
    di = sign_in(cast.di, "store-a.localhost")
    assert b'href="/settings/chat/"' in di.get("/").content
    assert di.post(PATH, FORM).status_code == 302
    assert widget_of_a(cast) is not None
    assert b'href="/settings/chat/"' not in sign_in(cast.bo).get("/").content


@pytest.mark.parametrize("who", ["ann", "di"])
def test_others_signed_in_greeting_is_no_news_here(cast: Cast, sign_in: SignIn, who: str) -> None:
    client: Any = sign_in(getattr(cast, who), "store-a.localhost")
    assert b'class="saved"' not in client.get(PATH).content
