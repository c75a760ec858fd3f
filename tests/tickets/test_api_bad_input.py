"""Bad input at the API: a clear error that names the field, or a correct result; never a 500, never half a ticket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.actions.issue_token import issue_token
from tenants.context import in_store
from tenants.models import ApiToken, Store, User
from tests.cast import NORTH_HOST, Cast
from tests.conftest import Api, SignIn
from tests.scenes import Snapshot, in_a_thread, snapshot
from tickets.models import Event, Message, Ticket

PATH = "/api/v1/stores/store-a/messages/"
GOOD: dict[str, Any] = {"external_id": "bad-1", "customer": {"id": "b"}, "text": "hi"}

Post = Callable[..., Any]


@pytest.fixture
def erp(cast: Cast, api: Api) -> Client:
    client = api(cast.ann, agency=cast.north)
    client.raise_request_exception = False
    return client


@pytest.fixture
def post(erp: Client) -> Post:
    def posted(body: Any, path: str = PATH) -> Any:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return erp.generic("POST", path, content, content_type="application/json")

    return posted


@pytest.fixture
def unchanged(cast: Cast) -> Iterator[None]:
    """After the test, everything in store A is as it was."""
    before: Snapshot = snapshot(cast.a)
    yield
    assert snapshot(cast.a) == before


def error_of(answer: Any) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["field"]


# ---------------------------------------------------------------- who and where


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("slug", ["nope", "store-c", "s_0", "A" * 300, "store-a-", "-", "0"])
def test_unknown_store(post: Post, slug: str) -> None:
    assert error_of(post(GOOD, f"/api/v1/stores/{slug}/messages/")) == (404, "not_found", "store")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("slug", ["store%00a", "a%2Fb", "店", "a b", ".."])
def test_store_that_can_be_none(post: Post, slug: str) -> None:
    assert post(GOOD, f"/api/v1/stores/{slug}/messages/").status_code == 404


@pytest.mark.usefixtures("unchanged")
def test_bad_revoked_and_narrow_tokens(cast: Cast, api: Api, post: Post) -> None:
    bad = Client(headers={"host": NORTH_HOST, "authorization": "Bearer dfk_x"})
    assert bad.post(PATH, GOOD, content_type="application/json").status_code == 401
    client = api(cast.ann, agency=cast.north)
    ApiToken.objects.filter(name="test", person=cast.ann).update(revoked_at=timezone.now())
    assert client.post(PATH, GOOD, content_type="application/json").status_code == 401
    reader = api(cast.ann, agency=cast.north, scope="read")
    assert reader.post(PATH, GOOD, content_type="application/json").status_code == 403


# ---------------------------------------------------------------- JSON


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"text": }',
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"text": ' + "9" * 5000 + "}",
        '{"text": 1e999999}',
        '{"text": NaN}',
        '{"text": Infinity}',
        "\x00",
        '{"text": "a\x00b"}',
        '{"text": "\x1f"}',
        '"text"',
        "1",
        "null",
        "true",
        "[]",
        "[[]]",
        "{}",
        "",
    ],
    ids=lambda text: text[:12],
)
def test_malformed_and_monstrous_json(post: Post, text: str) -> None:
    status, code, _field = error_of(post(text))
    assert status == 400
    assert code in {"parse_error", "invalid", "required"}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("body", [b"\xff", b'{"text": "\xed\xa0\x80"}', b"\xef\xbb\xbf{}", b"\x1f\x8b\x08"])
def test_bytes_that_are_no_text(post: Post, body: bytes) -> None:
    assert post(body).status_code == 400


def test_deep_json_in_a_field_that_is_ignored(post: Post) -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert post({**GOOD, "unknown": deep}).status_code == 201


# ---------------------------------------------------------------- fields

TYPES: list[Any] = [[], {}, [1], {"a": 1}, True, None, [[[]]], {"id": {"id": 1}}]
FIELDS = ("external_id", "channel", "customer", "text", "subject", "category", "priority", "sent_at")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("value", TYPES, ids=json.dumps)
@pytest.mark.parametrize("field", FIELDS)
def test_wrong_type_names_its_field(post: Post, field: str, value: Any) -> None:
    status, _code, named = error_of(post({**GOOD, field: value}))
    assert status == 400
    assert named is not None
    assert named.partition(".")[0] == field


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("value", TYPES, ids=json.dumps)
@pytest.mark.parametrize("field", ["id", "name", "email", "language"])
def test_wrong_type_inside_the_customer_names_its_path(post: Post, field: str, value: Any) -> None:
    answer = post({**GOOD, "customer": {"id": "b", field: value}})
    assert error_of(answer)[0] == 400
    assert error_of(answer)[2] == f"customer.{field}"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", ""),
        ("text", " \n\t\u3000"),
        ("text", "x" * 20_001),
        ("text", "x" * 1024 * 1024),
        ("text", "a\x00b"),
        ("text", "\ud800"),
        ("text", "\udfff tail"),
        ("external_id", ""),
        ("external_id", "   "),
        ("external_id", "x" * 201),
        ("external_id", "a\x00"),
        ("external_id", "\ud83d"),
        ("subject", "x" * 301),
        ("subject", "\x00"),
        ("subject", "\ud800"),
        ("channel", "fax"),
        ("channel", "\ud800"),
        ("channel", "\x00"),
        ("channel", ""),
        ("category", "nope"),
        ("category", "\ud800"),
        ("priority", "nope"),
        ("priority", "\ud800"),
        ("priority", 10**30),
        ("sent_at", "yesterday"),
        ("sent_at", "\ud800"),
        ("sent_at", "\x00"),
        ("sent_at", 10**30),
        ("sent_at", 1763640000),
        ("sent_at", "2026-13-45T99:99:99Z"),
        ("sent_at", "0001-01-01T00:00:00+14:00"),
        ("sent_at", "0001-01-01T00:00:00Z"),
        ("sent_at", "9999-12-31T23:59:59-14:00"),
        ("sent_at", "9999-12-31T23:59:59Z"),
        ("sent_at", "1970-01-01T00:00:00Z"),
        ("sent_at", "0000-00-00T00:00:00Z"),
        ("sent_at", "2026-11-21T12:00:00+99:99"),
        ("sent_at", "x" * 100_000),
    ],
    ids=lambda value: repr(value)[:28],
)
def test_bad_value_names_its_field(post: Post, field: str, value: Any) -> None:
    status, _code, named = error_of(post({**GOOD, field: value}))
    assert (status, named) == (400, field)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "x" * 201),
        ("id", "\x00"),
        ("id", "\ud800"),
        ("name", "x" * 201),
        ("name", "\x00"),
        ("email", "x"),
        ("email", "x" * 300 + "@example.com"),
        ("email", "a@b.com\nBcc: c@d.com"),
        ("email", "a@b.com, c@d.com"),
        ("email", "\ud800@b.com"),
        ("language", "fr"),
        ("language", "\ud800"),
    ],
    ids=repr,
)
def test_bad_customer_names_its_path(post: Post, field: str, value: Any) -> None:
    status, _code, named = error_of(post({**GOOD, "customer": {"id": "b", field: value}}))
    assert (status, named) == (400, f"customer.{field}")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("by", [timedelta(minutes=6), timedelta(days=400), -timedelta(days=31)])
def test_time_in_the_future_or_long_ago(post: Post, by: timedelta) -> None:
    assert error_of(post({**GOOD, "sent_at": (timezone.now() + by).isoformat()}))[::2] == (400, "sent_at")


@pytest.mark.parametrize("by", [timedelta(minutes=4), -timedelta(days=29), timedelta(0)])
def test_time_that_may_well_be(post: Post, by: timedelta) -> None:
    assert post({**GOOD, "sent_at": (timezone.now() + by).isoformat()}).status_code == 201


@pytest.mark.usefixtures("unchanged")
def test_text_of_a_megabyte_and_of_three(post: Post) -> None:
    assert error_of(post({**GOOD, "text": "文" * 300_000}))[::2] == (400, "text")
    assert error_of(post({**GOOD, "text": "x" * 3 * 1024 * 1024}))[0] == 413


@pytest.mark.parametrize(
    "text",
    [
        "x" * 20_000,
        "\u202e\u2066evil",
        "'; DROP TABLE tickets_ticket; --",
        "<script>alert(1)</script>",
        "{{ 7*7 }}",
        "%s %d",
        "\U0001f600" * 5000,
        "\r\n\r\n.\r\n",
        "\x01\x02\x7f",
        "\ufeffx",
        "a\u0301" * 999,
    ],
    ids=lambda text: repr(text)[:20],
)
def test_odd_text_is_kept_as_it_came(cast: Cast, erp: Client, post: Post, text: str) -> None:
    made = post({**GOOD, "text": text}).json()
    page = erp.get(f"/api/v1/stores/store-a/tickets/{made['ticket']}/messages/").json()
    assert page["results"][0]["body"] == text


def test_unknown_fields_are_ignored_and_change_nothing(cast: Cast, erp: Client, post: Post) -> None:
    sneaky = {"state": "closed", "number": 1, "store": "store-b", "assignee": 1, "last_seq": 99, "kind": "agent"}
    made = post({**GOOD, **sneaky, "is_new": False, "customer": {"id": "b", "pk": 1, "channel": "email"}})
    assert made.status_code == 201
    ticket = erp.get(f"/api/v1/stores/store-a/tickets/{made.json()['ticket']}/").json()
    assert ticket["number"] != 1
    assert (ticket["store"], ticket["state"], ticket["assignee"], ticket["last_seq"]) == ("store-a", "waiting", None, 2)


def test_numbers_where_words_are_due_are_read_as_words(erp: Client, post: Post) -> None:
    made = post({"external_id": 17, "customer": {"id": 4.5}, "text": 42})
    assert made.status_code == 201
    again = post({"external_id": "17", "customer": {"id": "4.5"}, "text": "42"})
    assert (again.status_code, again.json()["message"]) == (200, made.json()["message"])


# ---------------------------------------------------------------- the same id again


def test_same_id_with_another_body(cast: Cast, post: Post) -> None:
    assert post(GOOD).status_code == 201
    before = snapshot(cast.a)
    for other in ({"text": "ho"}, {"customer": {"id": "c"}}, {"text": "hi "}):
        assert error_of(post({**GOOD, **other})) == (409, "external_id_reused", "external_id")
    assert post(GOOD).status_code == 200
    assert snapshot(cast.a) == before


def test_refused_message_may_be_sent_again_mended(post: Post) -> None:
    assert post({**GOOD, "text": ""}).status_code == 400
    assert post(GOOD).status_code == 201


@pytest.fixture
def real_secret(real_store: Store) -> str:
    def issued() -> str:
        ann = User.objects.get(name="Ann")
        return issue_token(ann, name="real", scope="write", store=real_store)[1]  # goes with the store

    return in_a_thread(issued)


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """`count` threads that start at the same moment, each on a connection of its own."""
    start = Barrier(count)

    def run(index: int) -> Any:
        try:
            start.wait(10)
            return work(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def real_post(secret: str, body: dict[str, Any], path: str = "messages/") -> Any:
    client = Client(headers={"host": NORTH_HOST, "authorization": f"Bearer {secret}"}, raise_request_exception=False)
    return client.post(f"/api/v1/stores/store-real/{path}", body, content_type="application/json")


def test_same_id_twenty_times_in_parallel_is_one_message(real_store: Store, real_secret: str) -> None:
    answers = together(20, lambda _index: real_post(real_secret, GOOD))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({(a.json()["ticket"], a.json()["seq"], a.json()["message"]) for a in answers}) == 1
    assert in_a_thread(lambda: counts(real_store)) == (1, 2, 3)


def test_first_messages_of_one_buyer_in_parallel_are_one_ticket(real_store: Store, real_secret: str) -> None:
    answers = together(12, lambda index: real_post(real_secret, {**GOOD, "external_id": f"p-{index}"}))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["ticket"] for answer in answers}) == 1
    assert len({answer.json()["seq"] for answer in answers}) == 12
    assert in_a_thread(lambda: counts(real_store)) == (1, 13, 14)
    assert in_a_thread(lambda: seqs(real_store)) == list(range(1, 14))


def test_reply_and_buyer_at_once_lose_nothing(real_store: Store, real_secret: str) -> None:
    number = real_post(real_secret, GOOD).json()["ticket"]
    connection.close()

    def speak(index: int) -> Any:
        if index % 2:
            return real_post(real_secret, {**GOOD, "external_id": f"q-{index}"})
        return real_post(real_secret, {"body": "ok", "client_key": "one"}, f"tickets/{number}/reply/")

    assert {answer.status_code for answer in together(12, speak)} == {201}
    assert in_a_thread(lambda: seqs(real_store)) == list(range(1, 2 + 6 + 1 + 1))


def counts(store: Store) -> tuple[int, int, int]:
    with in_store(store):
        return Ticket.objects.count(), Message.objects.count(), Event.objects.count()


def seqs(store: Store) -> list[int]:
    with in_store(store):
        return list(Message.objects.filter(ticket=1).order_by("seq").values_list("seq", flat=True))


# ---------------------------------------------------------------- a very long conversation


@pytest.fixture
def long_ticket(cast: Cast) -> int:
    """Store A's ticket 1 with 10,000 messages."""
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=1)
        now = timezone.now()
        Message.objects.bulk_create(
            Message(
                ticket=ticket,
                seq=seq,
                kind="buyer",
                body=f"line {seq}",
                external_id=f"l-{seq}",
                sent_at=now,
                created_at=now,
            )
            for seq in range(ticket.last_seq + 1, 10_001)
        )
        Ticket.objects.filter(pk=1).update(last_seq=10_000)
    return 1


