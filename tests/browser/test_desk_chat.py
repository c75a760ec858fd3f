"""Chats at the desk, seen by the agents who hold them."""

from __future__ import annotations

import re
import secrets
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.deployment import Deployment


class Buyer:
    """A buyer without a window, over the way that the widget takes where sockets are blocked."""

    def __init__(self, deployment: Deployment, slug: str, key: str) -> None:
        self.address, self.slug, self.key = deployment.address(f"{slug}.localhost", "/chat/frames/"), slug, key
        self.secret = secrets.token_urlsafe(32)

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        hello = {"type": "hello", "v": 1, "key": self.key, "secret": self.secret, "language": "en"}
        url = httpx.URL(self.address)
        body = {"frames": [hello, {"type": kind, **fields}]}
        answer = httpx.post(url.copy_with(host="127.0.0.1"), json=body, headers={"host": url.netloc.decode()})
        frames: list[dict[str, Any]] = answer.json()["frames"]
        return next(frame for frame in frames if frame["type"] != "welcome")

    def say(self, text: str, **fields: Any) -> dict[str, Any]:
        return self.ask("message", client_id=secrets.token_hex(8), text=text, **fields)


@pytest.fixture
def buyer(open_page: Open, deployment: Deployment) -> Buyer:
    page = open_page("ann", "/settings/chat/lumi/")
    key = re.search(r'data-key="(pk_\w+)"', page.locator("#script-tag").inner_text())
    assert key is not None
    return Buyer(deployment, "lumi", key[1])


def online(page: Page) -> Page:
    expect(page.locator("#presence")).to_have_attribute("data-status", re.compile("online|away"))
    return page


def test_chat_rings_is_accepted_and_handed_over(open_page: Open, buyer: Buyer) -> None:
    bo, mei = online(open_page("bo")), online(open_page("mei"))
    buyer.say("Is the serum vegan?")
    for page in (bo, mei):
        expect(page.locator("#ringing .ring", has_text="Is the serum vegan?")).to_be_visible()
    bo.keyboard.press("c")
    expect(bo.locator("#messages .message-body", has_text="vegan")).to_be_visible()
    expect(bo.locator("#my-chats-list a[aria-current]")).to_have_count(1)
    expect(mei.locator("#ringing .ring", has_text="vegan")).to_have_count(0)
    mei.goto(bo.url)
    expect(bo.locator("#looking")).to_contain_text("Mei")
    bo.keyboard.press("t")
    bo.locator("#transfer .person", has_text="Mei").click()
    bo.fill("#transfer [name=note]", "She asked twice.")
    bo.keyboard.press("Escape")
    expect(bo.locator("#buyer")).to_be_visible()
    bo.keyboard.press("t")
    expect(bo.locator("#transfer [name=note]")).to_have_value("She asked twice.")
    bo.locator("#transfer .person", has_text="Mei").click()
    bo.fill("#transfer [name=line]", "My colleague Mia takes over.")
    bo.click("#transfer-send")
    expect(mei.locator("#my-chats-list .given")).to_have_count(1)
    expect(mei.locator("#messages .message-note .message-body")).to_have_text("She asked twice.")
    expect(mei.locator("#messages .message-agent .message-body")).to_have_text("My colleague Mia takes over.")


def test_offer_is_written_refused_kept_and_tapped(open_page: Open, buyer: Buyer) -> None:
    buyer.say("Which shade?")
    bo = online(open_page("bo"))
    row = bo.locator(".row, .ring, .tile", has_text=re.compile("Visitor")).last
    expect(row).to_be_visible()
    bo.locator("#ringing .ring, #my-chats-list .tile", has_text="Visitor").last.locator("button, a").click()
    expect(bo.locator("#messages .message-body", has_text="Which shade?")).to_be_visible()
    bo.click("#card-menu summary")
    bo.click("[data-add-card=offer]")
    bo.keyboard.type("Rose")
    bo.keyboard.press("Enter")
    bo.keyboard.type("Rose")
    bo.fill("#body", "Which one do you like?")
    bo.reload()
    expect(bo.locator("[name=card_option]").nth(1)).to_have_value("Rose")
    bo.click("#send")
    expect(bo.locator("#composer-error")).to_contain_text("words of its own")
    bo.locator("[name=card_option]").nth(1).fill("Coral")
    bo.click("#send")
    expect(bo.locator("#messages .offer .option")).to_have_count(2)
    expect(bo.locator("#card-fields")).to_be_hidden()
    seq = int(bo.locator("#messages li:has(.offer)").get_attribute("data-seq") or 0)
    assert buyer.ask("message", client_id="tapped-it", text="", choice={"seq": seq, "option": "B"})["type"] == "sent"
    expect(bo.locator("#messages .option.chosen")).to_have_text(re.compile("Coral"))


def test_site_is_named_and_the_line_copied(open_page: Open) -> None:
    page = open_page("ann", "/settings/chat/northwind/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.fill("[name=sites]", "https://outdoor.example/tents?x=1")
    page.click(".settings-save button")
    expect(page.locator(".saved")).to_be_visible()
    expect(page.locator("[name=sites]")).to_have_value("https://outdoor.example")
    page.locator("#copy .copy").click()
    expect(page.locator("#copy .copy")).to_contain_text("Copied")
