"""A buyer on a page of another origin and an agent at the desk talk on while what carries them is killed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.shop import served
from tests.faults.machine import Machine, machine

PATIENCE = 30_000  # ms; within it both sides have the same again, without a person


@pytest.fixture(scope="module")
def own_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """`manage.py up` with its demo and with servers of its own, all of which may be killed."""
    with machine(tmp_path_factory.mktemp("survives") / "data", demo=True) as made:
        yield made


def texts(page: Page | FrameLocator, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def agent_at(browser: Browser, there: Machine) -> tuple[BrowserContext, Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"http://north.localhost:{there.port}/accounts/login/")
    page.fill("input[name=login]", "bo@north.example")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"http://north.localhost:{there.port}/")
    return context, page


def answer(desk: Page, text: str) -> None:
    """As a person does who sees that it was not sent: again, until it is."""
    desk.fill("#body", text)
    said = desk.locator("#messages .message-agent .message-body", has_text=text)
    for _ in range(6):
        desk.keyboard.press("Control+Enter")
        try:
            expect(said).to_have_count(1, timeout=6_000)
            return
        except AssertionError:
            desk.locator("#body").focus()
    expect(said).to_have_count(1)


def test_both_talk_on_while_web_and_valkey_are_killed(
    browser: Browser, own_machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = own_machine
    origin = f"http://qinghe.localhost:{there.port}"
    with served(tmp_path_factory.mktemp("shop"), origin) as shop:
        key = there.run("manage.py", "chat_widget", "qinghe", "--site", shop.address).split()[0]
        shop.write("zh", key)
        agent_context, desk = agent_at(browser, there)
        desk.wait_for_timeout(500)  # until the desk's socket has said that somebody is there
        buyer_context = browser.new_context(viewport={"width": 420, "height": 760})
        buyer = buyer_context.new_page()
        buyer.goto(f"{shop.address}/zh.html")
        chat = buyer.frame_locator("iframe")
        chat.locator("#launcher").click()
        expect(chat.locator("#box")).to_be_visible()
        said = ["请问床单多大？"]
        chat.locator("#box").fill(said[0])
        chat.locator("#box").press("Enter")
        desk.locator(".row", has_text=said[0]).first.locator("a").click(timeout=PATIENCE)
        for number, victim in enumerate((None, "web", "valkey", "one-web", "web"), start=1):
            if victim:
                there.kill(victim)
            question, reply = f"第{number}个问题", f"第{number}个回答"
            chat.locator("#box").fill(question)
            chat.locator("#box").press("Enter")
            expect(desk.locator("#messages .message-buyer .message-body", has_text=question)).to_have_count(
                1, timeout=PATIENCE
            )
            answer(desk, reply)
            expect(chat.locator(".agent .bubble", has_text=reply)).to_have_count(1, timeout=PATIENCE)
            said += [question, reply]
        expect(chat.locator(".mark.failed, .mark.sending")).to_have_count(0, timeout=PATIENCE)
        spoken = re.compile(r"^请问|^第")
        on_desk = [text for text in texts(desk, "#messages .message-body") if spoken.search(text)]
        on_page = [text for text in texts(chat, ".bubble") if spoken.search(text)]
        assert on_desk == said
        assert on_page == said
        buyer_context.close()
        agent_context.close()


def test_machine_is_well_afterwards(own_machine: Machine) -> None:
    own_machine.wait_until_ready()
    assert httpx.get(f"http://127.0.0.1:{own_machine.port}/health/ready", trust_env=False).status_code == 200
