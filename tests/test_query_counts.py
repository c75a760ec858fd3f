"""How many statements each page and operation costs, kept in query_counts.json: growth shows in review.

A new line, or a figure that was meant to change, is written by `COUNT_QUERIES=write pytest tests/test_query_counts.py`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.context import in_store
from tenants.models import Store
from tests.cast import Cast
from tests.conftest import Api, SignIn
from tests.scenes import buyer_writes, waiting_ticket

COUNTS = Path(__file__).with_name("query_counts.json")
A, TICKET, REST = "/desk/store-a/1/", "/api/v1/stores/store-a/tickets/1/", "/api/v1/stores/store-a/"

Desk = Callable[[Client], Any]


def receive(key: str, customer: str = "q", text: str = "hi") -> Desk:
    body = {"external_id": key, "customer": {"id": customer}, "text": text}
    return lambda client: client.post(REST + "messages/", body, content_type="application/json")


def get(path: str, **query: str) -> Desk:
    return lambda client: client.get(path, query)


def post(path: str, **body: str) -> Desk:
    return lambda client: client.post(path, body, headers={"HX-Request": "true"})


def post_json(path: str, **body: Any) -> Desk:
    return lambda client: client.post(path, body, content_type="application/json")


PAGES: dict[str, Desk] = {
    "queue": get("/desk/queue/"),
    "queue, filtered": get("/desk/queue/", view="unassigned", channel="tmall"),
    "queue, searched": get("/desk/queue/", q="parcel"),
    "desk": get("/"),
    "desk with an open ticket": get(A),
    "conversation": lambda client: client.get(A, headers={"HX-Request": "true"}),
    "messages": get(A + "messages/"),
    "reply": post(A + "reply/", body="ok", client_key="k", seen_seq="99"),
    "sop pane": get(A + "sop/"),
    "sops in the admin": get("/admin/sops/"),
    "replies": get("/desk/store-a/replies/"),
    "quick replies in the admin": get("/admin/replies/"),
    "note": post(A + "note/", body="ok", client_key="k"),
    "assign": post(A + "assign/", assignee="me"),
    "close": post(A + "close/", seen_seq="99"),
    "reopen an open ticket": post(A + "reopen/"),
    "admin: front page": get("/admin/"),
    "admin: fleet": get("/admin/fleet/"),
    "admin: report": get("/admin/report/", by="store"),
    "admin: report by category": get("/admin/report/", by="category"),
    "admin: tickets behind a number": get("/admin/report/tickets/"),
    "admin: report as a file": get("/admin/report/file/", format="xlsx"),
    "refused: another's store": get("/desk/store-c/1/"),
}
OPERATIONS: dict[str, Desk] = {
    "api: stores": get("/api/v1/stores/"),
    "api: queue": get("/api/v1/queue/"),
    "api: tickets": get(REST + "tickets/"),
    "api: ticket": get(TICKET),
    "api: messages": get(TICKET + "messages/"),
    "api: outgoing": get(REST + "outgoing/"),
    "api: receive, opens a ticket": receive("q-new", "somebody-new"),
    "api: receive, into an open ticket": receive("q-2"),
    "api: receive, again": receive("q-1"),
    "api: receive, refused": receive("q-3", text=""),
    "api: reply": post_json(TICKET + "reply/", body="ok", client_key="k"),
    "api: note": post_json(TICKET + "notes/", body="ok", client_key="k"),
    "api: assign": post_json(TICKET + "assign/", assignee="bo@example.com"),
    "api: close": post_json(TICKET + "close/"),
    "api: delivery": post_json(REST + "messages/2/delivery/", state="read"),
    "api: report": get("/api/v1/reports/"),
    "api: report, now": get("/api/v1/reports/now/"),
    "api: unknown token": lambda client: client.get("/api/v1/stores/", headers={"authorization": "Bearer dfk_x"}),
}


@pytest.fixture
def desk(cast: Cast, sign_in: SignIn) -> Client:
    client = sign_in(cast.ann)
    client.get("/desk/queue/")  # what only a first request does
    return client


@pytest.fixture
def erp(cast: Cast, api: Api) -> Client:
    client = api(cast.ann, agency=cast.north)
    assert receive("q-1")(client).status_code == 201  # and the hour's note that the token was used
    return client


def counted(call: Callable[[], Any]) -> int:
    with connection.cursor():
        pass  # back in public, where requests begin, before counting
    with CaptureQueriesContext(connection) as queries:
        answer = call()
    assert answer.status_code < 500
    return sum(1 for query in queries if "SAVEPOINT" not in query["sql"])  # a test's transaction, not a request's


def check(name: str, count: int) -> None:
    kept: dict[str, int] = json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {}
    if os.environ.get("COUNT_QUERIES") == "write":
        kept[name] = count
        COUNTS.write_text(json.dumps(dict(sorted(kept.items())), indent=2) + "\n", encoding="utf-8")
        return
    assert name in kept, f"write it down: {name} costs {count}"
    assert count == kept[name], f"{name} cost {kept[name]} statements and costs {count} now"


@pytest.mark.parametrize("name", list(PAGES))
def test_page(desk: Client, name: str) -> None:
    check(name, counted(lambda: PAGES[name](desk)))


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_operation(erp: Client, name: str) -> None:
    check(name, counted(lambda: OPERATIONS[name](erp)))


@pytest.mark.parametrize("name", ["queue", "queue, searched", "api: queue", "admin: fleet", "admin: report"])
def test_more_stores_cost_no_more(cast: Cast, sign_in: SignIn, api: Api, name: str) -> None:
    """One store or two: the number of statements is the same."""
    call = {**PAGES, **OPERATIONS}[name]

    def cost() -> int:
        client = api(cast.ann, agency=cast.north) if name.startswith("api") else sign_in(cast.ann)
        call(client)
        return counted(lambda: call(client))

    Store.objects.filter(pk=cast.b.pk).update(state=Store.State.SUSPENDED)
    one = cost()
    Store.objects.filter(pk=cast.b.pk).update(state=Store.State.OPEN)
    two = cost()
    assert one == two


@pytest.mark.parametrize("path", ["/desk/queue/", "/api/v1/queue/", REST + "tickets/"])
def test_more_tickets_cost_no_more(cast: Cast, sign_in: SignIn, api: Api, path: str) -> None:
    client = api(cast.ann, agency=cast.north) if path.startswith("/api") else sign_in(cast.ann)
    client.get(path)
    few = counted(lambda: client.get(path))
    with in_store(cast.a):
        for index in range(12):
            buyer_writes(f"n-{index}", customer_id=f"n{index}", at=timezone.now())
    assert counted(lambda: client.get(path)) == few


def test_more_messages_cost_no_more(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ann)
    with in_store(cast.a):
        number = waiting_ticket(at=timezone.now()).number
    path = f"/desk/store-a/{number}/"
    client.get(path)
    few = counted(lambda: client.get(path))
    with in_store(cast.a):
        for index in range(20):
            buyer_writes(f"n-{index}", at=timezone.now())
    assert counted(lambda: client.get(path)) == few
