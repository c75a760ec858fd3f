"""Signing in: a wrong door looks like a wrong password."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from tenants.models import Assignment, User
from tests.cast import NORTH_HOST, PASSWORD, SOUTH_HOST, Cast

A, B, OPERATOR = "store-a.localhost", "store-b.localhost", "localhost"


@pytest.fixture(autouse=True)
def no_old_attempts(settings: Any) -> None:
    """allauth counts attempts in the cache; this test's own, forgotten with it."""
    name = f"sign-in-{id(object())}"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name}}


def attempt(email: str, password: str = PASSWORD, host: str = NORTH_HOST) -> tuple[int, str]:
    client = Client(headers={"host": host})
    answer = client.post("/accounts/login/", {"login": email, "password": password})
    signed_in = "_auth_user_id" in client.session
    assert signed_in == (answer.status_code == 302)
    body = re.sub(r'value="[A-Za-z0-9]{64}"|[A-Za-z0-9]{64}', "", answer.content.decode())
    return answer.status_code, body.replace(email, "EMAIL").replace(password, "PASSWORD")


@pytest.mark.parametrize(
    ("who", "host"),
    [
        ("ann", NORTH_HOST),
        ("bo", NORTH_HOST),
        ("cy", SOUTH_HOST),
        ("ann", A),
        ("ann", B),
        ("bo", A),
        ("di", A),
        ("op", OPERATOR),
    ],
)
def test_right_door_opens(cast: Cast, who: str, host: str) -> None:
    assert attempt(f"{who}@example.com", host=host)[0] == 302


@pytest.mark.parametrize(
    ("who", "host"),
    [
        ("di", NORTH_HOST),  # a seller at the agency's
        ("bo", B),  # an agent who was not given the store
        ("ann", SOUTH_HOST),
        ("cy", NORTH_HOST),
        ("cy", A),
        ("di", B),
        ("ann", OPERATOR),
        ("op", NORTH_HOST),
        ("op", A),
        ("nobody", NORTH_HOST),
    ],
)
def test_wrong_door_looks_like_a_wrong_password(cast: Cast, who: str, host: str) -> None:
    wrong = attempt(f"{who}@example.com", "not the password", host)
    assert attempt(f"{who}@example.com", host=host) == wrong
    assert wrong[0] == 200


def test_unknown_person_looks_like_a_wrong_password(cast: Cast) -> None:
    assert attempt("nobody@example.com") == attempt("ann@example.com", "not the password")


def test_disabled_person_looks_like_a_wrong_password(cast: Cast) -> None:
    wrong = attempt("ann@example.com", "not the password")
    User.objects.filter(pk=cast.ann.pk).update(is_active=False)
    assert attempt("ann@example.com") == wrong


def test_disabled_person_is_out_at_the_next_request(cast: Cast, sign_in: Any) -> None:
    client = sign_in(cast.ann)
    assert client.get("/desk/queue/").status_code == 200
    User.objects.filter(pk=cast.ann.pk).update(is_active=False)
    answer = client.get("/desk/queue/")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_person_who_lost_the_store_is_not_let_in_again(cast: Cast) -> None:
    Assignment.objects.filter(user=cast.bo).delete()
    assert attempt("bo@example.com", host=A)[0] == 200


@pytest.mark.parametrize("email", ["ANN@example.com", " ann@example.com "])
def test_email_is_read_kindly(cast: Cast, email: str) -> None:
    assert attempt(email)[0] == 302


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"login": "x"},
        {"login": "a\x00b@example.com", "password": "\x00"},
        {"login": "a" * 5000, "password": "p" * 5000},
    ],
)
def test_garbage_is_no_crash(cast: Cast, typed: dict[str, str]) -> None:
    answer = Client(headers={"host": NORTH_HOST}).post("/accounts/login/", typed)
    assert answer.status_code == 200


def test_no_one_signs_up(cast: Cast) -> None:
    before = User.objects.count()
    client = Client(headers={"host": NORTH_HOST})
    typed = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", typed).status_code == 200
    assert User.objects.count() == before


def test_after_signing_in_nobody_is_sent_elsewhere(cast: Cast) -> None:
    client = Client(headers={"host": NORTH_HOST})
    typed = {"login": "ann@example.com", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/accounts/login/", typed)["Location"] == "/"


def test_reset_looks_the_same_for_everybody(cast: Cast) -> None:
    client = Client(headers={"host": NORTH_HOST})
    known = client.post("/accounts/password/reset/", {"email": "ann@example.com"})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_reset_link_leads_to_the_host_that_was_asked(cast: Cast) -> None:
    client = Client(headers={"host": f"{NORTH_HOST}:8000", "x-forwarded-host": "evil.example"})
    client.post("/accounts/password/reset/", {"email": "ann@example.com"})
    assert f"http://{NORTH_HOST}:8000/accounts/password/reset/key/" in mail.outbox[0].body
    assert "evil.example" not in mail.outbox[0].body


def test_session_of_one_host_is_no_session_on_another(cast: Cast, sign_in: Any) -> None:
    """A cookie carried over by hand opens nothing there, and ends."""
    session = sign_in(cast.di, A).cookies["session"].value
    other = Client(headers={"host": NORTH_HOST})
    other.cookies["session"] = session
    page = other.get("/desk/queue/")
    assert b"CANARY" not in page.content
    assert other.get("/desk/store-a/1/").status_code == 302
    assert not Session.objects.filter(session_key=session).exists()


@pytest.mark.parametrize("path", ["/desk/store-a/1/close/", "/accounts/logout/", "/language/"])
def test_nothing_is_changed_by_another_site(cast: Cast, sign_in: Any, path: str) -> None:
    client = Client(headers={"host": NORTH_HOST, "origin": "http://store-a.localhost"}, enforce_csrf_checks=True)
    client.cookies["session"] = sign_in(cast.ann).cookies["session"].value
    assert client.post(path).status_code == 403


def test_reset_link_opens_the_form_and_the_new_password_signs_in(cast: Cast) -> None:
    client = Client(headers={"host": NORTH_HOST})
    client.post("/accounts/password/reset/", {"email": "ann@example.com"})
    link = re.search(r"http://[^/]+(/accounts/password/reset/key/\S+)", mail.outbox[0].body)
    assert link is not None
    form = client.get(link[1])
    assert form.status_code == 302
    typed = {"password1": "a new horse battery", "password2": "a new horse battery"}
    assert client.post(form["Location"], typed).status_code == 302
    assert User.objects.get(pk=cast.ann.pk).check_password("a new horse battery")