def test_ten_thousand_messages_page_by_page(erp: Client, long_ticket: int) -> None:
    path, seen, cursor, spent = "/api/v1/stores/store-a/tickets/1/messages/", [], "", set()
    while cursor is not None:
        with CaptureQueriesContext(connection) as queries:
            page = erp.get(path, {"limit": 200, "cursor": cursor}).json()
        spent.add(len(queries))
        seen += [message["seq"] for message in page["results"]]
        cursor = page["next"]
    assert seen == list(range(1, 10_001))
    assert max(spent) - min(spent) <= 1  # the token's hour


def test_ten_thousand_messages_on_the_desk(cast: Cast, sign_in: SignIn, long_ticket: int) -> None:
    client = sign_in(cast.ann)
    page = client.get("/desk/store-a/1/").context["conversation"]
    assert (page.messages[-1].seq, len(page.messages), page.has_earlier) == (10_000, 50, True)
    seen: list[int] = []
    before = 10_001
    for _ in range(3):
        page = client.get("/desk/store-a/1/messages/", {"before": before}).context["conversation"]
        seen = [message.seq for message in page.messages] + seen
        before = page.first_seq
    assert seen == list(range(9_851, 10_001))
    first = client.get("/desk/store-a/1/messages/", {"before": 20}).context["conversation"]
    assert (first.messages[0].seq, first.has_earlier) == (1, False)


