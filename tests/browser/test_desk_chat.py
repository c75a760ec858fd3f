"""Chats at the desk, seen by the agents who hold them."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Request, Route, WebSocketRoute, expect

from tests.browser.conftest import Open
from tests.deployment import Deployment


class Buyer:
    """A buyer without a window, over the way that the widget takes where sockets are blocked."""

    def __init__(self, deployment: Deployment, slug: str, key: str) -> None:
        self.address, self.slug, self.key = deployment.address(f"{slug}.localhost", "/chat/frames/"), slug, key
        self.secret = secrets.token_urlsafe(32)

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self._post(kind, fields, lambda body: {"json": body})

    def _post(self, kind: str, fields: dict[str, Any], carried: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        hello = {"type": "hello", "v": 1, "key": self.key, "secret": self.secret, "language": "en"}
        url = httpx.URL(self.address)
        body = {"frames": [hello, {"type": kind, **fields}]}
        answer = httpx.post(url.copy_with(host="127.0.0.1"), headers={"host": url.netloc.decode()}, **carried(body))
        frames: list[dict[str, Any]] = answer.json()["frames"]
        return next(frame for frame in frames if frame["type"] != "welcome")

    def say(self, text: str, **fields: Any) -> dict[str, Any]:
        return self.ask("message", client_id=secrets.token_hex(8), text=text, **fields)

    def say_with_file(self, text: str, name: str, content: bytes) -> dict[str, Any]:
        def carried(body: Any) -> dict[str, Any]:
            return {"data": {"frames": json.dumps(body)}, "files": {"files": (name, content)}}

        return self._post("message", {"client_id": secrets.token_hex(8), "text": text}, carried)


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
    expect(bo.locator("#transfer")).to_be_hidden()
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


def accepted(page: Page, buyer: Buyer, words: str) -> Page:
    """The page with a new chat open, and the acknowledgement in it."""
    buyer.say(words)
    page.locator("#ringing .ring", has_text=words).locator("button").click()
    expect(page.locator("#messages .message-body", has_text=words)).to_be_visible()
    return page


NO_SAFETY = """{
  const every = window.setInterval;
  window.setInterval = (task, ms, ...more) => (ms === 15000 ? 0 : every(task, ms, ...more));
}"""  # live.js without the look that it takes for no reason
READS = re.compile(r"/desk/lumi/\d+/messages/")


def deafened(page: Page) -> Page:
    """The page can't read the list over HTTP: what appears in it has come by the socket."""
    page.route(READS, lambda route: route.abort())
    return page


def said(page: Page, text: str) -> Any:
    return page.locator("#messages .message", has=page.get_by_text(text, exact=True))


def until(page: Page, is_so: Callable[[], bool]) -> None:
    for _ in range(400):
        if is_so():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not become so")


def read_as(request: Request) -> str:
    """What the server answers to a request of the page that is held back."""
    url = httpx.URL(request.url)
    headers = request.all_headers() | {"host": url.netloc.decode()}
    return httpx.get(url.copy_with(host="127.0.0.1"), headers=headers).raise_for_status().text


def answered(page: Page, text: str) -> None:
    """Once all that is on screen has been in view; it is not refused."""
    last = page.locator("#messages").get_attribute("data-last") or ""
    expect(page.locator("#seen-seq")).to_have_value(last)
    page.fill("#body", text)
    page.keyboard.press("Control+Enter")
    expect(said(page, text)).to_have_count(1)
    expect(page.locator("#body")).to_have_value("")
    expect(page.locator("#messages .missed")).to_have_count(0)


def test_words_come_by_the_socket_and_are_there_once(open_page: Open, buyer: Buyer) -> None:
    bo = deafened(accepted(online(open_page("bo")), buyer, "Is it fragrance-free?"))
    ann = deafened(open_page("ann", urlsplit(bo.url).path))
    buyer.say("For my daughter.")
    tagged = "<img src=x onerror=alert(1)> <b>&amp;</b>"
    buyer.say(tagged)
    for page in (bo, ann):
        expect(said(page, "For my daughter.")).to_have_count(1)
        expect(said(page, tagged)).to_have_count(1)
        expect(page.locator("#messages :is(b, img)")).to_have_count(0)
        expect(said(page, tagged).locator("time[title]")).to_have_count(0)  # not the server's yet
    answered(bo, "It is.")
    expect(said(ann, "It is.").locator(".message-kind")).to_have_text("Bo Chen")
    expect(said(ann, "It is.").locator(".delivery")).to_have_attribute("data-delivery", "sent")
    for page in (bo, ann):
        page.unroute(READS)
    buyer.say("Thanks!")
    for page in (bo, ann):
        for text in ("For my daughter.", tagged, "It is.", "Thanks!"):
            expect(said(page, text)).to_have_count(1)
            expect(said(page, text).locator("time[title]")).to_have_count(1)
        seqs = page.locator("#messages li[data-seq]").evaluate_all("found => found.map((item) => item.dataset.seq)")
        assert seqs == sorted(set(seqs), key=int)
    buyer.ask("end")


