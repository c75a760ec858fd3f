"""The front page counts a ticket while one looks at it, and each number leads to where it comes from."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Write


def number(page: Page, title: str) -> int:
    """The first figure of the tile with this title."""
    text = page.locator(".tile", has_text=title).first.locator("dd").first.inner_text()
    return int(re.sub(r"\D", "", text))


def test_front_page_counts_a_ticket_by_itself(open_page: Open, buyer_writes: Write) -> None:
    page = open_page("ann", "/admin/")
    expect(page.locator("#fleet-title")).to_have_text("Stores at a glance")
    page.evaluate("document.querySelector('#fleet').dataset.refresh = '1'")
    before, waiting = number(page, "Conversations today"), number(page, "Waiting now")
    buyer_writes("lumi", "Reporter", "Is this counted?")
    expect(page.locator(".tile", has_text="Waiting now").locator("dd a")).to_have_text(str(waiting + 1), timeout=15_000)
    expect(page.locator(".tile", has_text="Conversations today").locator("dd a").first).to_have_text(
        str(before + 1), timeout=15_000
    )
    page.locator(".tile", has_text="Waiting now").locator("dd a").click()
    row = page.locator("tbody tr", has_text="Reporter")
    expect(row).to_contain_text("Lumi Beauty")
    row.locator("a").first.click()
    expect(page.locator("#conversation")).to_contain_text("Is this counted?")


def test_what_is_typed_is_not_refreshed_away(open_page: Open, buyer_writes: Write) -> None:
    page = open_page("ann", "/admin/fleet/")
    page.evaluate("document.querySelector('#fleet').dataset.refresh = '1'")
    page.locator("#fleet-q").press_sequentially("lum", delay=20)
    buyer_writes("qinghe", "Typist", "And now?")
    page.wait_for_timeout(2500)
    expect(page.locator("#fleet-q")).to_have_value("lum")
    page.keyboard.press("Enter")
    expect(page.locator(".figures tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/admin/fleet/\?q=lum"))


def test_report_is_broken_down_and_taken_away(open_page: Open, buyer_writes: Write) -> None:
    buyer_writes("lumi", "Counted", "One more")
    page = open_page("ann", "/admin/report/?period=7")
    page.get_by_role("link", name="By channel").click()
    expect(page.locator(".figures tbody tr").first).to_contain_text(re.compile("TikTok Shop|Tmall|E-mail"))
    page.get_by_role("link", name="By store").click()
    page.locator(".figures thead a", has_text="Name").click()
    expect(page.locator("[aria-sort=ascending]")).to_have_text(re.compile("Name"))
    with page.expect_download() as download:
        page.get_by_role("link", name="XLSX").click()
    assert download.value.suggested_filename.endswith(".xlsx")


def test_seller_sees_whether_the_store_is_safe(open_page: Open) -> None:
    page = open_page("qi", "/")
    page.get_by_role("link", name="Numbers").click()
    expect(page.locator("#safety-title")).to_be_visible()
    for name in ("Ann Li", "Bo Chen", "Mei Wang"):
        expect(page.locator("main")).not_to_contain_text(name)
