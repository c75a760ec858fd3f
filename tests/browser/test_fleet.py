"""The operator's page, in the browser: a store goes dark and comes back, and the agents see it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Open


def test_operator_suspends_a_store_and_resumes_it(open_page: Open) -> None:
    bo, operator = open_page("bo"), open_page("operator")
    expect(operator.locator(".fleet-figures")).to_contain_text("3 at head")
    operator.fill("#fleet-q", "northwind")
    operator.keyboard.press("Enter")
    row = operator.locator("tbody tr")
    expect(row).to_have_count(1)
    row.get_by_text("Suspend …").click()
    row.get_by_label("Reason").fill("Contract ended")
    row.get_by_role("button", name="Suspend", exact=True).click()
    expect(row).to_contain_text("suspended")
    expect(row).to_contain_text("Contract ended")
    bo.reload()
    expect(bo.locator(".row", has_text="Northwind")).to_have_count(0)
    row.get_by_role("button", name="Resume").click()
    expect(row).to_contain_text("open")
    bo.reload()
    expect(bo.locator(".row", has_text="Northwind").first).to_be_visible()
