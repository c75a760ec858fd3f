"""Which pages may hold a widget: as browsers read `frame-ancestors`."""

from __future__ import annotations

import pytest

from tickets.chat.sites import may_hold


@pytest.mark.parametrize(
    ("site", "page", "may"),
    [
        ("https://shop.example", "https://shop.example/a?b", True),
        ("https://shop.example", "https://SHOP.example:443", True),
        ("https://shop.example", "http://shop.example/", False),
        ("https://shop.example", "https://shop.example:8443/", False),
        ("https://shop.example", "https://www.shop.example/", False),
        ("https://shop.example", "https://shop.example.evil.example/", False),
        ("https://shop.example", "https://evil.example/https://shop.example", False),
        ("https://shop.example", "https://shop.example@evil.example/", False),
        ("https://*.shop.example", "https://www.shop.example/", True),
        ("https://*.shop.example", "https://a.b.shop.example/", True),
        ("https://*.shop.example", "https://shop.example/", False),
        ("https://*.shop.example", "https://evilshop.example/", False),
        ("http://shop.example", "https://shop.example/", True),
        ("http://localhost:3000", "http://localhost:3000/", True),
        ("http://localhost:3000", "http://localhost:3001/", False),
        ("https://xn--fiqs8s.example", "https://xn--fiqs8s.example/", True),
        ("https://shop.example", "https://own.example:1/chat/try/", True),
        ("https://shop.example", "https://shop.example:x/", False),
        ("https://shop.example", "", True),
        ("https://shop.example", "file:///home/a.html", True),
        ("https://shop.example", "about:srcdoc", True),
    ],
)
def test_page_and_site(site: str, page: str, may: bool) -> None:
    assert may_hold(page, [site], own_host="own.example") is may


def test_without_sites_there_is_the_own_host() -> None:
    assert may_hold("https://own.example/", [], own_host="own.example")
    assert not may_hold("https://shop.example/", [], own_host="own.example")
