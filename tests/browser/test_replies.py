"""Quick replies: found by how they sound, filled in, never sent half-way; and a lead who puts them in order."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Write
from tests.browser.looks import LOOKS, looks_well


def ask_for(page: Page, typed: str) -> None:
    page.locator("#body").press("/")
    expect(page.locator("#replies-search")).to_be_focused()
    page.keyboard.type(typed)


def test_found_by_pinyin_and_not_sent_before_it_is_filled_in(open_page: Open, buyer_writes: Write) -> None:
    number = buyer_writes("qinghe", "拼音买家", "我的快递怎么不动了？")
    page = open_page("bo", f"/desk/qinghe/{number}/", lang="zh")
    ask_for(page, "wulting")
    expect(page.locator("#replies-list [role=option]").first).to_contain_text("物流停滞不更新")
    expect(page.locator(".replies-preview")).to_contain_text("拼音买家您好")
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_have_value(re.compile("^拼音买家您好，包裹几天没动静.*{carrier}", re.DOTALL))
    page.keyboard.press("Control+Enter")
    expect(page.locator("#composer-error")).to_contain_text("{tracking}")
    expect(page.locator("#messages .message-agent")).to_have_count(0)
    for words in ("云驿", "7731", "11月26日"):
        assert page.evaluate("getSelection().toString()").startswith("{")
        page.keyboard.insert_text(words)
        page.keyboard.press("Tab")
    expect(page.locator("#composer-gaps")).to_be_hidden()
    page.locator("#body").press("Control+Enter")
    expect(page.locator("#messages .message-agent .message-body")).to_contain_text("联系云驿核实7731，11月26日前")


def test_found_by_initials_and_its_picture_goes_along(open_page: Open, buyer_writes: Write) -> None:
    number = buyer_writes("qinghe", "尺寸买家", "怎么量？")
    page = open_page("bo", f"/desk/qinghe/{number}/")
    ask_for(page, "zmlcc")
    page.keyboard.press("Enter")
    expect(page.locator("#reply-pictures img")).to_be_visible()
    page.reload()
    expect(page.locator("#reply-pictures img")).to_be_visible()  # kept with the draft
    page.locator("#body").press("Control+Enter")
    expect(page.locator("#messages .message-agent .thumbnail img")).to_be_visible()
    expect(page.locator("#reply-pictures img")).to_have_count(0)
    page.locator("#body").press("/")
    expect(page.locator("#replies-list [role=option]").first).to_be_visible()


def test_buyers_language_decides_and_can_be_switched(open_page: Open, buyer_writes: Write) -> None:
    number = buyer_writes("lumi", "Size Sally", "Which size should I take? I am between two.")
    page = open_page("bo", f"/desk/lumi/{number}/")
    ask_for(page, "lgm")  # 两个码, for those who know it in Chinese
    expect(page.locator("#replies-list [role=option]").first).to_contain_text("Between two sizes")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#replies-list [role=option]").first).to_contain_text("介于两个码之间")
    page.keyboard.press("Escape")
    expect(page.locator("#body")).to_be_focused()
    expect(page.locator("#body")).to_have_value("/")


def test_an_input_methods_keys_are_its_own(open_page: Open, buyer_writes: Write) -> None:
    number = buyer_writes("qinghe", "输入法", "在吗")
    page = open_page("bo", f"/desk/qinghe/{number}/")
    page.locator("#body").press("/")
    expect(page.locator("#replies-list [role=option]").first).to_be_visible()
    page.evaluate(
        """() => { const field = document.getElementById("replies-search");
        field.value = "tui'kuan"; field.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
        for (const key of ["Enter", "Escape", "ArrowDown"])
          field.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, isComposing: true })); }"""
    )
    expect(page.locator("#replies")).to_be_visible()
    expect(page.locator("#replies-list [aria-selected=true]")).to_contain_text("退款")
    page.keyboard.press("Escape")
    page.locator("#body").fill("和/或")
    expect(page.locator("#replies")).to_be_hidden()


def test_what_i_wrote_is_mine_at_once(open_page: Open, buyer_writes: Write) -> None:
    number = buyer_writes("qinghe", "留言买家", "被子会起球吗")
    page = open_page("bo", f"/desk/qinghe/{number}/", lang="zh")
    page.fill("#body", "留言买家您好，水洗棉洗两三次后更柔软，正常洗涤不会起球。")
    page.click("#open-replies")
    page.click("[data-replies=keep]")
    expect(page.locator("#keep-body")).to_have_value(re.compile("^{buyer}您好"))
    page.fill("#keep-title", "会不会起球")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_be_visible()
    page.fill("#body", "")
    ask_for(page, "hbhqq")
    expect(page.locator("#replies-list [role=option]").first).to_contain_text("会不会起球")
    qi = open_page("qi", f"/desk/qinghe/{number}/")
    assert qi.locator("#open-replies").count() == 0


def found_by_pinyin(page: Page) -> None:
    page.click("#open-replies")
    page.fill("#replies-search", "wuliu")
    expect(page.locator("#replies-list [role=option]").first).to_be_visible()
    page.wait_for_timeout(300)


def test_panel_in_both_languages_is_worth_showing(open_page: Open, buyer_writes: Write) -> None:
    number = buyer_writes("qinghe", "看一看", "物流")
    for lang in LOOKS:
        page = open_page("bo", f"/desk/qinghe/{number}/", lang=lang, look=LOOKS[lang][0])
        looks_well(page, "replies", lang, found_by_pinyin)


def test_lead_drags_a_reply_into_a_folder_and_takes_it_back(open_page: Open) -> None:
    page = open_page("ann", "/admin/replies/?q=yhq")
    page.locator("[data-reply]").first.drag_to(page.locator(".reply-folders a[data-folder='活动与直播']"))
    expect(page.locator("#reply-moved")).to_contain_text("活动与直播")
    expect(page.locator(".reply-where").first).to_contain_text("活动与直播")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".reply-where").first).to_contain_text("下单与支付")


def test_lead_writes_with_variables_and_sees_how_it_reads(open_page: Open) -> None:
    page = open_page("ann", "/admin/replies/new/")
    page.fill("#id_title_zh", "浏览器里写的")
    page.fill("#id_body_zh", "您好，")
    page.locator("[data-variable='{buyer}']").click()
    expect(page.locator("#preview-zh")).to_have_text("您好，林女士")
    page.locator("#id_body_zh").press_sequentially("{nobody}")
    expect(page.locator("#preview-unknown")).to_contain_text("{nobody}")
    page.click("#save-reply")
    expect(page.locator("#id_body_zh_error")).to_contain_text("{nobody}")
    expect(page.locator("#id_body_zh")).to_have_value("您好，{buyer}{nobody}")
    page.fill("#id_body_zh", "您好，{buyer}")
    page.click("#save-reply")
    page.click("#make-version")
    expect(page.locator(".reply-versions")).to_contain_text("v1")


LIST = "/admin/replies/"
PAGES = {"replies": f"{LIST}?folder=退款", "reply-new": f"{LIST}new/", "reply-import": f"{LIST}import/"}


@pytest.mark.parametrize("lang", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_admin_page_is_worth_showing(open_page: Open, name: str, lang: str) -> None:
    frame = "#main[role=main]"
    page = open_page("ann", PAGES[name], lang=lang, look=LOOKS[lang][0])
    looks_well(page, f"admin-{name}", lang, lambda page: expect(page.locator(frame)).to_be_visible())
