"""API tokens: hashed at rest, revocable, never wider than the person they act for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from tenants.actions.issue_token import issue_token, revoke_token
from tenants.models import ApiToken, Assignment, Membership, Store, User
from tests.cast import NORTH_HOST, SOUTH_HOST, Cast
from tests.scenes import snapshot

WRITE, READ = ApiToken.Scope.WRITE, ApiToken.Scope.READ
MESSAGE = {"external_id": "t-1", "customer": {"id": "b"}, "text": "hi"}


def client(secret: str, host: str = NORTH_HOST, scheme: str = "Bearer") -> Client:
    return Client(headers={"host": host, "authorization": f"{scheme} {secret}"}, raise_request_exception=False)


def issue(person: User, scope: str = WRITE, **opens: Any) -> tuple[ApiToken, str]:
    return issue_token(person, name="erp", scope=scope, **opens)


def status(secret: str, host: str = NORTH_HOST, path: str = "/api/v1/stores/store-a/tickets/1/") -> int:
    return client(secret, host).get(path).status_code


def test_secret_is_nowhere_at_rest(cast: Cast) -> None:
    token, secret = issue(cast.ann, agency=cast.north)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM tenants_apitoken t WHERE id = %s", [token.pk])
        row = cursor.fetchone()[0]
    assert secret not in row
    assert secret[12:] not in row
    assert (secret.startswith("dfk_"), len(secret) > 40, token.prefix) == (True, True, secret[:8])
    assert secret not in str(token)


def test_two_tokens_are_never_alike(cast: Cast) -> None:
    assert issue(cast.ann, agency=cast.north)[1] != issue(cast.ann, agency=cast.north)[1]


def test_revoked_at_once_and_for_good(cast: Cast) -> None:
    token, secret = issue(cast.ann, agency=cast.north)
    assert status(secret) == 200
    now = timezone.now()
    revoke_token(token, now=now)
    assert status(secret) == 401
    revoke_token(token, now=now + timedelta(days=1))
    assert ApiToken.objects.get(pk=token.pk).revoked_at == now


def test_expired_is_dead(cast: Cast) -> None:
    now = timezone.now()
    assert status(issue(cast.ann, agency=cast.north, expires_at=now - timedelta(seconds=1))[1]) == 401
    assert status(issue(cast.ann, agency=cast.north, expires_at=now + timedelta(hours=1))[1]) == 200


def test_disabled_persons_token_is_dead(cast: Cast) -> None:
    _token, secret = issue(cast.ann, agency=cast.north)
    User.objects.filter(pk=cast.ann.pk).update(is_active=False)
    assert status(secret) == 401


def test_token_shrinks_with_its_person(cast: Cast) -> None:
    _token, secret = issue(cast.bo, agency=cast.north)
    assert (status(secret), status(secret, path="/api/v1/stores/store-b/tickets/1/")) == (200, 404)
    Assignment.objects.filter(user=cast.bo).delete()
    assert status(secret) == 404
    Membership.objects.filter(user=cast.bo).delete()
    assert client(secret).get("/api/v1/stores/").json() == []


@pytest.mark.parametrize("secret", ["", " ", "dfk_", "dfk_" + "x" * 43, "x" * 5000, "dfk_\u00ff", "a b", "null"])
def test_unknown_secret_opens_nothing(cast: Cast, secret: str) -> None:
    assert status(secret) == 401


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bearerx", ""])
def test_other_schemes_open_nothing(cast: Cast, scheme: str) -> None:
    _token, secret = issue(cast.ann, agency=cast.north)
    assert client(secret, scheme=scheme).get("/api/v1/stores/").status_code == 401


def test_prefix_and_hash_are_no_keys(cast: Cast) -> None:
    token, _secret = issue(cast.ann, agency=cast.north)
    assert (status(token.prefix), status(token.digest)) == (401, 401)


def test_token_in_the_address_opens_nothing(cast: Cast) -> None:
    _token, secret = issue(cast.ann, agency=cast.north)
    for name in ("token", "access_token", "authorization"):
        answer = Client(headers={"host": NORTH_HOST}).get("/api/v1/stores/", {name: secret})
        assert answer.status_code == 401


def test_session_is_no_token(cast: Cast, sign_in: Any) -> None:
    assert sign_in(cast.ann).get("/api/v1/stores/").status_code == 401


def test_reading_token_reads_and_writes_nothing(cast: Cast) -> None:
    reader = client(issue(cast.ann, READ, agency=cast.north)[1])
    before = snapshot(cast.a)
    assert reader.get("/api/v1/stores/store-a/tickets/1/messages/").status_code == 200
    ticket = "/api/v1/stores/store-a/tickets/1/"
    for path, body in [
        ("/api/v1/stores/store-a/messages/", MESSAGE),
        (f"{ticket}reply/", {"body": "x", "client_key": "k"}),
        (f"{ticket}notes/", {"body": "x", "client_key": "k"}),
        (f"{ticket}assign/", {"assignee": None}),
        (f"{ticket}close/", {}),
        (f"{ticket}reopen/", {}),
        ("/api/v1/stores/store-a/messages/2/delivery/", {"state": "read"}),
    ]:
        answer = reader.post(path, body, content_type="application/json")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), path
    assert reader.get("/api/v1/stores/store-a/outgoing/").status_code == 403
    assert snapshot(cast.a) == before


def test_stores_token_opens_that_store_only(cast: Cast) -> None:
    _token, secret = issue(cast.ann, store=cast.a)
    assert [store["slug"] for store in client(secret).get("/api/v1/stores/").json()] == ["store-a"]
    assert (status(secret), status(secret, "store-a.localhost")) == (200, 200)
    assert status(secret, path="/api/v1/stores/store-b/tickets/1/") == 404
    assert status(secret, "store-b.localhost", "/api/v1/stores/store-b/tickets/1/") == 401
    assert status(secret, "store-b.localhost") == 401


def test_agencys_token_opens_nothing_at_another_agencys(cast: Cast) -> None:
    _token, secret = issue(cast.ann, agency=cast.north)
    assert client(secret, SOUTH_HOST).get("/api/v1/stores/").status_code == 401
    assert status(secret, SOUTH_HOST, "/api/v1/stores/store-c/tickets/1/") == 401
    assert status(secret, SOUTH_HOST) == 401
    assert status(secret, "store-c.localhost", "/api/v1/stores/store-c/tickets/1/") == 401


def test_token_for_a_place_where_its_person_has_no_business_opens_nothing(cast: Cast) -> None:
    _token, secret = issue(cast.ann, agency=cast.south)
    assert status(secret, SOUTH_HOST, "/api/v1/stores/store-c/tickets/1/") == 404
    assert status(secret) == 401


def test_sellers_token_hands_in_no_messages(cast: Cast) -> None:
    seller = client(issue(cast.di, store=cast.a)[1], "store-a.localhost")
    assert seller.get("/api/v1/stores/store-a/tickets/1/").status_code == 200
    answer = seller.post("/api/v1/stores/store-a/messages/", MESSAGE, content_type="application/json")
    assert answer.status_code == 403


def test_token_opens_one_thing(cast: Cast) -> None:
    for opens in ({}, {"agency": cast.north, "store": cast.a}):
        with pytest.raises(IntegrityError), transaction.atomic():
            issue(cast.ann, **opens)


def test_use_is_noted_to_the_hour(cast: Cast) -> None:
    token, secret = issue(cast.ann, agency=cast.north)
    status(secret)
    first = ApiToken.objects.get(pk=token.pk).last_used_at
    status(secret)
    assert first is not None
    assert ApiToken.objects.get(pk=token.pk).last_used_at == first


def test_store_that_was_suspended_is_closed_to_tokens(cast: Cast) -> None:
    _token, secret = issue(cast.ann, agency=cast.north)
    Store.objects.filter(pk=cast.a.pk).update(state=Store.State.SUSPENDED)
    assert status(secret) == 404
