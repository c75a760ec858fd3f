"""Which pages may hold a store's widget, as `frame-ancestors` says it to browsers. Pure: no database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

_PORTS: Final = {"http": 80, "https": 443}


def may_hold(page: str, sites: Sequence[str], *, own_host: str) -> bool:
    """Whether this page is of the store's own host or of one of its sites.

    Of what is no address of a web page (nothing was said, a file, a frame without one) the browser is the judge.
    """
    try:
        asked = urlsplit(page)
        if asked.scheme not in _PORTS or not asked.hostname or asked.hostname == own_host:
            return True
        return any(_is_of(asked, urlsplit(site)) for site in sites)
    except ValueError:  # a port that is no number
        return False


def _is_of(page: SplitResult, site: SplitResult) -> bool:
    """As CSP compares: a site of http stands for https too, and `*.` for any number of names before."""
    if page.scheme != site.scheme and (page.scheme, site.scheme) != ("https", "http"):
        return False
    host, named = page.hostname or "", site.hostname or ""
    if not (host.endswith(named[1:]) if named.startswith("*.") else host == named):
        return False
    ports = page.port or _PORTS[page.scheme], site.port or _PORTS[site.scheme]
    return ports[0] == ports[1] or ports == (443, 80)
