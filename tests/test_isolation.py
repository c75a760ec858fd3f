"""Who may do what, where: every route × every person × every host, with the answer that each must get.

A route without a row fails the suite. What is denied looks exactly like a store that does not exist, changes nothing
in any store, and bears no other store's canary.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver

from tenants.actions.issue_token import issue_token
from tenants.context import in_store
from tenants.hosts import SESSION_HOST
from tenants.live import announce
from tenants.models import ApiToken, Store, User
from tests.cast import NOON, NORTH_HOST, PNG, SOUTH_HOST, Cast, canary
from tests.conftest import SignIn
from tests.scenes import in_a_thread, snapshot
from tests.sockets import Socket
from tickets.actions.attach import attach
from tickets.actions.note import add_note
from tickets.actions.set_widget import open_widget
from tickets.incoming import Upload
from tickets.live import consumers
from tickets.live.routing import socket_urls
from tickets.models import Attachment, ChatWidget, Message, Ticket

A_HOST, B_HOST, C_HOST = "store-a.localhost", "store-b.localhost", "store-c.localhost"
OPERATOR_HOST, UNKNOWN_HOST = "localhost", "nobody.localhost"
HOSTS = (NORTH_HOST, SOUTH_HOST, A_HOST, B_HOST)
PEOPLE = ("ann", "bo", "cy", "di")
NOWHERE = "no-such-store"
# The stores that are asked for at each host: its own, and some that are not.
ASKED = {
    NORTH_HOST: ("store-a", "store-b", "store-c"),
    SOUTH_HOST: ("store-a", "store-c"),
    A_HOST: ("store-a", "store-b"),
    B_HOST: ("store-a", "store-b"),
}
STORES = ("store-a", "store-b", "store-c")

# Who sees which stores, by host. Whatever is not here is nothing.
SEES: dict[tuple[str, str], set[str]] = {
    ("ann", NORTH_HOST): {"store-a", "store-b"},
    ("ann", A_HOST): {"store-a"},
    ("ann", B_HOST): {"store-b"},
    ("bo", NORTH_HOST): {"store-a"},
    ("bo", A_HOST): {"store-a"},
    ("cy", SOUTH_HOST): {"store-c"},
    ("di", A_HOST): {"store-a"},
}
# The hosts at which a person's token is known at all: elsewhere it is as good as none.
TOKEN_KNOWN = {"ann": {NORTH_HOST, A_HOST, B_HOST}, "bo": {NORTH_HOST, A_HOST, B_HOST}, "cy": {SOUTH_HOST}}
TOKEN_KNOWN["di"] = {NORTH_HOST, A_HOST}


@dataclass(frozen=True)
class Row:
    """One route: how it is called, and what those who see the store are answered."""

    method: str
    path: str
    answers: dict[str, int | set[int]]
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def of_a_store(self) -> bool:
        return "{store}" in self.path


def everybody(status: int | set[int]) -> dict[str, int | set[int]]:
    return dict.fromkeys(PEOPLE, status)


def agency_only(status: int | set[int]) -> dict[str, int | set[int]]:
    return everybody(status) | {"di": 403}


def leads_only(status: int | set[int]) -> dict[str, int | set[int]]:
    return agency_only(status) | {"bo": 403}


def configurers(status: int | set[int]) -> dict[str, int | set[int]]:
    return everybody(status) | {"bo": 403}


TICKET, API = "/desk/{store}/1/", "/api/v1/stores/{store}/"
API_TICKET = API + "tickets/1/"
REPLY = {"body": "isolation", "client_key": "iso-1", "seen_seq": "99"}
NOBODY = {"assignee": "999999999", "client_key": "iso-4", "note": "isolation", "line": "isolation"}
CORRECTION = {"language": "en", "after": "isolation", "reason": "isolation"}
NOTE = {"body": "isolation", "client_key": "iso-2"}
KEEP = {"title": "isolation", "body": "isolation", "language": "en"}
INCOMING = {"external_id": "iso-3", "customer": {"id": "iso"}, "text": "isolation"}

ROWS: dict[str, Row] = {
    # the desk
    "desk": Row("get", "/", everybody(200)),
    "queue": Row("get", "/desk/queue/", everybody(200)),
    "ticket": Row("get", TICKET, everybody(200)),
    "messages": Row("get", TICKET + "messages/", everybody(200)),
    "attachment": Row("get", "/files/{store}/{file}/", everybody(200)),
    "reply": Row("post", TICKET + "reply/", everybody(302), REPLY),
    "resend": Row("post", TICKET + "messages/2/resend/", everybody(302)),
    "note": Row("post", TICKET + "note/", agency_only(302), NOTE),
    "assign": Row("post", TICKET + "assign/", agency_only(302), {"assignee": ""}),
    "categorise": Row("post", TICKET + "category/", agency_only(302), {"category": "size"}),
    "say_mood": Row("post", TICKET + "mood/", agency_only(302), {"mood": "unhappy"}),
    "transfer": Row("post", TICKET + "transfer/", agency_only(400), NOBODY),
    "transfer_form": Row("get", TICKET + "transfer/form/", agency_only(200)),
    "replies": Row("get", "/desk/{store}/replies/", agency_only(200)),
    "reply_keep": Row("post", "/desk/{store}/replies/keep/", agency_only(302), KEEP),
    "reply_draft": Row("post", TICKET + "replies/draft/", agency_only(200), {"body": "isolation"}),
    "reply_filled": Row("get", TICKET + "replies/1/", agency_only(404)),  # found ones: tests/tickets/test_replies.py
    "order": Row("post", "/desk/order/", everybody(302), {"order": "time"}),
    "why_here": Row("get", TICKET + "why/", everybody(200)),
    "presence": Row("post", "/desk/presence/", everybody(302), {"status": "away"}),
    # articles beside it: of those that the stores run there are none here, and what there is has its own scenes
    "knowledge_pane": Row("get", TICKET + "knowledge/", everybody(200)),
    "knowledge_article": Row("get", TICKET + "knowledge/1/", everybody(404)),
    "knowledge_correct": Row("post", TICKET + "knowledge/1/correct/", everybody(404), CORRECTION),
    # settings
    "chat_widgets": Row("get", "/settings/chat/", configurers(200)),
    "chat_widget": Row("get", "/settings/chat/{store}/", configurers(200)),
    "chat_widget_renew": Row("post", "/settings/chat/{store}/renew/", configurers(302)),
    "close": Row("post", TICKET + "close/", everybody(302), {"seen_seq": "99"}),
    "snooze": Row("post", TICKET + "snooze/", agency_only(302), {"until": "1h"}),
    "reopen": Row("post", TICKET + "reopen/", everybody(302)),
    # SOPs on a ticket
    "sop_pane": Row("get", TICKET + "sop/", agency_only(200)),
    "sop_start": Row("post", TICKET + "sop/start/", agency_only(404), {"item": "1"}),
    "sop_do": Row("post", TICKET + "sop/do/", agency_only(404), {"run": "1", "step": "a"}),
    "sop_skip": Row("post", TICKET + "sop/skip/", agency_only(404), {"run": "1", "step": "a", "reason": "isolation"}),
    "sop_stop": Row("post", TICKET + "sop/stop/", agency_only(404), {"run": "1", "reason": "isolation"}),
    "sop_tickets": Row("get", "/desk/{store}/sops/1/?what=started", agency_only(200)),
    # the API
    "api_stores": Row("get", "/api/v1/stores/", everybody(200)),
    "api_queue": Row("get", "/api/v1/queue/", everybody(200)),
    "api_receive": Row("post", API + "messages/", leads_only({200, 201}), INCOMING),
    "api_outgoing": Row("get", API + "outgoing/", leads_only(200)),
    "api_delivery": Row("post", API + "messages/2/delivery/", leads_only(200), {"state": "read"}),
    "api_attachment": Row("get", API + "attachments/{file}/", everybody(200)),
    "api_tickets": Row("get", API + "tickets/", everybody(200)),
    "api_ticket": Row("get", API_TICKET, everybody(200)),
    "api_messages": Row("get", API_TICKET + "messages/", everybody(200)),
    "api_reply": Row("post", API_TICKET + "reply/", everybody(201), {**REPLY, "seen_seq": 99}),
    "api_note": Row("post", API_TICKET + "notes/", agency_only(201), NOTE),
    "api_assign": Row("post", API_TICKET + "assign/", agency_only(200), {"assignee": None}),
    "api_close": Row("post", API_TICKET + "close/", everybody(200)),
    "api_reports": Row("get", "/api/v1/reports/", configurers(200)),
    "api_reports_now": Row("get", "/api/v1/reports/now/", configurers(200)),
    "api_report_tickets": Row("get", "/api/v1/reports/tickets/", configurers(200)),
    "api_snooze": Row("post", API_TICKET + "snooze/", agency_only(200), {"until": None}),
    "api_reopen": Row("post", API_TICKET + "reopen/", everybody(200)),
}

# Open to everybody on every host, or on the host named; they know no store. Their own tests are beside them.
WITHOUT_A_STORE = {
    "set_language": {405},
    "account_login": {200, 302},
    "account_logout": {200, 302},
    "account_reset_password": {200, 302},
    "account_reset_password_done": {200},
    "account_reset_password_from_key": {200, 302},
    "account_reset_password_from_key_done": {200},
    "account_inactive": {200},
    "account_signup": {200, 302},
    "api_schema": {200},
    "api_docs": {200},
}
# On a store's host, for everybody, without a session: each knows that store alone. Answers there, without a secret.
BUYERS = {
    "chat_frame": ("get", "/chat/?key={key}", 200),
    "chat_try": ("get", "/chat/try/", 200),
    "chat_frames": ("post", "/chat/frames/", 400),
    "chat_file": ("get", "/chat/files/{file}/", 404),
    "help_centre": ("get", "/help/", 200),
    "help_article": ("get", "/help/1/", 404),
}
# The library's own, each with its scenes in tests/knowledge.
LIBRARY = {"picture", "add_picture"}
# A seller's numbers, on the store's host; their scenes are in tests/reports.
NUMBERS = {"numbers", "numbers_now", "numbers_tickets", "numbers_file"}
# A seller's score, on the store's host; scenes in tests/score/test_seller_pages.py.
SCORES = {"seller_score", "seller_evidence"}
# Their store's live events; scenes in tests/events/test_seller_page.py.
EVENTS = {"seller_events"}
# The sellers' own, on a store's host: SOPs, and the articles of the store; scenes in tests/knowledge and tests/admin.
SELLERS = {"sop_inbox", "sop_of_store", "sop_answer", "seller_articles", "seller_article", "seller_correct"}
OPERATORS = {"fleet", "store_suspend", "store_resume"}


# ---------------------------------------------------------------- every route has a row


def named_routes(urlconf: str) -> dict[str, str]:
    """name → pattern, of every route of an urlconf."""
    found: dict[str, str] = {}

    def walk(patterns: list[Any], prefix: str) -> None:
        for item in patterns:
            route = prefix + str(item.pattern)
            if isinstance(item, URLResolver) and item.namespace == "admin":
                continue  # has a table of its own: tests/admin/rows.py
            if isinstance(item, URLResolver):
                walk(item.url_patterns, route)
            elif isinstance(item, URLPattern):
                assert item.name, f"{route} has no name"
                found[item.name] = route

    walk(import_module(urlconf).urlpatterns, "")
    return found


@pytest.mark.parametrize("urlconf", ["config.urls_agency", "config.urls_store", "config.urls_operator"])
def test_every_route_has_a_row(urlconf: str) -> None:
    known = ROWS.keys() | WITHOUT_A_STORE.keys() | LIBRARY | SELLERS
    if urlconf == "config.urls_operator":
        known = WITHOUT_A_STORE.keys() | OPERATORS
    if urlconf == "config.urls_store":
        known |= BUYERS.keys() | NUMBERS | SCORES | EVENTS
    assert named_routes(urlconf).keys() - known == set(), "a route without a row in this table"


def test_every_row_has_a_route() -> None:
    routes = named_routes("config.urls_agency").keys() | named_routes("config.urls_operator").keys()
    assert ROWS.keys() - routes == set()
    assert OPERATORS - routes == set()
    assert BUYERS.keys() <= named_routes("config.urls_store").keys() - named_routes("config.urls_agency").keys()


def test_every_socket_has_a_scene() -> None:
    assert [str(route.pattern) for route in socket_urls] == ["ws/desk/", "ws/chat/"]


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.of_a_store])
def test_rows_with_a_store_are_the_routes_with_a_store(name: str) -> None:
    assert "<slug:store>" in named_routes("config.urls_agency")[name]


# ---------------------------------------------------------------- asking


@pytest.fixture
def files(cast: Cast) -> dict[str, UUID]:
    """Each store's picture, and an id that is nobody's."""
    found = {NOWHERE: UUID(int=1)}
    for store in (cast.a, cast.b, cast.c):
        with in_store(store):
            found[store.slug] = Attachment.objects.get(message__ticket=1).pk
    return found


Ask = Any


@pytest.fixture
def ask(cast: Cast, files: dict[str, UUID], sign_in: SignIn) -> Ask:
    """ask(row, who, host, slug): the answer. `who` is a person, a token's name, or "anonymous"."""
    clients: dict[tuple[str, str, bool], Client] = {}

    def client_of(who: str, host: str, is_api: bool) -> Client:
        if (who, host, is_api) not in clients:
            if is_api:
                headers = {"authorization": f"Bearer {token_of(cast, who)}"} if who != "anonymous" else {}
                client = Client(headers={"host": host, **headers})
            else:
                client = sign_in(getattr(cast, who, None), host)
            client.raise_request_exception = False
            clients[who, host, is_api] = client
        return clients[who, host, is_api]

    def asked(row: Row, who: str, host: str, slug: str = "", **more: Any) -> Any:
        client = client_of(who, host, row.is_api)
        path = row.path.format(store=slug, file=files.get(slug, UUID(int=1)))
        if row.method == "get":
            return client.get(path, more or None)
        if row.is_api:
            return client.post(path, row.body, content_type="application/json")
        return client.post(path, row.body)

    return asked


