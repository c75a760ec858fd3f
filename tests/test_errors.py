"""One error, one shape: whatever is refused is said the same way, in the reader's language, with the field at fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.functional import Promise

from tenants.actions.issue_token import issue_token
from tenants.errors import DomainError
from tests.cast import Cast
from tests.conftest import Api, SignIn
from tests.test_architecture import imports_of, modules
from tickets.api import views

RECEIVE = "/api/v1/stores/store-a/messages/"
GOOD = {"external_id": "e-1", "customer": {"id": "b"}, "text": "hi"}


def all_errors() -> Iterator[type[DomainError]]:
    waiting = [DomainError]
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting += kind.__subclasses__()


@pytest.fixture(scope="module", autouse=True)
def every_module_loaded() -> None:
    import importlib

    for module in modules():
        if not module.name.endswith(("asgi", "wsgi", "__main__")):
            importlib.import_module(module.name)


def ours() -> list[type[DomainError]]:
    return [kind for kind in all_errors() if kind.__module__.partition(".")[0] in {"tenants", "tickets", "config"}]


def test_every_code_means_one_thing() -> None:
    codes = [kind.code for kind in ours()]
    assert sorted(codes) == sorted(set(codes))


def test_every_error_can_be_printed_by_every_door() -> None:
    for kind in ours():
        error = kind()
        assert kind.code.replace("_", "").isalpha(), kind
        assert kind.status in {400, 401, 403, 404, 408, 409, 413, 422, 429, 503}, kind
        assert isinstance(kind.message, Promise), f"{kind.__name__}: a message that no one can translate"
        assert (error.field, error.details, str(error)) == (None, {}, str(kind.message))
        assert json.dumps(error.details) == "{}"


def test_message_is_said_in_the_readers_language_and_not_the_writers() -> None:
    for kind in ours():
        error = kind()
        with translation.override("en"):
            english = str(error)
        with translation.override("zh-hans"):
            chinese = str(error)
        assert english != chinese, f"{kind.__name__} is not translated: {english}"


# ---------------------------------------------------------------- the API


def shape_of(answer: Any) -> dict[str, Any]:
    assert answer["Content-Type"].split(";")[0] == "application/json"
    assert set(answer.json()) == {"error"}
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"code", "message", "field", "details"}
    assert isinstance(error["code"], str)
    assert error["message"]
    assert isinstance(error["details"], dict)
    return error


@pytest.fixture
def erp(cast: Cast, api: Api) -> Client:
    """A program that writes for North."""
    client = api(cast.ann, agency=cast.north)
    client.raise_request_exception = False
    return client


def post(client: Client, body: Any, path: str = RECEIVE, kind: str = "application/json", **headers: str) -> Any:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.generic("POST", path, content, content_type=kind, headers=headers)


def test_domain_error(erp: Client) -> None:
    assert post(erp, GOOD).status_code == 201
    answer = post(erp, {**GOOD, "text": "other"})
    error = shape_of(answer)
    assert (answer.status_code, error["code"], error["field"]) == (409, "external_id_reused", "external_id")


def test_domain_error_with_details(erp: Client) -> None:
    answer = post(erp, {"body": "x", "client_key": "k", "seen_seq": 0}, "/api/v1/stores/store-a/tickets/1/reply/")
    error = shape_of(answer)
    assert (answer.status_code, error["code"], error["field"]) == (409, "ticket_moved_on", "seen_seq")
    assert error["details"] == {"seen_seq": 0, "last_seq": 3}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "external_id", "required"),
        ({**GOOD, "customer": {}}, "customer.id", "required"),
        ({**GOOD, "customer": "x"}, "customer", "invalid"),
        ({**GOOD, "customer": {"id": "b", "email": "x"}}, "customer.email", "invalid"),
        ({**GOOD, "channel": "fax"}, "channel", "invalid_choice"),
        ({**GOOD, "text": ""}, "text", "blank"),
        ({**GOOD, "text": "  "}, "text", "invalid"),
    ],
)
def test_validation_names_the_path_to_the_field(erp: Client, body: dict[str, Any], field: str, code: str) -> None:
    answer = post(erp, body)
    error = shape_of(answer)
    assert (answer.status_code, error["field"], error["code"]) == (400, field, code)


@pytest.mark.parametrize("body", ["", "{", "[1,2", "nonsense", "{'a': 1}", '{"a": NaN}', "\ufeff{}"])
def test_parse_error(erp: Client, body: str) -> None:
    answer = post(erp, body)
    error = shape_of(answer)
    assert answer.status_code == 400
    assert error["code"] in {"parse_error", "required"}


def test_invalid_encoding(erp: Client) -> None:
    answer = post(erp, b'{"text": "\xff\xfe"}')
    assert (answer.status_code, shape_of(answer)["code"]) == (400, "parse_error")


@pytest.mark.parametrize("charset", ["zlib", "hex", "rot13", "undefined", "idna", "utf-7", "utf-16", "nonsense"])
def test_odd_charset_is_no_crash(erp: Client, charset: str) -> None:
    answer = post(erp, GOOD, kind=f"application/json; charset={charset}")
    assert answer.status_code in {201, 400, 415}


@pytest.mark.parametrize(
    "path", ["/api/v1/nope/", "/api/v2/", "/api/v1/stores/store-a/nope/", "/api/v1/stores/a.b/messages/"]
)
def test_route_that_does_not_exist(erp: Client, path: str) -> None:
    for method in (erp.get, erp.post):
        answer = method(path)
        assert (answer.status_code, shape_of(answer)["code"]) == (404, "not_found")


def test_store_and_ticket_that_do_not_exist(erp: Client) -> None:
    for path, field in (("/api/v1/stores/nope/tickets/1/", "store"), ("/api/v1/stores/store-a/tickets/99/", "number")):
        answer = erp.get(path)
        error = shape_of(answer)
        assert (answer.status_code, error["code"], error["field"]) == (404, "not_found", field)


def test_wrong_method(erp: Client) -> None:
    answer = erp.delete(RECEIVE)
    assert (answer.status_code, shape_of(answer)["code"], answer["Allow"]) == (
        405,
        "method_not_allowed",
        "POST, OPTIONS",
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "x"])
def test_unsupported_media_type(erp: Client, kind: str) -> None:
    answer = post(erp, "x=1", kind=kind)
    assert (answer.status_code, shape_of(answer)["code"]) == (415, "unsupported_media_type")


def test_unacceptable_answer(erp: Client) -> None:
    answer = erp.get("/api/v1/stores/", headers={"accept": "image/png"})
    assert (answer.status_code, shape_of(answer)["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize(("header", "code"), [(None, "not_authenticated"), ("Bearer x", "authentication_failed")])
def test_not_signed_in(cast: Cast, header: str | None, code: str) -> None:
    headers = {"host": "north.localhost"} | ({"authorization": header} if header else {})
    answer = Client(headers=headers).get("/api/v1/stores/")
    assert (answer.status_code, shape_of(answer)["code"]) == (401, code)
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_forbidden(cast: Cast, api: Api) -> None:
    answer = post(api(cast.bo, agency=cast.north), GOOD)
    assert (answer.status_code, shape_of(answer)["code"]) == (403, "forbidden")


def test_too_large(erp: Client) -> None:
    answer = post(erp, {**GOOD, "text": "x" * (3 * 1024 * 1024)})
    assert (answer.status_code, shape_of(answer)["code"]) == (413, "too_large")


def test_too_large_without_a_length(erp: Client) -> None:
    """A chunked body says nothing of its size beforehand: the reading itself must stop."""
    content = json.dumps({**GOOD, "text": "x" * (3 * 1024 * 1024)})
    answer = erp.generic("POST", RECEIVE, content, content_type="application/json", CONTENT_LENGTH="")
    assert answer.status_code in {400, 413}


def test_api_speaks_the_language_it_is_asked_in(erp: Client) -> None:
    english = shape_of(erp.get("/api/v1/stores/nope/tickets/", headers={"accept-language": "en"}))
    chinese = shape_of(erp.get("/api/v1/stores/nope/tickets/", headers={"accept-language": "zh-CN"}))
    assert english["code"] == chinese["code"]
    assert english["message"] != chinese["message"]


def test_bug_stays_a_500_and_tells_nothing(cast: Cast, erp: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(views, "receive_message", broken)
    answer = post(erp, GOOD)
    assert answer.status_code == 500
    assert b"secret of the house" not in answer.content


def test_no_answer_is_throttled_yet(cast: Cast) -> None:
    """When throttling comes, its 429 belongs into this file."""
    assert not any(name.endswith("throttling") for module in modules() for name, _ in imports_of(module.tree))


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/desk/store-a/99/reply/", {"body": "x", "client_key": "k", "seen_seq": "9"}, 404, "not yours"),
        ("/desk/nope/1/close/", {}, 404, "not yours"),
        ("/desk/store-a/1/reply/", {"body": " ", "client_key": "k", "seen_seq": "9"}, 400, "Write something"),
        ("/desk/store-a/1/reply/", {"body": "x", "seen_seq": "9"}, 400, "be used"),
        ("/desk/store-a/1/reply/", {"body": "x", "client_key": "k", "seen_seq": "x"}, 400, "be used"),
        ("/desk/store-a/1/reply/", {"body": "x\x00", "client_key": "k", "seen_seq": "9"}, 400, "be used"),
        ("/desk/store-a/1/assign/", {"assignee": "999999"}, 400, "does not work"),
        ("/desk/store-a/1/assign/", {"assignee": "x"}, 400, "be used"),
    ],
)
def test_page_and_partial_say_what_is_wrong(
    cast: Cast, sign_in: SignIn, path: str, body: dict[str, str], status: int, told: str, htmx: bool
) -> None:
    answer = sign_in(cast.ann).post(path, body, headers={"HX-Request": "true"} if htmx else {})
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")
    text = answer.content.decode()
    assert told in text or status == 404
    assert ("<html" in text) != htmx


def test_role_that_may_not_is_told_so(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.di, "store-a.localhost").post("/desk/store-a/1/note/", {"body": "x", "client_key": "k"})
    assert answer.status_code == 403


@pytest.mark.parametrize("query", ["view=none", "cursor=x", "open_number=x", "open_number=" + "9" * 30])
def test_bad_query_is_refused(cast: Cast, sign_in: SignIn, query: str) -> None:
    assert sign_in(cast.ann).get(f"/desk/queue/?{query}").status_code == 400


def test_unknown_page_is_a_page(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.ann).get("/nope/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_token_is_in_no_error(cast: Cast) -> None:
    _token, secret = issue_token(cast.ann, name="x", scope="write", store=cast.b)
    client = Client(headers={"host": "north.localhost", "authorization": f"Bearer {secret}"})
    assert secret not in client.get("/api/v1/stores/store-a/tickets/").content.decode()
