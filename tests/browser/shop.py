"""A shop's own server, on another origin than the store's host, with the widget in its pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Quiet(SimpleHTTPRequestHandler):
    """Its pages under `strict` allow nothing that they don't need."""

    def __init__(self, *arguments: Any, policy: str, **options: Any) -> None:
        self.policy = policy
        super().__init__(*arguments, **options)

    def end_headers(self) -> None:
        if "strict" in self.path:
            self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@dataclass(frozen=True)
class Shop:
    """`address` is the site that a store's list must name; `origin` the store's host."""

    address: str
    origin: str
    pages: Path

    def write(self, name: str, key: str) -> None:
        """A page `/<name>.html`, whose last two letters are its language, with the script tag in it."""
        script = f'<script src="{self.origin}/static/widget/deskfleet.js" data-key="{key}" async></script>'
        text = f'<!doctype html><html lang="{name[-2:]}"><title>Shop</title><main><h1>Shop</h1></main>{script}</html>'
        (self.pages / f"{name}.html").write_text(text, encoding="utf-8")


@contextmanager
def served(pages: Path, origin: str) -> Iterator[Shop]:
    """Answers until it is left."""
    policy = f"default-src 'none'; script-src {origin}; frame-src {origin}"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(pages), policy=policy))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Shop(f"http://shop.localhost:{server.server_port}", origin, pages)
    finally:
        server.shutdown()
        server.server_close()