def test_answer_after_scrolling_far_up_is_shown(cast: Cast, sign_in: SignIn, long_ticket: int) -> None:
    """Somebody who has 1,500 messages on the page must see the one they have just sent."""
    sent = sign_in(cast.ann).post(
        "/desk/store-a/1/reply/",
        {"body": "the very latest", "client_key": "k", "seen_seq": "10000", "from": "8501"},
        headers={"HX-Request": "true"},
    )
    assert sent.status_code == 200
    assert "the very latest" in sent.content.decode()


# ---------------------------------------------------------------- addresses and queries

HUGE = (2**31, 2**63 - 1, 2**63, 2**64, 10**30, 10**200, "9" * 5000)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("number", HUGE, ids=lambda n: str(n)[:24])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tickets/{}/", None),
        ("tickets/{}/messages/", None),
        ("tickets/{}/reply/", {"body": "x", "client_key": "k"}),
        ("tickets/{}/notes/", {"body": "x", "client_key": "k"}),
        ("tickets/{}/assign/", {"assignee": None}),
        ("tickets/{}/close/", {}),
        ("tickets/{}/reopen/", {}),
        ("messages/{}/delivery/", {"state": "sent"}),
    ],
)
def test_numbers_beyond_the_table(erp: Client, post: Post, path: str, body: Any, number: Any) -> None:
    full = "/api/v1/stores/store-a/" + path.format(number)
    answer = erp.get(full) if body is None else post(body, full)
    assert answer.status_code == 404


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("number", HUGE, ids=lambda n: str(n)[:24])
def test_numbers_beyond_the_table_on_the_desk(cast: Cast, sign_in: SignIn, number: Any) -> None:
    client = sign_in(cast.ann)
    client.raise_request_exception = False
    assert client.get(f"/desk/store-a/{number}/").status_code == 404
    assert client.post(f"/desk/store-a/{number}/close/").status_code == 404
    assert client.post(f"/desk/store-a/1/messages/{number}/resend/").status_code == 404
    for name in ("before", "from"):
        assert client.get("/desk/store-a/1/messages/", {name: number}).status_code in {200, 400}