def token_of(cast: Cast, who: str) -> str:
    """A secret: a person's name, or person-scope, or person-store."""
    name, _dash, kind = who.partition("-")
    if who == "unknown":
        return "dfk_unknown"
    person = getattr(cast, name)
    opens: dict[str, Any] = {"agency": cast.south if name == "cy" else cast.north}
    if name == "di" or kind == "store":
        opens = {"store": cast.a}
    scope = ApiToken.Scope.READ if kind == "read" else ApiToken.Scope.WRITE
    return issue_token(person, name=who, scope=scope, **opens)[1]


def body_of(answer: Any, *names: str) -> bytes:
    """The answer's bytes without what differs between any two requests: the CSRF token and the address asked."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    content = re.sub(rb"[A-Za-z0-9]{64}|[A-Za-z0-9+/_-]{22}==?", b"TOKEN", content)
    for name in names:
        content = content.replace(name.encode(), b"NAME")
    return content


def assert_no_canary(content: bytes, *, but: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    for slug in STORES:
        if slug not in but:
            assert f"CANARY-{slug[-1].upper()}".encode() not in content


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.of_a_store])
def test_route_person_status(cast: Cast, ask: Ask, files: dict[str, UUID], name: str, who: str) -> None:
    row, stores = ROWS[name], (cast.a, cast.b, cast.c)
    for host in HOSTS:
        refused = 401 if row.is_api and host not in TOKEN_KNOWN[who] else 404
        nothing = ask(row, who, host, NOWHERE)
        assert nothing.status_code == refused
        like_nothing = body_of(nothing, NOWHERE, str(files[NOWHERE]))
        before = snapshot(*stores)
        for slug in ASKED[host]:
            answer = ask(row, who, host, slug)
            told = (name, who, host, slug)
            content = body_of(answer, slug, str(files[slug]))
            if slug in SEES.get((who, host), set()):
                allowed = row.answers[who]
                assert answer.status_code in (allowed if isinstance(allowed, set) else {allowed}), told
                if answer.status_code == 403:
                    assert snapshot(*stores) == before, told
                before = snapshot(*stores)
            else:
                assert answer.status_code == refused, told
                assert content == like_nothing, told
            assert_no_canary(content, but=SEES.get((who, host), set()))
            if who == "di":
                assert b"CANARY-NOTE" not in content, told
        assert snapshot(*stores) == before, (name, who, host)


# What can't be read, or names nobody: those who see the store are told so, the others that there is no such store.
BAD: dict[str, tuple[dict[str, Any], ...]] = {
    "reply": ({}, {"client_key": "iso-1", "seen_seq": "x"}),
    "note": ({},),
    "assign": ({"assignee": "999999999"}, {"assignee": "x"}),
    "categorise": ({}, {"category": "weather"}),
    "say_mood": ({}, {"mood": "furious"}, {"mood": "unhappy", "seen_seq": "x"}),
    "transfer": ({}, NOBODY),
    "close": ({"seen_seq": "x"},),
    "api_reply": ({}, {"seen_seq": "x"}),
    "api_note": ({},),
    "api_assign": ({}, {"assignee": "nobody@example.com"}),
    "api_close": ({"seen_seq": "x"},),
}


@pytest.mark.parametrize("name", list(BAD))
def test_gate_comes_before_the_form(cast: Cast, ask: Ask, name: str) -> None:
    before = snapshot(cast.a, cast.b, cast.c)
    for body in BAD[name]:
        row = replace(ROWS[name], body=body)
        assert ask(row, "ann", NORTH_HOST, "store-a").status_code == 400
        for who, host, slug in (("ann", NORTH_HOST, "store-c"), ("bo", NORTH_HOST, "store-b"), ("di", A_HOST, NOWHERE)):
            assert ask(row, who, host, slug).status_code == 404, (who, slug, body)
        if row.answers["di"] == 403:
            assert ask(row, "di", A_HOST, "store-a").status_code == 403, body
    assert snapshot(cast.a, cast.b, cast.c) == before


@pytest.mark.parametrize("name", list(ROWS))
def test_nobody_gets_nothing(cast: Cast, ask: Ask, name: str) -> None:
    row, stores = ROWS[name], (cast.a, cast.b, cast.c)
    before = snapshot(*stores)
    for host in HOSTS:
        for slug in (*STORES, NOWHERE) if row.of_a_store else ("",):
            answer = ask(row, "anonymous", host, slug)
            if row.is_api:
                assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authenticated")
            else:
                assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")
            assert_no_canary(body_of(answer))
    assert snapshot(*stores) == before


@pytest.mark.parametrize("name", list(ROWS))
def test_hosts_without_the_desk_do_not_know_it(cast: Cast, ask: Ask, name: str) -> None:
    row = ROWS[name]
    for who in ("anonymous", "ann", "di"):
        bare = ask(row, who, UNKNOWN_HOST, "store-a")
        assert (bare.status_code, bare.content) == (404, b"Not found")
        if name != "desk":  # its path is the operator's own list there
            assert ask(row, who, OPERATOR_HOST, "store-a").status_code == 404


# What a token changes: (who, host, slug) → the answers of reading, noting and handing in.
TOKENS: dict[tuple[str, str, str], tuple[int, int, int]] = {
    ("ann-read", NORTH_HOST, "store-a"): (200, 403, 403),
    ("ann-read", NORTH_HOST, "store-c"): (404, 404, 404),
    ("bo-read", NORTH_HOST, "store-a"): (200, 403, 403),
    ("bo-read", NORTH_HOST, "store-b"): (404, 404, 404),
    ("ann-store", NORTH_HOST, "store-a"): (200, 201, 201),
    ("ann-store", NORTH_HOST, "store-b"): (404, 404, 404),
    ("ann-store", B_HOST, "store-b"): (401, 401, 401),
    ("bo-store", NORTH_HOST, "store-a"): (200, 201, 403),
    ("bo-store", NORTH_HOST, "store-b"): (404, 404, 404),
    ("di-store", A_HOST, "store-a"): (200, 403, 403),
    ("di-store", NORTH_HOST, "store-a"): (404, 404, 404),
    ("cy", NORTH_HOST, "store-a"): (401, 401, 401),
    ("cy-store", NORTH_HOST, "store-a"): (404, 404, 404),
    ("cy-store", A_HOST, "store-a"): (404, 404, 404),
    ("unknown", NORTH_HOST, "store-a"): (401, 401, 401),
}


@pytest.mark.parametrize(("who", "host", "slug"), list(TOKENS))
def test_token_narrows_its_person(cast: Cast, ask: Ask, who: str, host: str, slug: str) -> None:
    asked = ("api_messages", "api_note", "api_receive")
    for name, expected in zip(asked, TOKENS[who, host, slug], strict=True):
        before = snapshot(cast.a, cast.b, cast.c)
        answer = ask(ROWS[name], who, host, slug)
        assert answer.status_code == expected, name
        if expected >= 400:
            assert snapshot(cast.a, cast.b, cast.c) == before
            assert_no_canary(body_of(answer))


# ---------------------------------------------------------------- lists, counts, search


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("who", PEOPLE)
def test_lists_show_what_one_may_see_and_nothing_else(cast: Cast, ask: Ask, who: str, host: str) -> None:
    sees = SEES.get((who, host), set())
    for name in ("desk", "queue", "api_queue", "api_stores"):
        answer = ask(ROWS[name], who, host)
        if ROWS[name].is_api and host not in TOKEN_KNOWN[who]:
            assert answer.status_code == 401
            continue
        assert answer.status_code == 200
        content = body_of(answer)
        assert_no_canary(content, but=sees)
        assert b"CANARY-NOTE" not in content or who != "di"
        if name == "api_queue":
            assert {row["store"] for row in answer.json()["results"]} == sees
        elif name == "api_stores":
            assert {row["slug"] for row in answer.json()} == sees
        else:
            assert answer.context["queue"].counts["all"] == answer.context["queue"].total == len(sees)
            assert {store.slug for store in answer.context["stores"]} == sees


SEARCHES = ["CANARY-A", "CANARY-B", "CANARY-C", "CANARY", "#1", "1", "same@example.com", "buyer-1", "%", "_", "parcel"]


@pytest.mark.parametrize("text", SEARCHES)
@pytest.mark.parametrize(("who", "host"), list(SEES))
def test_search_finds_only_in_stores_that_one_may_see(cast: Cast, ask: Ask, who: str, host: str, text: str) -> None:
    sees = SEES[who, host]
    expected = {
        slug for slug in sees if text not in {"CANARY-A", "CANARY-B", "CANARY-C"} or text[-1].lower() == slug[-1]
    }
    if text in {"%", "_"}:
        expected = set()  # they stand for themselves
    for name in ("queue", "api_queue"):
        answer = ask(ROWS[name], who, host, q=text)
        rows = answer.json()["results"] if name == "api_queue" else answer.context["queue"].rows
        found = {row["store"] if name == "api_queue" else row.store.slug for row in rows}
        assert found == expected
        assert_no_canary(body_of(answer).replace(text.encode(), b""), but=sees)
        if name == "queue":
            assert answer.context["queue"].total == len(expected)


@pytest.mark.parametrize("slug", ["store-b", "store-c", NOWHERE])
def test_filter_for_a_store_of_others_is_empty_like_one_for_none(cast: Cast, ask: Ask, slug: str) -> None:
    for name in ("queue", "api_queue"):
        answer = ask(ROWS[name], "bo", NORTH_HOST, store=slug, q="parcel")
        assert_no_canary(body_of(answer), but={"store-a"})
        rows = answer.json()["results"] if name == "api_queue" else answer.context["queue"].rows
        assert not rows


def test_seller_finds_nothing_by_the_words_of_a_note(cast: Cast, ask: Ask) -> None:
    for name in ("queue", "api_queue"):
        mine, theirs = (ask(ROWS[name], who, A_HOST, q="CANARY-NOTE") for who in ("di", "bo"))
        count = (lambda a: len(a.json()["results"])) if name == "api_queue" else (lambda a: a.context["queue"].total)
        assert (count(mine), count(theirs)) == (0, 1)


def test_sellers_queue_shows_the_last_line_before_the_note(cast: Cast, ask: Ask) -> None:
    (row,) = ask(ROWS["queue"], "di", A_HOST).context["queue"].rows
    assert (row.last_kind, "Where is my parcel?" in row.last_line) == ("buyer", True)
    (seen_by_bo,) = ask(ROWS["queue"], "bo", A_HOST).context["queue"].rows
    assert "CANARY-NOTE" in seen_by_bo.last_line


def test_seller_gets_no_file_of_a_note_and_no_name_of_the_roster(cast: Cast, ask: Ask, sign_in: SignIn) -> None:
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=1)
        note = add_note(ticket, author=cast.bo, body="see", client_key="n-2", now=ticket.last_message_at)
        file = attach(note, (Upload("CANARY-NOTE.png", PNG),))[0].pk
    assert sign_in(cast.bo, A_HOST).get(f"/files/store-a/{file}/").status_code == 200
    denied = sign_in(cast.di, A_HOST).get(f"/files/store-a/{file}/")
    never = sign_in(cast.di, A_HOST).get(f"/files/store-a/{UUID(int=1)}/")
    assert denied.status_code == never.status_code == 404
    assert body_of(denied, str(file)) == body_of(never, str(UUID(int=1)))
    ask(ROWS["reply"], "bo", A_HOST, "store-a")
    for name in ("ticket", "messages", "queue", "api_ticket", "api_messages", "api_queue"):
        content = body_of(ask(ROWS[name], "di", A_HOST, "store-a")).decode()
        assert "CANARY-NOTE" not in content, name
        assert "bo@example.com" not in content, name
        assert "ann@example.com" not in content, name
        assert not re.search(r"\b(Bo|Ann)\b", content), name
    assert "Lily" in body_of(ask(ROWS["api_messages"], "di", A_HOST, "store-a")).decode()


# ---------------------------------------------------------------- ids of others, inside one's own store


def test_ids_of_another_store_are_nobodys_in_mine(
    cast: Cast, ask: Ask, files: dict[str, UUID], sign_in: SignIn
) -> None:
    client = sign_in(cast.ann)
    assert client.get(f"/files/store-a/{files['store-b']}/").status_code == 404
    assert client.get(f"/files/store-b/{files['store-a']}/").status_code == 404
    assert sign_in(cast.bo).get(f"/files/store-a/{files['store-b']}/").status_code == 404


def test_same_number_is_each_stores_own(cast: Cast, sign_in: SignIn) -> None:
    for store in (cast.a, cast.b):
        page = sign_in(cast.ann).get(f"/desk/{store.slug}/1/messages/").content.decode()
        assert canary(store) in page
        other = cast.b if store == cast.a else cast.a
        assert canary(other) not in page


def test_reply_to_number_one_reaches_one_store(cast: Cast, ask: Ask) -> None:
    before = snapshot(cast.b, cast.c)
    ask(ROWS["reply"], "ann", NORTH_HOST, "store-a")
    assert snapshot(cast.b, cast.c) == before
    with in_store(cast.a):
        assert Message.objects.filter(client_key="iso-1").count() == 1


def test_ticket_is_given_to_nobody_outside(cast: Cast, sign_in: SignIn) -> None:
    before = snapshot(cast.a)
    for person in (cast.cy, cast.di):
        answer = sign_in(cast.ann).post("/desk/store-a/1/assign/", {"assignee": str(person.pk)})
        assert answer.status_code == 400
    assert snapshot(cast.a) == before


def test_resend_goes_by_the_ticket_in_its_address(cast: Cast, sign_in: SignIn) -> None:
    """Message 2 is ticket 1's; under another ticket's number it is not found."""
    assert sign_in(cast.ann).post("/desk/store-a/99/messages/2/resend/").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/files/store-a/../../etc/passwd",
        "/files/store-a/%2e%2e/",
        "/media/x.png",
        "/files/",
        "/desk/store-a/1/../../store-b/1/",
        "/desk/store-a%00/1/",
        "/desk/STORE-A/1/",
        "/metrics",
        "/django-rq/",
        "/api/v1/stores/store-a%2f..%2fstore-b/tickets/1/",
    ],
)
def test_back_doors_do_not_exist(cast: Cast, sign_in: SignIn, path: str) -> None:
    answer = sign_in(cast.bo).get(path)
    assert answer.status_code in {401, 404}
    assert_no_canary(answer.content, but={"store-a"})


def test_file_runs_nothing_and_is_not_kept(cast: Cast, ask: Ask) -> None:
    answer = ask(ROWS["attachment"], "ann", NORTH_HOST, "store-a")
    assert body_of(answer).startswith(b"\x89PNG")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["desk", "queue", "ticket", "messages", "transfer_form", "chat_widget"])
def test_private_pages_are_not_kept(cast: Cast, ask: Ask, name: str) -> None:
    assert "no-store" in ask(ROWS[name], "ann", NORTH_HOST, "store-a")["Cache-Control"]


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.method == "post"])
def test_nothing_is_changed_by_reading(cast: Cast, ask: Ask, name: str) -> None:
    before = snapshot(cast.a)
    assert ask(Row("get", ROWS[name].path, {}), "ann", NORTH_HOST, "store-a").status_code == 405
    assert snapshot(cast.a) == before


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize("who", PEOPLE)
def test_widget_is_set_up_by_those_who_may(cast: Cast, ask: Ask, who: str) -> None:
    row = Row(
        "post", "/settings/chat/{store}/", {}, {"color": "#123456", "position": "left", "sites": f"{who}.example"}
    )
    for host in HOSTS:
        for slug in ASKED[host]:
            sees = slug in SEES.get((who, host), set())
            expected = 404 if not sees else 403 if who == "bo" else 302
            assert ask(row, who, host, slug).status_code == expected, (who, host, slug)
    for store in (cast.a, cast.b, cast.c):
        with in_store(store):
            widget = ChatWidget.objects.first()
        may_set = who != "bo" and any(store.slug in SEES.get((who, host), set()) for host in HOSTS)
        assert (widget.sites if widget else None) == ([f"https://{who}.example"] if may_set else None)


@pytest.mark.parametrize(("who", "host", "status", "shows"), [
    ("ann", NORTH_HOST, 200, {"store-a", "store-b"}), ("cy", SOUTH_HOST, 200, {"store-c"}),
    ("bo", NORTH_HOST, 403, set()), ("bo", A_HOST, 403, set()),
    ("di", NORTH_HOST, 403, set()), ("di", B_HOST, 403, set()), ("di", A_HOST, 302, set()),
])  # fmt: skip
def test_list_of_widgets_has_ones_own_stores(
    cast: Cast, ask: Ask, who: str, host: str, status: int, shows: set[str]
) -> None:
    answer = ask(ROWS["chat_widgets"], who, host)
    assert answer.status_code == status
    assert {slug for slug in STORES if f"/settings/chat/{slug}/".encode() in answer.content} == shows
    if status == 302:
        assert answer["Location"] == "/settings/chat/store-a/"


# ---------------------------------------------------------------- the buyers' pages


@pytest.mark.parametrize("name", list(BUYERS))
def test_buyers_pages_know_the_store_of_their_host(cast: Cast, files: dict[str, UUID], name: str) -> None:
    with in_store(cast.a):
        key = open_widget(now=NOON).key
    method, path, status = BUYERS[name]
    path = path.format(key=key, file=files["store-a"])
    for host, expected in ((A_HOST, status), (NORTH_HOST, 404), (OPERATOR_HOST, 404), (UNKNOWN_HOST, 404)):
        answer = getattr(Client(headers={"host": host}), method)(path)
        assert answer.status_code == expected, host
        assert_no_canary(body_of(answer))
        assert not (answer.status_code == 200 and answer.cookies)
    elsewhere = getattr(Client(headers={"host": B_HOST}), method)(path)
    assert elsewhere.status_code >= 400 or name == "help_centre", "every store has one"
    assert b"Store A" not in elsewhere.content


# ---------------------------------------------------------------- the operator's list


@pytest.mark.parametrize("who", ["ann", "cy", "di"])
def test_operators_list_is_the_operators(cast: Cast, sign_in: SignIn, who: str) -> None:
    assert sign_in(getattr(cast, who), OPERATOR_HOST).get("/").status_code == 404


def test_operator_sees_the_fleet_and_nothing_a_buyer_wrote(cast: Cast, sign_in: SignIn) -> None:
    operator = User.objects.get(name="Op")
    page = sign_in(operator, OPERATOR_HOST).get("/")
    assert page.status_code == 200
    assert b"Store C" in page.content
    assert b"CANARY" not in page.content
    for host, slug in ((NORTH_HOST, "store-a"), (A_HOST, "store-a")):
        assert sign_in(operator, host).get(f"/desk/{slug}/1/").status_code == 404


@pytest.mark.parametrize("who", ["ann", "di", "anonymous"])
@pytest.mark.parametrize("verb", ["suspend", "resume"])
def test_stores_are_suspended_by_operators_only(cast: Cast, sign_in: SignIn, who: str, verb: str) -> None:
    client = sign_in(getattr(cast, who, None), OPERATOR_HOST)
    answer = client.post(f"/stores/store-a/{verb}/", {"reason": "x"})
    assert answer.status_code == (302 if who == "anonymous" else 404)
    assert "login" in answer.get("Location", "login")
    operator = sign_in(User.objects.get(name="Op"), NORTH_HOST)
    assert operator.post(f"/stores/store-a/{verb}/", {"reason": "x"}).status_code == 404
    cast.a.refresh_from_db()
    assert cast.a.state == "open"


def test_operator_suspends_a_store_and_takes_it_back(cast: Cast, sign_in: SignIn) -> None:
    operator, agent = sign_in(User.objects.get(name="Op"), OPERATOR_HOST), sign_in(cast.bo)
    assert operator.get("/stores/store-a/suspend/").status_code == 405
    assert operator.post("/stores/store-a/suspend/", {"reason": ""}).status_code == 400
    assert operator.post("/stores/nowhere/suspend/", {"reason": "x"}).status_code == 404
    page = operator.post("/stores/store-a/suspend/", {"reason": "Unpaid"}, follow=True)
    assert page.redirect_chain == [("/?q=store-a", 302)]
    assert b"Unpaid" in page.content
    assert b"Resume" in page.content
    assert agent.get("/desk/store-a/1/").status_code == 404
    assert operator.post("/stores/store-a/suspend/", {"reason": "again"}).status_code == 409
    operator.post("/stores/store-a/resume/")
    assert agent.get("/desk/store-a/1/").status_code == 200


@pytest.mark.parametrize(("query", "shows"), [
    ("", {"a", "b", "c"}), ("?q=store-b", {"b"}), ("?q=South", {"c"}), ("?show=at_head", {"a", "b", "c"}),
    ("?show=behind", set()), ("?show=suspended", set()), ("?show=nonsense", set()), ("?page=99", {"a", "b", "c"}),
    ("?q=%00", {"a", "b", "c"}),
])  # fmt: skip
def test_operators_fleet_is_narrowed(cast: Cast, sign_in: SignIn, query: str, shows: set[str]) -> None:
    page = sign_in(User.objects.get(name="Op"), OPERATOR_HOST).get(f"/{query}")
    assert {line.slug[-1] for line in page.context["fleet"].lines} == shows


# ---------------------------------------------------------------- the sockets


@pytest.fixture
def session_of(cast: Cast) -> Iterator[Any]:
    """A session that is really committed: sockets read on connections of their own."""
    made: list[str] = []

    def signed_in(who: str, host: str = NORTH_HOST) -> str:
        def commit() -> str:
            client = Client()
            client.force_login(getattr(cast, who), backend="tenants.sign_in.PlaceBackend")
            session = client.session
            session[SESSION_HOST] = host
            session.save()
            return client.cookies["session"].value

        made.append(in_a_thread(commit))
        return made[-1]

    yield signed_in
    in_a_thread(lambda: Session.objects.filter(session_key__in=made).delete())


def socket(host: str, session: str = "", origin: str | None = None, path: str = "/ws/desk/") -> Socket:
    headers = [(b"host", host.encode("latin-1"))]
    if origin != "":
        headers.append((b"origin", (origin or f"http://{host}").encode("latin-1")))
    if session:
        headers.append((b"cookie", f"session={session}".encode()))
    return Socket(path, headers)


def test_buyers_socket_opens_on_a_stores_host_for_everybody(cast: Cast) -> None:
    async def scene() -> set[str]:
        hosts = (*HOSTS, C_HOST, OPERATOR_HOST, UNKNOWN_HOST)
        return {host for host in hosts if await opens(socket(host, path="/ws/chat/"))}

    assert asyncio.run(scene()) == {A_HOST, B_HOST, C_HOST}
    assert asyncio.run(opens(socket(A_HOST, origin="http://store-b.localhost", path="/ws/chat/"))) is False


async def opens(one: Socket) -> bool:
    connected = await one.connect()
    if connected:
        await one.disconnect()
    return connected


@pytest.mark.parametrize("who", ["anonymous", *PEOPLE])
def test_socket_opens_where_its_person_is_at_home(cast: Cast, session_of: Any, who: str) -> None:
    hosts = (*HOSTS, C_HOST, OPERATOR_HOST, UNKNOWN_HOST)
    sessions = {host: "" if who == "anonymous" else session_of(who, host) for host in hosts}

    async def scene() -> dict[str, bool]:
        return {host: await opens(socket(host, sessions[host])) for host in hosts}

    at_home = {host for person, host in SEES if person == who} | ({C_HOST} if who == "cy" else set())
    assert {host for host, opened in asyncio.run(scene()).items() if opened} == at_home


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://store-a.localhost",
        "http://store-b.localhost",
        "https://north.localhost",
        "http://north.localhost:8443",
        "http://north.localhost.evil.com",
        "http://evil.com/north.localhost",
        "http://north.localhost@evil.com",
        "ftp://north.localhost",
        "north.localhost",
        "//north.localhost",
        "http://[",
        "http://\xff",
    ],
)
def test_pages_from_elsewhere_open_no_socket(cast: Cast, session_of: Any, origin: str) -> None:
    session = session_of("ann")
    assert asyncio.run(opens(socket(NORTH_HOST, session))) is True
    assert asyncio.run(opens(socket(NORTH_HOST, session, origin))) is False


@pytest.mark.parametrize("host", ["x@north.localhost", "north.localhost,evil.com", "\x00", "[", "", "a" * 5000])
def test_host_that_is_none_opens_no_socket(cast: Cast, session_of: Any, host: str) -> None:
    assert asyncio.run(opens(socket(host, session_of("ann")))) is False


def test_session_of_one_host_opens_nothing_on_another(cast: Cast, session_of: Any, sign_in: SignIn) -> None:
    """Ann is at home on both: a cookie that was carried over by hand is refused all the same, and ends."""
    assert asyncio.run(opens(socket(A_HOST, session_of("ann", NORTH_HOST)))) is False
    client = sign_in(cast.ann, NORTH_HOST)
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"host": A_HOST}).status_code == 302
    assert client.get("/").status_code == 302


def test_socket_closes_by_itself_when_its_person_signs_out(
    cast: Cast, session_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "GATE_LASTS", 0.1)
    session = session_of("ann")

    async def scene() -> int:
        desk = socket(NORTH_HOST, session)
        assert await desk.connect()
        assert await desk.read() == {"type": "hello", "v": 1}
        await asyncio.to_thread(in_a_thread, lambda: Session.objects.filter(session_key=session).delete())
        return await desk.closed_with()

    assert asyncio.run(scene()) == 4401


@pytest.mark.parametrize("session", ["x", "\x00", "a" * 5000, "'; drop table x; --"])
def test_forged_session_opens_no_socket(cast: Cast, session: str) -> None:
    assert asyncio.run(opens(socket(NORTH_HOST, session))) is False


@pytest.mark.parametrize(
    ("who", "host", "hears"),
    [
        ("ann", NORTH_HOST, "AB"),
        ("bo", NORTH_HOST, "A"),
        ("di", A_HOST, "A"),
        ("ann", B_HOST, "B"),
        ("cy", SOUTH_HOST, "C"),
    ],
)
def test_socket_hears_of_its_persons_stores_only(cast: Cast, session_of: Any, who: str, host: str, hears: str) -> None:
    stores: dict[str, Store] = {"A": cast.a, "B": cast.b, "C": cast.c}
    session = session_of(who, host)

    async def scene() -> list[dict[str, Any]]:
        desk = socket(host, session)
        assert await desk.connect()
        assert await desk.read() == {"type": "hello", "v": 1}
        for number, store in enumerate((cast.c, cast.b, cast.a), start=1):
            told = partial(announce, store, ticket=number, seq=1)
            await asyncio.to_thread(in_a_thread, told)  # no transaction there: at once
        heard: list[dict[str, Any]] = []
        while len(heard) < len(hears):
            frame = await desk.read()
            assert frame["type"] == "tickets.changed"
            heard += frame["tickets"]
        assert await desk.receive_nothing(0.2)
        await desk.write('{"type": "ticket.changed", "store": 2}')
        assert (await desk.read())["code"] == "unknown_type"
        assert await desk.receive_nothing(0.1)
        await desk.disconnect()
        return heard

    heard = asyncio.run(scene())
    assert {hint["store"] for hint in heard} == {stores[letter].pk for letter in hears}
    assert all(set(hint) == {"store", "ticket", "seq"} for hint in heard)
