"""An SOP is written with its drawing, goes its way through a lead and a seller, and runs on a ticket."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Write
from tests.browser.looks import no_faults


def saved(page: Page) -> None:
    expect(page.locator("#sop-saved")).to_contain_text("Saved ", timeout=15_000)


def test_a_lead_writes_an_sop_beside_its_drawing(open_page: Open) -> None:
    page = open_page("ann", "/admin/sops/")
    page.click("#new-sop")
    page.fill("[name='title.zh']", "赠品漏发")
    page.fill("[name='title.en']", "A gift is missing")
    page.fill("[name='s.s1.title.en']", "Look at the order")
    saved(page)
    # A step in between by its button; the drawing has it at once.
    page.locator("#step-s1 .sop-edges button").first.click()
    expect(page.locator("#step-s2")).to_be_visible()
    expect(page.locator("[data-flow-step]")).to_have_count(2)
    expect(page.locator("#sop-fault")).to_be_visible()
    expect(page.locator("[name='s.s2.title.zh']")).to_be_focused()
    page.fill("[name='s.s2.title.zh']", "补发")
    expect(page.locator("#sop-fault")).to_have_count(0)
    # A loop is named, marked in the form and in the drawing, and kept.
    page.select_option("[name='s.s2.edges.0.to']", "s1")
    expect(page.locator("#sop-fault")).to_contain_text("leads back")
    expect(page.locator("[name='s.s2.edges.0.to']")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".flow-way.is-faulty")).to_have_count(1)
    no_faults(page, ".office")
    page.reload()
    expect(page.locator("[name='s.s2.edges.0.to']")).to_have_value("s1")
    page.select_option("[name='s.s2.edges.0.to']", "")
    expect(page.locator("#sop-fault")).to_have_count(0)
    # A question, by the keyboard: another kind, its answers, their targets.
    page.select_option("[name='s.s1.kind']", "ask")
    expect(page.locator("[name='s.s1.edges.1.label.zh']")).to_be_visible()
    page.fill("[name='s.s1.edges.0.label.zh']", "漏发了")
    page.fill("[name='s.s1.edges.1.label.zh']", "没有漏")
    expect(page.locator(".flow-label")).to_have_text(["漏发了", "没有漏"])
    page.locator("#step-s2 .sop-card-tools button").first.press("Enter")
    expect(page.locator("#sop-cards .sop-number").first).to_have_text("1")
    expect(page.locator(".sop-steps > li").first).to_have_id("step-s2")
    page.locator("#step-s1 .sop-card-tools button").first.press("Enter")
    expect(page.locator(".sop-steps > li").first).to_have_id("step-s1")
    # By dragging as well.
    page.locator("#step-s2 [data-grip]").drag_to(page.locator("#step-s1"), target_position={"x": 60, "y": 8})
    expect(page.locator(".sop-steps > li").first).to_have_id("step-s2")
    expect(page.locator("#sop-fault")).to_be_visible()
    page.locator("#step-s1 [data-grip]").drag_to(page.locator("#step-s2"), target_position={"x": 60, "y": 8})
    expect(page.locator("#sop-fault")).to_have_count(0)
    # A click on the drawing leads to the card.
    page.locator("[data-flow-step='s2']").click()
    expect(page.locator("[name='s.s2.title.zh']")).to_be_focused()
    saved(page)
    page.get_by_role("link", name="Done: make a version").click()
    page.click("#make-version")
    expect(page.locator(".sop-state.is-waiting").first).to_be_visible()
    page.locator(".sop-versions a").first.click()
    page.click("#accept-version")
    expect(page.locator(".sop-state.is-accepted").first).to_be_visible()
    no_faults(page, ".office")


def test_two_leads_at_once(open_page: Open) -> None:
    page = open_page("ann", "/admin/sops/")
    page.get_by_role("link", name="Negative reviews").click()
    page.click("#edit-sop")
    second = open_page("ann", urlsplit(page.url).path)
    page.fill("[name='title.en']", "Bad reviews")
    saved(page)
    second.fill("[name='title.en']", "Poor reviews")
    expect(second.locator("#sop-conflict")).to_contain_text("Two people write here")
    expect(second.locator("#sop-conflict ins")).to_contain_text("Poor")
    expect(second.locator("[name='title.en']")).to_have_value("Poor reviews")
    second.get_by_role("button", name="Go on with yours").click()
    saved(second)
    expect(second.locator("#sop-conflict")).to_be_empty()
    page.reload()
    expect(page.locator("[name='title.en']")).to_have_value("Poor reviews")
    page.fill("[name='title.en']", "Negative reviews")
    saved(page)


def test_an_agent_runs_an_sop_and_a_colleague_sees_it(open_page: Open, buyer_writes: Write) -> None:
    number = buyer_writes("lumi", "SOP Sue", "The cap of my bottle is broken.")
    bo, ann = open_page("bo", f"/desk/lumi/{number}/"), open_page("ann", f"/desk/lumi/{number}/")
    bo.locator("#sop-offers").get_by_role("button", name="Something is wrong with the product").click()
    expect(bo.locator(".sop-step h4")).to_have_text("Apologise and ask what happened")
    expect(ann.locator(".sop-step h4")).to_have_text("Apologise and ask what happened")
    bo.locator("#sop").get_by_role("button", name="It is sent").click()
    expect(bo.locator("#sop .refusal")).to_contain_text("Nothing was sent to the buyer")
    bo.locator("body").press("p")
    bo.locator("[data-sop-words]").first.click()
    expect(bo.locator("#body")).to_have_value(
        "Hello SOP Sue, I am very sorry that the product let you down. Could you send me a photo or a short video of"
        " what is wrong? I will put it right at once."
    )
    bo.keyboard.press("Control+Enter")
    expect(bo.locator("#messages .message-agent .message-body")).to_contain_text("Hello SOP Sue")
    bo.locator("#sop").get_by_role("button", name="It is sent").click()
    # No picture: the check has decided by itself, and it waits.
    expect(bo.locator(".sop-step h4")).to_have_text("Wait for the picture")
    no_faults(bo, "#sop")
    bo.locator("#sop .sop-step .sop-why summary").click()
    bo.locator("#sop .sop-step .sop-why button").click()
    expect(bo.locator("#sop .sop-step .refusal")).to_contain_text("Say why")
    bo.locator("#sop .sop-step .sop-why textarea").fill("It came by e-mail")
    bo.locator("#sop .sop-step .sop-why textarea").press("Control+Enter")
    expect(bo.locator(".sop-step h4")).to_have_text("How serious is it?")
    expect(ann.locator(".sop-step h4")).to_have_text("How serious is it?")
    bo.locator("#sop").get_by_role("button", name="A small flaw").click()
    expect(bo.locator("#sop [aria-invalid]")).to_be_focused()
    bo.keyboard.type("The cap is cracked")
    bo.locator("#sop").get_by_role("button", name="A small flaw").click()
    expect(bo.locator(".sop-step h4")).to_have_text("Offer two options (small flaw)")
    ann.locator("#sop-behind summary").click()
    expect(ann.locator(".sop-behind")).to_contain_text("It came by e-mail")
    expect(ann.locator(".sop-behind")).to_contain_text("The cap is cracked")
    # Counted, and the figure opens the ticket.
    admin = open_page("ann", "/admin/sops/")
    admin.get_by_role("link", name="Something is wrong with the product").click()
    expect(admin.locator("#sop-adherence")).to_contain_text("Lumi Beauty")
    admin.locator("#sop-adherence summary", has_text="Lumi Beauty").locator("a").first.click()
    expect(admin.locator("main")).to_contain_text("SOP Sue")


def test_a_seller_accepts_with_one_tap(open_page: Open) -> None:
    qi = open_page("qi", "/")
    qi.click("#to-sops")
    expect(qi.locator(".seller-asked")).to_contain_text("The size does not fit")
    expect(qi.locator(".seller-asked ins").last).to_contain_text("postage")
    no_faults(qi, "main")
    qi.get_by_role("button", name="Accept").click()
    expect(qi.locator(".saved")).to_contain_text("Accepted")
    expect(qi.locator("main")).to_contain_text("Nothing waits for you")
    assert "Ann Li" not in qi.content()
