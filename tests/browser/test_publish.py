"""Publishing in the browser: chosen, seen, done, its result; drift found and mended; a store's own words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.looks import no_faults


def sound(page: Page) -> None:
    """No violation in what is ours, and nothing to scroll sideways, wide and narrow."""
    for width in (1440, 360):
        page.set_viewport_size({"width": width, "height": 900})
        no_faults(page, ".office", told=f"{page.url} {width}:")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{page.url} {width}: the page scrolls sideways"
    page.set_viewport_size({"width": 1440, "height": 900})


def choose(page: Page, address: str) -> str:
    """The first item of the library is chosen; its title."""
    page.goto(address)
    row = page.locator("#publish-items tbody tr", has=page.locator("input:not(:disabled)")).first
    title = row.locator("label").inner_text()
    row.locator("input").check()
    page.get_by_role("button", name="Choose stores").click()
    return title


def test_publish_result_drift(open_page: Open) -> None:
    page = open_page("ann", "/admin/publish/new/")
    address = page.url
    sound(page)
    title = choose(page, address)
    sound(page)
    page.fill("[data-publish-words]", "lumi")
    expect(page.locator("[data-publish-shown]")).to_have_text("1")
    page.click("[data-publish-all]")
    expect(page.locator("[data-publish-chosen]")).to_have_text("1")
    page.locator("select[name^=version_]").select_option("none")
    page.get_by_role("button", name="See what changes").click()
    expect(page.locator(".publish-preview")).to_contain_text("1 store")
    sound(page)
    page.get_by_role("button", name="Change 1 store").click()
    expect(page.locator("#release-results tbody tr")).to_have_count(1)
    expect(page.locator("#release-results")).to_contain_text("published")
    sound(page)

    page.goto(address.replace("new/", "drift/"))
    row = page.locator("#drift-rows tbody tr", has_text=title)
    expect(row).to_contain_text("× 2")
    sound(page)
    row.locator("input").check()
    page.get_by_label("and give it to stores without it").check()
    page.get_by_role("button", name="Bring those behind up to date").click()
    page.get_by_role("button", name="Change 1 store").click()
    expect(page.locator("#release-results")).to_contain_text("Lumi")
    page.get_by_text("Undo", exact=True).click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("#release-results")).to_contain_text("went back")
    page.goto(address.replace("new/", "releases/"))
    expect(page.locator("tbody tr").first).to_contain_text("undone")
    sound(page)


def test_a_stores_own_words(open_page: Open) -> None:
    page = open_page("ann", "/admin/publish/drift/stores/")
    sound(page)
    page.get_by_role("link", name="Northwind").click()
    sound(page)
    page.get_by_role("link", name="write one").first.click()
    words = page.locator("textarea[name='body.zh']")
    before = words.input_value()
    words.fill(f"{before}\n本店支持极速退款。")
    sound(page)
    page.get_by_role("button", name="Save as the store's own text").click()
    expect(page.locator(".own-difference")).to_contain_text("极速退款")
    expect(page.locator(".own-difference ins")).to_have_count(1)
    page.get_by_role("button", name="Drop it: run the version").click()
    expect(words).to_have_value(before)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_agents_see_no_publishing(open_page: Open, lang: str) -> None:
    page = open_page("bo", "/admin/", lang=lang)
    expect(page.locator("a[href*='/admin/publish/']")).to_have_count(0)