def test_what_is_not_plain_is_read_and_takes_no_word_away(open_page: Open, buyer: Buyer) -> None:
    bo = accepted(online(open_page("bo")), buyer, "My parcel is damaged.")
    assert buyer.say_with_file("Look:", "parcel.pdf", b"%PDF-1.7 crushed")["type"] == "sent"
    expect(said(bo, "Look:").locator(".file")).to_contain_text("parcel.pdf")
    held: list[tuple[Route, str]] = []
    bo.route(READS, lambda route: held.append((route, read_as(route.request))))
    buyer.say("Can I send it back?")
    expect(said(bo, "Can I send it back?")).to_have_count(1)
    until(bo, lambda: bool(held))
    buyer.say("Or a new one?")
    expect(said(bo, "Or a new one?")).to_have_count(1)
    [(route, answer)] = held
    assert "Can I send it back?" in answer
    assert "Or a new one?" not in answer
    route.fulfill(body=answer, content_type="text/html; charset=utf-8")
    expect(said(bo, "Can I send it back?").locator("time[title]")).to_have_count(1)
    assert said(bo, "Or a new one?").count() == 1
    answered(bo, "Either.")
    buyer.ask("end")


def test_reconnect_brings_what_was_said_meanwhile(open_page: Open, buyer: Buyer) -> None:
    bo = online(open_page("bo"))
    carried: list[WebSocketRoute] = []
    is_cut = False

    def carry(socket: WebSocketRoute) -> None:
        if is_cut:
            socket.close()
            return
        socket.connect_to_server()
        carried.append(socket)

    bo.route_web_socket(re.compile("/ws/desk/"), carry)
    bo.reload()
    deafened(accepted(online(bo), buyer, "Are you there?"))
    is_cut = True
    carried[-1].close()
    buyer.say("I can wait.")
    buyer.say("Not for long, though.")
    expect(said(bo, "I can wait.")).to_have_count(0)
    is_cut = False
    bo.evaluate("window.dispatchEvent(new Event('online'))")
    for text in ("I can wait.", "Not for long, though."):
        expect(said(bo, text)).to_have_count(1)
    answered(bo, "Here I am.")
    buyer.ask("end")


def test_rest_of_the_page_is_read_once_for_the_words_of_a_second(open_page: Open, buyer: Buyer) -> None:
    bo = online(open_page("bo"))
    heard: list[dict[str, Any]] = []
    reads: list[Request] = []
    bo.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(json.loads(frame))))
    bo.on("request", lambda request: reads.append(request) if READS.search(request.url) else None)
    bo.clock.install()
    bo.add_init_script(NO_SAFETY)
    bo.reload()
    accepted(online(bo), buyer, "Is it back in stock?")
    bo.wait_for_timeout(500)  # until the list has been told of the chat, too
    bo.clock.pause_at(bo.evaluate("Date.now() + 1000"))
    for _ in range(2):  # what is still to be read is read, and the pause that follows each read is over
        bo.wait_for_timeout(300)
        bo.clock.run_for(3500)
    heard.clear()
    reads.clear()
    buyer.say("The blue one.")
    buyer.say("In M.")
    last = int(said(bo, "In M.").get_attribute("data-seq") or 0)
    expect(said(bo, "The blue one.")).to_have_count(1)
    until(bo, lambda: any(hint["seq"] == last for frame in heard for hint in frame.get("tickets", ())))
    bo.clock.run_for(900)
    assert reads == []
    with bo.expect_request(READS):
        bo.clock.run_for(200)
    assert len(reads) == 1
    buyer.ask("end")
