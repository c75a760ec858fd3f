"""Every page in both languages, schemes and widths, by pairs: free of axe violations, and light."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.looks import LOOKS, looks_well

MOST_BYTES = 150 * 1024  # of a page without its pictures, as it travels

PAGES = {
    "sign-in": (None, "/accounts/login/", ""),
    "sign-in-store": (None, "/accounts/login/", "qinghe.localhost"),
    "reset": (None, "/accounts/password/reset/", ""),
    "desk": ("ann", "/", ""),
    "conversation": ("bo", "/desk/qinghe/3/", ""),
    "closed": ("ann", "/desk/northwind/1/", ""),
    "nothing-found": ("ann", "/?q=zzzz-nothing", ""),
    "not-yours": ("mei", "/desk/northwind/1/", ""),
    "widgets": ("ann", "/settings/chat/", ""),
    "widget-settings": ("ann", "/settings/chat/qinghe/", ""),
    "seller": ("qi", "/desk/qinghe/3/", ""),
    "operator": ("operator", "/", ""),
    "numbers": ("qi", "/numbers/?period=7", ""),
    "help": (None, "/help/", "northwind.localhost"),
    "help-found": (None, "/help/?q=%E9%80%80%E6%AC%BE", "qinghe.localhost"),
    "library": ("qi", "/library/", ""),
    "articles": ("ann", "/admin/articles/", ""),
    "articles-import": ("ann", "/admin/articles/import/", ""),
    "corrections": ("ann", "/admin/corrections/", ""),
    "scores": ("ann", "/admin/scores/", ""),
    "score": ("ann", "/admin/scores/2/?policy=tmall_mean", ""),
    "policies": ("ann", "/admin/policies/", ""),
    "time-rules": ("ann", "/admin/time-rules/", ""),
    "time-rule": ("ann", "/admin/time-rules/new/", ""),
    "roster": ("ann", "/admin/roster/", ""),
    "roster-mine": ("bo", "/admin/roster/mine/", ""),
    "coverage": ("ann", "/admin/coverage/", ""),
    "skills": ("ann", "/admin/skills/", ""),
    "certification": ("ann", "/admin/certification/", ""),
    "exam": ("ann", "/admin/certification/1/", ""),
    "exam-questions": ("ann", "/admin/certification/1/questions/", ""),
    "exam-question": ("ann", "/admin/certification/1/questions/2/", ""),
    "my-exams": ("mei", "/admin/exams/", ""),
    "exam-result": ("mei", "/admin/exams/sittings/2/", ""),
    "triage": ("ann", "/admin/triage/", ""),
    "giving": ("ann", "/admin/routing/", ""),
    "giving-rule": ("ann", "/admin/routing/rules/new/", ""),
    "dry-run": ("ann", "/admin/routing/dry-run/", ""),
    "live-events": ("ann", "/admin/events/", ""),
    "live-event": ("ann", "/admin/events/new/", ""),
    "sellers-scores": ("qi", "/scores/", ""),
    "sellers-events": ("qi", "/events/", ""),
}


@pytest.mark.parametrize("lang", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_page(open_page: Open, name: str, lang: str) -> None:
    who, path, host = PAGES[name]
    looks_well(open_page(who, path, lang=lang, host=host, look=LOOKS[lang][0]), name, lang)


def test_page_is_light(open_page: Open) -> None:
    page = open_page("ann", "/desk/qinghe/3/")
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate(
        "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
        ".filter(e => e.initiatorType !== 'img').map(e => e.encodedBodySize || 0)"
    )
    outside = page.evaluate(
        "performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin))"
    )
    assert sum(sizes) < MOST_BYTES
    assert outside == []


def test_api_describes_itself_in_the_browser(open_page: Open) -> None:
    page = open_page(None, "/api/docs/")
    expect(page.locator(".opblock", has_text="/outgoing/").first).to_be_visible()
