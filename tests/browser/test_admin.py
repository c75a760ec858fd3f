"""The agency's admin in a real browser: asked in, given stores with a preview and a way back, found by the palette."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.looks import LOOKS, looks_well, no_faults, shot

PAGES = {
    "admin": "/admin/",
    "admin-people": "/admin/tenants/membership/",
    "admin-invitation": "/admin/tenants/membership/add/",
    "admin-import": "/admin/tenants/membership/import/",
    "admin-stores": "/admin/tenants/store/",
    "admin-store": "/admin/tenants/store/1/change/",
    "admin-teams": "/admin/tenants/team/",
    "admin-given": "/admin/tenants/assignment/",
}


def settled(page: Page) -> None:
    """Alpine has drawn the page, and the house's script has had its turn."""
    expect(page.locator("#main[role=main]")).to_be_visible()


@pytest.mark.parametrize("lang", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_page(open_page: Open, name: str, lang: str) -> None:
    page = open_page("ann", PAGES[name], lang=lang, look=LOOKS[lang][0])
    looks_well(page, name, lang, settled)
    outside = page.evaluate(
        "performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin))"
    )
    assert outside == []


def test_somebody_is_asked_in_and_given_stores_by_many(open_page: Open) -> None:
    page = open_page("ann", "/")
    page.get_by_role("link", name="Admin").first.click()
    settled(page)
    page.get_by_role("link", name="People", exact=True).click()
    page.get_by_role("link", name="Add person").first.click()
    page.get_by_label("E-mail").fill("fay@north.example")
    page.get_by_label("Name").fill("Fay")
    page.get_by_role("combobox", name="Stores").fill("lumi")
    page.get_by_role("option", name="Lumi Beauty").click()
    expect(page.locator(".chooser-chosen")).to_contain_text("Lumi Beauty")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()

    for name in ("Fay", "Mei"):
        page.get_by_role("row", name=name).get_by_role("checkbox").check()
    page.locator("select[name=action]").select_option("give")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("2 rows are chosen.")).to_be_visible()
    page.get_by_role("combobox", name="Stores").click()
    page.get_by_role("option", name="Take all that were found").click()
    page.get_by_role("button", name="Show what will change").click()
    expect(page.get_by_role("row", name="Fay")).to_contain_text("Northwind Outdoor")
    settled(page)
    shot(page, "admin-preview")
    no_faults(page)
    page.get_by_role("button", name="Give stores").click()
    expect(page.get_by_role("status")).to_contain_text("Done for 2 rows")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Undone")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("row", name="Fay")).to_contain_text("1")

    page.get_by_role("link", name="Fay").click()
    page.get_by_role("link", name="History").first.click()
    settled(page)
    expect(page.get_by_text("Lumi Beauty").first).to_be_visible()
    shot(page, "admin-history")
    no_faults(page)


def test_palette_finds_people_stores_and_pages_by_keys(open_page: Open) -> None:
    page = open_page("ann", "/admin/tenants/team/", lang="zh")
    settled(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("lumi")
    expect(page.locator("#palette-found")).to_contain_text("Lumi Beauty")
    shot(page, "admin-palette")
    no_faults(page)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/admin/tenants/store/\d+/change/"))


def test_appearance_is_one_with_the_desks(open_page: Open) -> None:
    page = open_page("ann", "/admin/")
    settled(page)
    page.evaluate("Alpine.$data(document.documentElement).switchTheme('dark')")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(page.url.replace("/admin/", "/"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_agent_finds_no_people(open_page: Open) -> None:
    page = open_page("bo", "/admin/")
    settled(page)
    expect(page.get_by_role("link", name="People", exact=True)).to_have_count(0)
    no_faults(page)
