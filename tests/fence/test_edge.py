"""Hosts, cookies and private pages as the real server and a deployment behind HTTPS show them (H01, H03, H05, H09)."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection

from config.databases import app_address
from tests.cast import NORTH_HOST, PASSWORD, Cast
from tests.deployment import ROOT
from tests.fence.conftest import Real
from tests.fence.tally import Tally
from tests.fence.web import serving
from tests.scenes import in_a_thread
from tests.servers import DATABASE_URL
from tests.test_isolation import ROWS, SEES, ask, files, session_of  # noqa: F401  # fixtures

P, Q = "store-p.localhost", "store-q.localhost"
PATH = "/api/v1/stores/"
NOBODY: set[str] = set()
# Request line and headers → the stores that are shown, or nothing at all.
VARIANTS: dict[str, tuple[str, list[str], set[str]]] = {
    "plain": (PATH, [f"Host: {P}"], {"store-p"}),
    "port": (PATH, [f"Host: {P}:9999"], {"store-p"}),
    "case": (PATH, ["hOsT: STORE-P.LocalHost"], {"store-p"}),
    "trailing dot": (PATH, [f"Host: {P}."], {"store-p"}),
    "www": (PATH, [f"Host: www.{P}"], NOBODY),
    "two hosts": (PATH, [f"Host: {P}", f"Host: {Q}"], NOBODY),
    "two hosts, the other way": (PATH, [f"Host: {Q}", f"Host: {P}"], NOBODY),
    "twice the same": (PATH, [f"Host: {P}", f"Host: {P}"], NOBODY),
    "a list": (PATH, [f"Host: {P}, {Q}"], NOBODY),
    "no host": (PATH, [], NOBODY),
    "empty host": (PATH, ["Host:"], NOBODY),
    "a person": (PATH, [f"Host: x@{P}"], NOBODY),
    "absolute address": (f"http://{Q}{PATH}", [f"Host: {P}"], {"store-p"}),
    "absolute address, no host": (f"http://{Q}{PATH}", [], NOBODY),
    "absolute address of nobody": (f"http://nobody.localhost{PATH}", [f"Host: {P}"], {"store-p"}),
    "forwarded host": (PATH, [f"Host: {P}", f"X-Forwarded-Host: {Q}"], {"store-p"}),
    "forwarded host, underscores": (PATH, [f"Host: {P}", f"X_Forwarded_Host: {Q}"], {"store-p"}),
    "host, underscores": (PATH, ["Host: nobody.localhost", f"HTTP_HOST: {Q}"], NOBODY),
    "forwarded": (PATH, [f"Host: {P}", f"Forwarded: host={Q}"], {"store-p"}),
    "forwarded, to nobody": (PATH, ["Host: nobody.localhost", f"X-Forwarded-Host: {P}"], NOBODY),
    "folded": (PATH, [f"Host: {P}", f" {Q}"], NOBODY),
    "space before the colon": (PATH, [f"Host : {P}"], NOBODY),
}


def raw(port: int, line: str, headers: list[str]) -> tuple[int, bytes]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        one.sendall("\r\n".join([f"GET {line} HTTP/1.1", *headers, "Connection: close", "", ""]).encode())
        told = b""
        while part := one.recv(65536):
            told += part
    status = re.match(rb"HTTP/1.1 (\d+)", told)
    return int(status.group(1)) if status else 0, told.partition(b"\r\n\r\n")[2]


def test_host_variants_on_the_real_server(real: Real) -> None:
    with serving() as port, Tally("H01 variants of a host on the real server") as tally:
        for name, (line, headers, expected) in VARIANTS.items():
            status, body = raw(port, line, [*headers, f"Authorization: Bearer {real.tokens[P]}"])
            shown = {store["slug"] for store in json.loads(body)} if status == 200 else set()
            tally.that(shown <= expected and (shown == expected or status in (400, 404)), f"{name}: {status} {shown}")
            tally.that(status == 200 or status in (400, 404), f"{name}: {status}")


def test_session_that_is_carried_to_another_host(real: Real) -> None:
    """On the real server, with every session on every host: its own alone opens the desk."""
    with serving() as port, Tally("H05 sessions on other hosts") as tally:
        for made_on in real.sees:
            for shown_on in sorted(real.sees, key=lambda host: host != made_on):
                headers = [f"Host: {shown_on}", f"Cookie: session={real.sessions[made_on]}"]
                status, body = raw(port, "/desk/queue/", headers)
                tally.that((status == 200) == (made_on == shown_on), f"{made_on} on {shown_on}: {status}")
                tally.that(made_on == shown_on or b"CANARY" not in body, f"{made_on} on {shown_on} shows rows")
                if made_on != shown_on:
                    break  # that was its end
            status, _body = raw(port, "/desk/queue/", [f"Host: {made_on}", f"Cookie: session={real.sessions[made_on]}"])
            tally.that(status == 302, f"a session of {made_on} outlived being carried away")


COOKIES = f"""
import json, django
from django.conf import settings
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
django.setup()
from django.test import Client
told = {{}}
for host, who in (("north.localhost", "ann"), ("store-a.localhost", "di"), ("localhost", "op")):
    client = Client(headers={{"host": host, "x-forwarded-proto": "https"}})
    form = {{"login": who + "@example.com", "password": {PASSWORD!r}}}
    answer = client.post("/accounts/login/", form)
    client.get("/accounts/password/reset/")
    client.post("/language/", {{"language": "en"}})
    told[host] = [answer.status_code, {{k: dict(c) for k, c in client.cookies.items()}}]
