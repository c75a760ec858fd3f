"""The main job, seen by the people who do it."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Write
from tests.deployment import Deployment


def message(page: Page, text: str) -> object:
    return page.locator("#messages .message-body", has_text=text)


def row(page: Page, buyer: str) -> object:
    return page.locator("#queue-rows .row, .row", has_text=buyer)


def answer(page: Page, text: str) -> None:
    page.fill("#body", text)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages .message-body", has_text=text)).to_be_visible()
    expect(page.locator("#body")).to_have_value("")


def test_agent_answers_what_arrived_and_a_colleague_sees_it(open_page: Open, buyer_writes: Write) -> None:
    bo, ann = open_page("bo"), open_page("ann")
    number = buyer_writes("qinghe", "林小满", "请问这款四件套今天能发货吗？")
    for page in (bo, ann):
        expect(page.locator(".row", has_text="林小满")).to_contain_text("今天能发货吗")
    for page in (bo, ann):
        page.locator(".row", has_text="林小满").locator("a").click()
        expect(page.locator("#buyer")).to_have_text("林小满")
    expect(bo.locator(".message-bot .message-body")).to_contain_text("您的消息已经收到")
    answer(bo, "您好，今天下午四点前付款都能发出。")
    expect(ann.locator("#messages .message-agent .message-body")).to_have_text("您好，今天下午四点前付款都能发出。")
    buyer_writes("qinghe", "林小满", "好的，我马上付款")
    for page in (bo, ann):
        expect(page.locator("#messages .message-body", has_text="我马上付款")).to_be_visible()
    assert f"/desk/qinghe/{number}/" in bo.url


def test_page_lives_on_when_the_server_is_restarted(
    open_page: Open, buyer_writes: Write, deployment: Deployment
) -> None:
    number = buyer_writes("lumi", "Restart Rita", "Is the serum vegan?")
    page = open_page("bo", f"/desk/lumi/{number}/")
    page.fill("#body", "A draft that must not be lost")
    web = next(p for p in deployment.processes if "config.web" in p.args)  # type: ignore[operator]
    deployment.stop(web)
    deployment.start_web()
    buyer_writes("lumi", "Restart Rita", "I ask because of my allergy.")
    expect(page.locator("#messages .message-body", has_text="because of my allergy")).to_be_visible(timeout=15_000)
    expect(page.locator("#body")).to_have_value("A draft that must not be lost")
    buyer_writes("lumi", "Restart Rita", "Hello?")
    expect(page.locator("#messages .message-body", has_text="Hello?")).to_be_visible()


def test_what_was_missed_is_shown_before_an_answer_goes_out(
    open_page: Open, buyer_writes: Write, deployment: Deployment, api: httpx.Client
) -> None:
    number = buyer_writes("lumi", "Missed Mona", "Please send the red one.")
    page = open_page("bo", f"/desk/lumi/{number}/")
    page.fill("#body", "The red one is on its way.")
    # The page can't hear of it: its agent is writing while the network is away.
    page.context.route(re.compile(r"/(queue|messages)/"), lambda route: route.abort())
    buyer_writes("lumi", "Missed Mona", "Sorry, the blue one!")
    page.evaluate("document.querySelector('#seen-seq').value = '2'")
    page.context.unroute(re.compile(r"/(queue|messages)/"))
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages .missed .message-body")).to_have_text("Sorry, the blue one!")
    expect(page.locator("#body")).to_have_value("The red one is on its way.")
    said = api.get(f"/api/v1/stores/lumi/tickets/{number}/messages/").json()["results"]
    assert [m["kind"] for m in said] == ["buyer", "bot", "buyer"]
    answer(page, "The blue one is on its way.")


def test_agent_without_the_store_finds_nothing_of_it(open_page: Open, buyer_writes: Write) -> None:
    mei = open_page("mei")  # lumi and qinghe, not northwind
    number = buyer_writes("northwind", "Hidden Hans", "Wo bleibt mein Zelt?")
    buyer_writes("lumi", "Seen Sam", "Where is my order?")
    expect(mei.locator(".row", has_text="Seen Sam")).to_be_visible()
    assert mei.locator(".row", has_text="Hidden Hans").count() == 0
    assert "Northwind" not in mei.content()
    mei.goto(mei.url + "?q=Hidden")
    expect(mei.locator(".row")).to_have_count(0)
    answered = mei.goto(mei.url.partition("?")[0] + f"desk/northwind/{number}/")
    assert answered is not None
    assert answered.status == 404
    assert "Hidden Hans" not in mei.content()


def test_draft_survives_a_reload_and_another_ticket(open_page: Open, buyer_writes: Write) -> None:
    first, second = buyer_writes("lumi", "Draft Dora", "One?"), buyer_writes("lumi", "Other Otto", "Two?")
    page = open_page("bo", f"/desk/lumi/{first}/")
    page.fill("#body", "half a thought")
    page.goto(page.url.replace(f"/{first}/", f"/{second}/"))
    expect(page.locator("#body")).to_have_value("")
    page.goto(page.url.replace(f"/{second}/", f"/{first}/"))
    expect(page.locator("#body")).to_have_value("half a thought")


def test_closing_can_be_undone(open_page: Open, buyer_writes: Write) -> None:
    number = buyer_writes("lumi", "Closed Cleo", "Thank you, all good!")
    page = open_page("bo", f"/desk/lumi/{number}/")
    page.keyboard.press("e")
    expect(page.locator("#ticket-state")).to_have_attribute("data-state", "closed")
    expect(page.locator(".row", has_text="Closed Cleo")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#ticket-state")).to_have_attribute("data-state", "waiting")
    expect(page.locator(".row", has_text="Closed Cleo")).to_be_visible()


def test_note_is_for_colleagues_and_not_for_the_seller(open_page: Open, buyer_writes: Write) -> None:
    number = buyer_writes("qinghe", "备注测试", "尺码偏大怎么办？")
    bo = open_page("bo", f"/desk/qinghe/{number}/")
    bo.locator("body").click(position={"x": 5, "y": 5})
    bo.keyboard.press("n")
    bo.fill("#body", "这位是老客户，可以直接换。")
    bo.keyboard.press("Control+Enter")
    expect(bo.locator("#messages .message-note .message-body")).to_have_text("这位是老客户，可以直接换。")
    answer_as = bo.locator("#mode-reply")
    answer_as.check(force=True)
    answer(bo, "您好，可以为您换小一码。")
    qi = open_page("qi", f"/desk/qinghe/{number}/")
    expect(qi.locator("#messages .message-body", has_text="可以为您换小一码")).to_be_visible()
    assert "老客户" not in qi.content()
    assert "Bo Chen" not in qi.content()


def test_keyboard_alone_is_enough(open_page: Open, buyer_writes: Write) -> None:
    buyer_writes("qinghe", "键盘用户", "在吗？")
    page = open_page("ann")
    expect(page.locator(".row").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#buyer")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator("#body")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#replies-search")).to_be_focused()


def test_wrong_password_and_wrong_door_look_the_same(open_page: Open) -> None:
    page = open_page(None, "/accounts/login/")
    texts = []
    for email, password in (("ann@north.example", "wrong"), ("qi@north.example", "Deskfleet-demo-1")):
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_load_state()
        texts.append(page.locator("[role=alert], .errorlist").first.inner_text())
    assert texts[0] == texts[1]