LISTS = ("tickets/", "tickets/1/messages/", "outgoing/")


@pytest.mark.parametrize(
    "value", ["x", "-1", "1.5", "１２", "9" * 30, " 1", "1 ", "0x10", "\x00", "1e3", "+1", "\ud7ff"]
)
@pytest.mark.parametrize("name", ["cursor", "limit"])
@pytest.mark.parametrize("path", LISTS)
def test_garbage_as_page(erp: Client, path: str, name: str, value: str) -> None:
    assert error_of(erp.get(f"/api/v1/stores/store-a/{path}", {name: value}))[::2] == (400, name)


@pytest.mark.parametrize("value", ["0", "1", "200", "201", str(2**62), str(2**63), "9" * 19])
@pytest.mark.parametrize("name", ["cursor", "limit"])
@pytest.mark.parametrize("path", LISTS)
def test_extreme_pages(erp: Client, path: str, name: str, value: str) -> None:
    answer = erp.get(f"/api/v1/stores/store-a/{path}", {name: value})
    assert answer.status_code in {200, 400}
    if answer.status_code == 200 and answer.json()["next"] is not None:
        assert answer.json()["results"], "a page without rows that leads on skips what it did not show"


@pytest.mark.parametrize("value", ["\x00", "nope", "x" * 5000, "%", "'", "[]", "\u202e"])
@pytest.mark.parametrize("name", ["view", "store", "channel", "q"])
@pytest.mark.parametrize("path", ["/api/v1/queue/", "/desk/queue/", "/"])
def test_garbage_as_filter(cast: Cast, erp: Client, sign_in: SignIn, path: str, name: str, value: str) -> None:
    client = erp if path.startswith("/api") else sign_in(cast.ann)
    client.raise_request_exception = False
    answer = client.get(path, {name: value})
    assert answer.status_code in {200, 400}
    if name == "view":
        assert answer.status_code == 400


