"""One library for twenty stores: a lead writes it, an agent runs it, a seller corrects it, no other agency sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Open
from tests.deployment import Deployment

SOP, ARTICLE = "The box came dented", "How to fold the chair"
STORES = 20
LIN, TAO, SU = "lin@south.example", "tao@south.example", "su@south.example"


@pytest.fixture(scope="module")
def writes(deployment: Deployment) -> Callable[[str, str], int]:
    """writes(store, text): a buyer of South does; the ticket's number."""
    token = deployment.run("-m", "tests.browser.south", PASSWORD, str(STORES)).split()[-1]

    def write(store: str, text: str) -> int:
        body = {"external_id": f"one-library-{store}", "customer": {"id": "b-1", "name": "箱子买家"}, "text": text}
        with deployment.client(token, "south.localhost") as api:
            answer = api.post(f"/api/v1/stores/{store}/messages/", json=body | {"category": "logistics"})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["ticket"])

    return write


def _go(page: Page, path: str) -> None:
    page.goto(f"http://{urlsplit(page.url).netloc}{path}")


def _write_sop(page: Page) -> None:
    _go(page, "/admin/sops/")
    page.click("#new-sop")
    page.fill("[name='title.zh']", "箱子压坏了")
    page.fill("[name='title.en']", SOP)
    page.fill("[name='s.s1.title.zh']", "看照片")
    page.fill("[name='s.s1.title.en']", "Look at the picture")
    page.locator("#step-s1 .sop-edges button").first.click()
    page.fill("[name='s.s2.title.zh']", "给两个选择")
    page.fill("[name='s.s2.title.en']", "Offer two choices")
    expect(page.locator("#sop-saved")).to_contain_text("Saved ", timeout=15_000)
    page.get_by_role("link", name="Done: make a version").click()
    page.get_by_label("Logistics").check()
    page.locator("#sop-place button").click()
    page.click("#make-version")
    page.locator(".sop-versions a").first.click()
    page.click("#accept-version")
    expect(page.locator(".sop-state.is-accepted").first).to_be_visible()
    page.get_by_role("link", name=SOP).first.click()


def _write_article(page: Page) -> None:
    _go(page, "/admin/articles/")
    page.click("#new-article")
    page.fill("[name='title.zh']", "折叠椅怎么收")
    page.fill("[name='title.en']", ARTICLE)
    page.fill("[name='body.zh']", "先按**红色按钮**，再合上椅背。")
    page.fill("[name='body.en']", "Press the **red button**, then close the back.")
    expect(page.locator("#article-saved")).to_contain_text("Saved")
    page.click("#article-done")
    page.locator("#make-version").click()
    expect(page.get_by_text("v1 is made")).to_be_visible()
    page.select_option("[name=audience]", "public")
    page.locator("#article-place button").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def _publish(page: Page, kind: str) -> None:
    """From the item's page to all stores."""
    page.click(f"#publish-{kind}")
    page.click("[data-publish-all]")
    expect(page.locator("[data-publish-chosen]")).to_have_text(str(STORES))
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name=f"Change {STORES} stores").click()
    expect(page.locator("#release-results tbody tr", has_text="published")).to_have_count(STORES)


def _override(page: Page, store: str) -> None:
    _go(page, "/admin/publish/drift/stores/")
    page.get_by_role("link", name=store).click()
    page.locator("tr", has_text=ARTICLE).get_by_role("link", name="write one").click()
    page.fill("textarea[name='body.zh']", "本店的椅子先按**蓝色按钮**。")
    page.get_by_role("button", name="Save as the store's own text").click()
    expect(page.locator(".own-difference").first).to_contain_text("蓝色")


def _answer(page: Page) -> None:
    """The SOP is begun and its first step done; a quick reply is found by its pinyin, and sent."""
    page.locator("#sop-offers").get_by_role("button", name=SOP).click()
    expect(page.locator(".sop-step h4")).to_have_text("Look at the picture")
    page.locator("#sop .sop-step .button.primary").first.click()
    expect(page.locator(".sop-step h4")).to_have_text("Offer two choices")
    page.locator("#body").press("/")
    expect(page.locator("#replies-search")).to_be_focused()
    page.keyboard.type("baoguoposun")
    expect(page.locator("#replies-list [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_have_value(re.compile("箱子买家"))
    page.locator("#body").press("Control+Enter")
    expect(page.locator("#messages .message-agent .message-body")).to_contain_text("箱子买家")


def _correct(page: Page) -> None:
    page.get_by_role("link", name="折叠椅怎么收").click()
    expect(page.locator("main")).to_contain_text("蓝色按钮")
    page.get_by_text("提出纠错").click()
    page.fill("#after", "本店的椅子先按**绿色按钮**。")
    page.fill("#reason", "新款改成绿色了。")
    page.locator(".library-correct button").click()
    expect(page.locator(".library-corrections")).to_contain_text("折叠椅怎么收")


def test_one_library(open_page: Open, writes: Callable[[str, str], int]) -> None:
    lead = open_page(LIN, "/admin/", host="south.localhost")
    _write_sop(lead)
    _publish(lead, "sop")
    _write_article(lead)
    _publish(lead, "article")
    _override(lead, "South 00")

    number = writes("south-0", "箱子压坏了，里面的椅子怎么收？")
    agent = open_page(TAO, f"/desk/south-0/{number}/", host="south.localhost")
    _answer(agent)
    _correct(open_page(SU, "/library/", lang="zh", host="south-0.localhost"))

    _go(lead, "/admin/publish/drift/")
    lead.locator("#drift-rows tr", has_text=ARTICLE).locator("a[href*='show=overrides']").click()
    expect(lead.locator(".office-table tbody tr")).to_have_count(1)
    expect(lead.locator(".office-table tbody tr")).to_contain_text("South 00")
    _go(lead, "/admin/corrections/")
    expect(lead.locator("tbody tr", has_text=ARTICLE)).to_contain_text("South 00")
    _go(lead, "/admin/")
    expect(lead.locator(".tile", has_text="Conversations today").locator("dd a").first).to_have_text("1")

    stranger = open_page("ann", "/admin/")
    for path in ("sops/", "articles/", "publish/new/", "publish/drift/", "corrections/", "fleet/", "releases/"):
        _go(stranger, f"/admin/{path}")
        for secret in (SOP, ARTICLE, "South"):
            expect(stranger.locator("body")).not_to_contain_text(secret)
    for theirs in (f"/desk/south-0/{number}/", urlsplit(agent.url).path):
        answer = stranger.goto(f"http://{urlsplit(stranger.url).netloc}{theirs}")
        assert answer is not None
        assert answer.status == 404
