"""What a page must be in both languages, schemes and widths: free of axe violations, and no wider than its window."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page, ViewportSize

SHOTS = Path(".data") / "pages"  # `LOOKS=shots pytest tests/browser`: looked at before a release

Scheme = Literal["light", "dark"]
Look = tuple[Scheme, int]
# Of language, scheme and width each pair is looked at; all eight at once found nothing more, and took twice as long.
LOOKS: dict[str, tuple[Look, Look]] = {
    "en": (("light", 1440), ("dark", 360)),
    "zh": (("dark", 1440), ("light", 360)),
}
# Nothing is fetched beforehand: of what the rules ask, nothing is in other origins' styles or in films.
_OPTIONS = json.dumps({"resultTypes": ["violations"], "preload": False})


def no_faults(page: Page, within: str = "", told: str = "") -> None:
    """Fails with axe's report. `within` is a selector, `told` says which of several looks it was."""
    page.evaluate(AXE_SCRIPT)
    asked = f"axe.run({json.dumps(within or None)} ?? document, {_OPTIONS})"
    found = AxeResults(page.evaluate(f"{asked}.then(({{ violations }}) => ({{ violations }}))"))
    assert found.violations_count == 0, f"{told} {found.generate_report()}"


def shot(page: Page, name: str) -> None:
    """A picture for people, where one was asked for."""
    if os.environ.get("LOOKS") == "shots":
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png")


def window(look: Look) -> dict[str, Any]:
    """Of a new browser context, to be opened in that look."""
    scheme, width = look
    return {"color_scheme": scheme, "reduced_motion": "reduce", "viewport": _size(width)}


def turned(page: Page, look: Look) -> None:
    """The page, loaded anew as this scheme and width have it."""
    scheme, width = look
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size(_size(width))
    page.reload(wait_until="load")


def _size(width: int) -> ViewportSize:
    return {"width": width, "height": 740 if width < 500 else 900}


def looks_well(page: Page, name: str, lang: str, drawn: Callable[[Page], Any] = lambda page: None) -> None:
    """In all looks of this language; the page was opened in the first. `drawn` waits until it is whole."""
    assert page.evaluate("document.documentElement.lang").startswith(lang)
    for look in LOOKS[lang]:
        if look != LOOKS[lang][0]:
            turned(page, look)
        drawn(page)
        told = f"{name} {lang} {look[0]} {look[1]}"
        shot(page, told.replace(" ", "-"))
        no_faults(page, told=told)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{told}: the page scrolls sideways"
