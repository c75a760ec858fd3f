"""A real deployment with the demo agency, and a real browser for each person.

All of it goes with the last test of this folder: what came after would wait for its processors.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from config.embedded import Servers
from tests import servers as shared
from tests.browser.looks import Look, window
from tests.deployment import Deployment, deployed

DATABASE = "deskfleet_browser"
PASSWORD = "Deskfleet-demo-1"
HOSTS = {"qi": "qinghe.localhost", "operator": "localhost"}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium where there is one, else playwright's own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    return {**browser_type_launch_args, "args": quiet, **({"executable_path": found} if found else {})}


@pytest.fixture(scope="package")
def browser(browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """Playwright leaves an event loop in the thread, beside which Django refuses to query: it is ended here."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**browser_type_launch_args)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Web and clock over a database of their own, with the demo in it."""
    with psycopg.connect(shared.DATABASE_URL, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {DATABASE}")
    own = Servers(urlsplit(shared.DATABASE_URL)._replace(path=f"/{DATABASE}").geturl(), shared.REDIS_URL)
    with deployed(own, tmp_path_factory.mktemp("deployment")) as made:
        made.run("manage.py", "demo")
        made.start_web()
        made.start("manage.py", "clock")
        yield made


@pytest.fixture(scope="package")
def api(deployment: Deployment) -> Iterator[httpx.Client]:
    """The API with a token that writes, acting for Ann."""
    printed = deployment.run("manage.py", "api_token", "ann@north.example", "--agency", "north", "--scope", "write")
    with deployment.client(printed.split()[0]) as client:
        yield client


Write = Callable[..., int]


@pytest.fixture(scope="package")
def buyer_writes(api: httpx.Client) -> Write:
    """buyer_writes(store, buyer, text): the ticket's number."""
    count = iter(range(10**6))

    def write(store: str, buyer: str, text: str) -> int:
        customer = {"id": f"browser-{buyer}", "name": buyer}
        body = {"external_id": f"browser-{next(count)}", "customer": customer, "text": text}
        answer = api.post(f"/api/v1/stores/{store}/messages/", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["ticket"])

    return write


Open = Callable[..., Page]


@pytest.fixture(scope="package")
def signed_in() -> dict[str, Any]:
    """Who has signed in already, with the cookies that they were given."""
    return {}


@pytest.fixture
def open_page(browser: Browser, deployment: Deployment, signed_in: dict[str, Any]) -> Iterator[Open]:
    """open_page(who, path, lang=): a page of their own browser, signed in. `who` works for North, or is an address.

    With `look`, in that scheme and width. No error may be logged in it.
    """
    contexts = []
    errors: list[str] = []

    def opened(who: str | None, path: str = "/", *, lang: str = "en", host: str = "", look: Look | None = None) -> Page:
        host = host or HOSTS.get(who or "", "north.localhost")
        options = window(look) if look else {"viewport": {"width": 1440, "height": 900}}
        context = browser.new_context(storage_state=signed_in.get(f"{who} {host}") if who else None, **options)
        contexts.append(context)
        language = {"zh": "zh-hans", "en": "en"}[lang]
        context.add_cookies([{"name": "language", "value": language, "url": deployment.address(host)}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        if who and f"{who} {host}" not in signed_in:
            page.goto(deployment.address(host, "/accounts/login/"))
            page.fill("input[name=login]", who if "@" in who else f"{who}@north.example")
            page.fill("input[name=password]", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(deployment.address(host))
            signed_in[f"{who} {host}"] = context.storage_state()
        page.goto(deployment.address(host, path))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