print(json.dumps(told))
"""


def test_cookies_behind_https(cast: Cast) -> None:
    """H03, in a process with HTTPS=1, where settings are read anew."""
    database = urlsplit(DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    # The login's password came of another SECRET_KEY.
    urls = {"DATABASE_URL": database, "APP_DATABASE_URL": app_address(database, settings.SECRET_KEY)}
    more = {"HTTPS": "1", "SECRET_KEY": "k" * 60, "DEBUG": "0", "LOG_LEVEL": "ERROR", **urls}
    done = subprocess.run(
        [sys.executable, "-c", COOKIES],
        cwd=ROOT,
        env={**os.environ, **more, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with Tally("H03 cookies behind HTTPS") as tally:
        for host, (status, cookies) in json.loads(done.stdout).items():
            tally.that(status == 302, f"nobody signed in at {host}: {status}")
            assert {"__Host-session", "__Host-csrf"} <= cookies.keys(), cookies.keys()
            for name, cookie in cookies.items():
                is_own = not cookie["domain"] and cookie["path"] == "/"
                tally.that(is_own and cookie["samesite"] in ("Lax", "Strict"), f"{name} at {host}: {cookie}")
                tally.that(bool(cookie["secure"]) or name == "language", f"{name} at {host} is not secure")
            tally.that(bool(cookies["__Host-session"]["httponly"]), "scripts read the session")
    in_a_thread(lambda: Session.objects.all().delete())


@pytest.mark.parametrize("who", ["ann", "di", "anonymous"])
def test_private_answers_are_kept_by_nobody(cast: Cast, ask: object, who: str) -> None:  # noqa: F811
    """H09: every GET of the table, allowed, denied and missing."""
    with Tally(f"H09 answers to {who}") as tally:
        for host in {NORTH_HOST, *(host for person, host in SEES if person == who)}:
            for name, row in ROWS.items():
                for slug in ("store-a", "store-c", "no-such-store"):
                    if row.method == "get":
                        answer = ask(row, who, host, slug)
                        kept = answer.headers.get("Cache-Control", "")
                        tally.that("no-store" in kept or "private" in kept, f"{name} at {host}: {kept!r}")
