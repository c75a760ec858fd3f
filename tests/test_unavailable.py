"""The database is away, or too much is sent: a clear word in the right shape, and nothing is half done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.utils import timezone

from tenants import clock, hosts
from tenants.context import in_store
from tests.cast import NORTH_HOST, PNG, Cast
from tickets import incoming
from tickets.actions.receive import receive_message
from tickets.models import Ticket


def gone(*_args: Any, **_kwargs: Any) -> None:
    raise OperationalError("the server closed the connection")


@pytest.mark.parametrize("where", ["tenants.middleware.place_of", "tickets.api.views.stores_for"])
def test_api_says_503_and_when_to_try_again(cast: Cast, api: Any, monkeypatch: Any, where: str) -> None:
    client = api(cast.ann, agency=cast.north)
    monkeypatch.setattr(where, gone)
    answer = client.get("/api/v1/stores/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json()["error"]["code"] == "unavailable"


def test_desk_says_so_in_its_partial(cast: Cast, sign_in: Any, monkeypatch: Any) -> None:
    client = sign_in(cast.ann)
    monkeypatch.setattr("tickets.views.queue_for", gone)
    answer = client.get("/desk/queue/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert b"unavailable" in answer.content or b"moment" in answer.content


def test_files_that_are_too_large_are_not_read(cast: Cast, sign_in: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(incoming, "MOST_BYTES", 100)
    monkeypatch.setattr(SimpleUploadedFile, "read", gone)
    large = SimpleUploadedFile("large.png", PNG * 9)
    with pytest.raises(incoming.FileRefused) as refused:
        incoming.read_uploads([large])
    assert refused.value.field == "files"


def test_retry_of_an_answer_that_closed_does_not_close_over_an_unseen_message(cast: Cast, sign_in: Any) -> None:
    from_buyer = {"external_id": "late", "channel": "tmall", "customer_id": "buyer-1", "text": "Wait, one more thing!"}
    client = sign_in(cast.ann)
    form = {"body": "Done.", "client_key": "once", "seen_seq": "9", "then_close": "1"}
    assert client.post("/desk/store-a/1/reply/", form).status_code == 302
    with in_store(cast.a):
        message = incoming.IncomingMessage(**from_buyer)  # type: ignore[arg-type]
        receive_message(message, now=timezone.now())
    assert client.post("/desk/store-a/1/reply/", form).status_code == 409
    with in_store(cast.a):
        assert Ticket.objects.get(pk=1).state == "waiting"


def test_slash_that_was_forgotten_loses_no_body(cast: Cast, api: Any, sign_in: Any) -> None:
    client = api(cast.ann, agency=cast.north)
    answer = client.post("/api/v1/stores/store-a/messages", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert sign_in(cast.ann).get("/desk/queue").status_code == 301


def test_time_is_the_databases(db: None, monkeypatch: Any) -> None:
    ahead = timezone.now() + timedelta(minutes=10)
    fresh = clock._DatabaseClock()
    monkeypatch.setattr(clock, "_read", lambda: ahead)
    first = fresh.now()
    assert timedelta(0) <= first - ahead < timedelta(seconds=5)
    monkeypatch.setattr(clock, "_read", gone)  # not asked again within the hour
    assert fresh.now() >= first


def test_place_is_asked_once_a_request(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert hosts.place_of(NORTH_HOST)