@pytest.mark.parametrize("state", ["nope", "\x00", "waiting'", "CLOSED"])
def test_garbage_as_state(erp: Client, state: str) -> None:
    assert error_of(erp.get("/api/v1/stores/store-a/tickets/", {"state": state})) == (400, "invalid", "state")


# ---------------------------------------------------------------- the other verbs

VERBS: dict[str, dict[str, Any]] = {
    "tickets/1/reply/": {"body": "x", "client_key": "k", "seen_seq": 99},
    "tickets/1/notes/": {"body": "x", "client_key": "k"},
    "tickets/1/assign/": {"assignee": None},
    "messages/2/delivery/": {"state": "sent"},
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (path, field, value)
        for path, body in VERBS.items()
        for field in body
        for value in ([], {}, True, "\x00", "\ud800", "x" * 10_001, 1e308, -1, 10**30, "")
        if not (field in {"body", "client_key"} and value in (-1, 10**30, 1e308))  # numbers are read as words
        and not (field == "seen_seq" and value in (True, 10**30))
    ],
    ids=lambda value: repr(value)[:24],
)
def test_other_verbs_name_the_field(post: Post, path: str, field: str, value: Any) -> None:
    body = {**VERBS[path], field: value}
    status, _code, named = error_of(post(body, f"/api/v1/stores/store-a/{path}"))
    assert (status, named) == (400, field)


@pytest.mark.parametrize("value", [10**30, 2**62, 2**63])
def test_seen_beyond_everything_is_no_crash(post: Post, value: int) -> None:
    body = {"body": "x", "client_key": "k", "seen_seq": value}
    assert post(body, "/api/v1/stores/store-a/tickets/1/reply/").status_code in {201, 400}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("email", ["nobody@example.com", "cy@example.com", "di@example.com"])
def test_nobody_from_outside_is_given_a_ticket(post: Post, email: str) -> None:
    answer = post({"assignee": email}, "/api/v1/stores/store-a/tickets/1/assign/")
    assert error_of(answer) == (400, "invalid", "assignee")


# ---------------------------------------------------------------- anything at all

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
nearly_right = st.fixed_dictionaries(
    {},
    optional={
        "external_id": anything | st.text(min_size=1, max_size=12),
        "customer": anything
        | st.fixed_dictionaries({"id": st.text(min_size=1) | anything}, optional={"email": anything}),
        "text": anything | st.text(min_size=1),
        "channel": anything | st.just("email"),
        "sent_at": anything | st.datetimes().map(str),
        "priority": anything,
        "category": anything,
    },
)


@given(body=anything | nearly_right | nearly_right)
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
)
def test_whatever_is_sent_is_taken_or_refused(post: Post, body: Any) -> None:
    answer = post(body)
    assert answer.status_code in {200, 201, 400, 409, 413}
    if answer.status_code >= 400:
        assert answer.json()["error"]["message"]
