"""Articles in the browser: what buyers do not find is written, published, quoted by an agent, corrected by a seller."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.looks import no_faults
from tests.cast import PNG

STORE = "qinghe.localhost"


def sound(page: Page, context: str = "") -> None:
    """No violation in what is ours, and nothing to scroll sideways, wide and narrow."""
    for width in (1440, 360):
        page.set_viewport_size({"width": width, "height": 900})
        no_faults(page, context, told=f"{page.url} {width}:")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{page.url} {width}: the page scrolls sideways"
    page.set_viewport_size({"width": 1440, "height": 900})


def publish_to_all(page: Page) -> None:
    """From an article's page to all stores."""
    page.click("#publish-article")
    page.click("[data-publish-all]")
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name=re.compile("Change . store")).click()
    expect(page.locator("#release-results")).to_contain_text("published")


def test_from_a_search_without_an_answer_to_a_stores_own_words(open_page: Open, tmp_path: Path) -> None:
    buyer = open_page(None, "/help/?q=zeppelin+hangar", host=STORE)
    expect(buyer.get_by_role("status")).to_contain_text("Nothing found")

    lead = open_page("ann", "/admin/missed/")
    row = lead.locator("tbody tr", has_text="zeppelin hangar")
    expect(row).to_contain_text("buyers")
    sound(lead, ".office")
    row.get_by_role("button", name="Write an article").click()
    expect(lead.locator("[name='title.en']")).to_have_value("zeppelin hangar")
    expect(lead.locator("#article-fault")).to_be_visible()
    lead.fill("[name='title.en']", "Candle wax on linen")
    lead.fill("[name='title.zh']", "蜡渍怎么清理")
    lead.fill("[name='body.en']", "Let it harden, then **lift** it off with a card.")
    lead.fill("[name='body.zh']", "先等蜡变硬，再用卡片**轻轻刮下**。")
    expect(lead.locator("#drawn-en strong")).to_have_text("lift")
    expect(lead.locator("#drawn-zh strong")).to_have_text("轻轻刮下")
    picture = tmp_path / "wax.png"
    picture.write_bytes(PNG)
    lead.locator("[data-picture]").nth(1).set_input_files(picture)
    expect(lead.locator("#drawn-en img")).to_have_attribute("alt", "wax")
    expect(lead.locator("#article-saved")).to_contain_text("Saved")
    sound(lead, ".office")
    lead.click("#article-done")
    lead.locator("#make-version").click()
    expect(lead.get_by_text("v1 is made")).to_be_visible()
    lead.select_option("[name=audience]", "public")
    lead.select_option("[name=topic]", "product")
    lead.locator("#article-place button").click()
    expect(lead.get_by_text("Saved.")).to_be_visible()
    sound(lead, ".office")
    publish_to_all(lead)

    buyer.goto(buyer.url.split("?")[0] + "?q=candle+wax")
    buyer.get_by_role("link", name="Candle wax on linen").click()
    expect(buyer.locator("article strong")).to_have_text("lift")
    picture_shown = buyer.locator("article img")
    picture_shown.scroll_into_view_if_needed()
    expect(picture_shown).to_have_js_property("naturalWidth", 1)
    sound(buyer)
    buyer.get_by_role("link", name="简体中文").click()
    expect(buyer.locator("article strong")).to_have_text("轻轻刮下")

    agent = open_page("bo", "/desk/qinghe/3/")
    expect(agent.locator("#knowledge-words")).to_be_visible()
    agent.keyboard.press("l")
    agent.keyboard.type("蜡渍")
    agent.get_by_role("button", name=re.compile("蜡渍怎么清理")).click()
    expect(agent.locator(".knowledge-article strong")).to_have_text("轻轻刮下")
    agent.get_by_role("button", name="Into the answer").click()
    expect(agent.locator("#body")).to_have_value(re.compile("先等蜡变硬，再用卡片轻轻刮下。"))
    expect(agent.locator("#reply-made input")).to_have_count(1)
    agent.fill("#body", "")

    seller = open_page("qi", "/library/", lang="zh")
    seller.get_by_role("link", name="蜡渍怎么清理").click()
    seller.get_by_text("提出纠错").click()
    seller.fill("#after", "先冷冻十分钟，再**轻轻刮下**。")
    seller.locator(".library-correct button").click()
    expect(seller.get_by_role("alert")).to_be_visible()
    expect(seller.locator("#after")).to_have_value("先冷冻十分钟，再**轻轻刮下**。")
    seller.fill("#reason", "我们试过，冷冻后更容易刮。")
    seller.locator(".library-correct button").click()
    expect(seller.locator(".library-corrections")).to_contain_text("蜡渍怎么清理")
    sound(seller)

    lead.goto(lead.url.split("/admin/")[0] + "/admin/corrections/")
    lead.locator("tbody tr", has_text="Candle wax on linen").get_by_role("link").click()
    expect(lead.locator(".difference ins").first).to_be_visible()
    sound(lead, ".office")
    lead.fill("[name=answer]", "谢谢，已更新。")
    lead.get_by_role("button", name=re.compile("alone")).click()
    expect(lead.get_by_text("The store says it so from now on.")).to_be_visible()
    buyer.reload()
    expect(buyer.locator("article")).to_contain_text("先冷冻十分钟")
    seller.reload()
    expect(seller.locator(".library-corrections")).to_contain_text("谢谢，已更新。")


def test_two_leads_in_one_article(open_page: Open) -> None:
    one = open_page("ann", "/admin/articles/?q=invoice")
    one.locator("#article-lines th a").first.click()
    one.click("#edit-article")
    two = open_page("ann", "/admin/" + one.url.split("/admin/")[1])
    two.locator("[name='body.en']").press_sequentially("Second. ")
    expect(two.locator("#article-saved")).to_contain_text("Saved")
    one.locator("[name='body.en']").press_sequentially("First. ")
    expect(one.locator(".article-conflict")).to_be_visible()
    expect(one.locator(".article-conflict ins").first).to_be_visible()
    sound(one, ".office")
    one.get_by_role("button", name="Go on with yours").click()
    expect(one.locator(".article-conflict")).to_have_count(0)
    expect(one.locator("#article-saved")).to_contain_text("Saved")
    assert "First." in one.locator("[name='body.en']").input_value()
    one.goto(one.url.replace("edit/", "history/"))
    assert "Second." in (one.locator(".changes").text_content() or "")


def test_import_shows_and_does(open_page: Open, tmp_path: Path) -> None:
    page = open_page("ann", "/admin/articles/import/")
    sound(page, ".office")
    bad = tmp_path / "bad.csv"
    bad.write_text("body\nx\n")
    page.set_input_files("input[type=file]", bad)
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.locator("#import-refused")).to_contain_text("title_zh")
    good = tmp_path / "good.csv"
    good.write_bytes("标题,正文,主题\n礼盒,可选红色。,商品知识\n坏行,x,天气\n".encode("gb18030"))
    page.set_input_files("input[type=file]", good)
    page.get_by_role("button", name="Show what it would do").click()
    page.wait_for_url(re.compile(r"/import/[0-9a-f-]{36}/"))
    expect(page.locator("tr.is-refused")).to_have_count(1)
    expect(page.locator("tr.is-refused")).to_contain_text("topic")
    sound(page, ".office")
    page.click("#import-now")
    expect(page.get_by_text("Imported.")).to_be_visible()
