"""The frame itself: its policy and nobody else's, its navigation, what is not there."""

from __future__ import annotations

import re

import pytest
from django.core.checks import run_checks
from django.test import Client

from config.admin import site
from tenants.models import Membership, User
from tests.cast import NORTH_HOST, Cast
from tests.conftest import SignIn

STRICT = {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"}


def policy(client: Client, path: str) -> set[str]:
    header = client.get(path).headers["Content-Security-Policy"]
    return {part.strip() for part in header.split(";") if part.strip()}


def test_policy_is_widened_in_the_admin_alone(cast: Cast, sign_in: SignIn) -> None:
    ann = sign_in(cast.ann)
    for path in ("/admin/", "/admin/tenants/team/", "/admin/tenants/team/add/", "/admin/search/?s=a"):
        found = policy(ann, path)
        assert {"script-src 'self' 'unsafe-eval'", "style-src 'self'", "style-src-attr 'unsafe-inline'"} <= found
        assert found >= STRICT
    for path in ("/", "/desk/queue/", "/settings/chat/", "/accounts/login/", "/admin/no-such-page/"):
        assert "unsafe" not in " ".join(policy(ann, path)), path
    assert "unsafe" not in " ".join(policy(sign_in(None), "/admin/"))
    assert "unsafe" not in " ".join(policy(sign_in(cast.cy), "/admin/"))


@pytest.mark.parametrize(
    "path", ["", "tenants/membership/", "tenants/membership/add/", "tenants/store/", "tenants/membership/import/"]
)
def test_no_inline_script_and_nothing_foreign(cast: Cast, sign_in: SignIn, path: str) -> None:
    text = sign_in(cast.ann).get("/admin/" + path).content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == []
    assert re.findall(r"<style", text) == []
    assert re.findall(r"\son\w+=", text) == []
    assert re.findall(r"(?:src|href|action)=\"(?:https?:)?//", text) == []


def test_navigation_shows_what_one_may(cast: Cast, sign_in: SignIn) -> None:
    def links(person: User) -> set[str]:
        return set(re.findall(r'href="(/admin/[^"]*)"', sign_in(person).get("/admin/").content.decode()))

    lead, agent = links(cast.ann), links(cast.bo)
    assert {"/admin/tenants/membership/", "/admin/tenants/store/", "/admin/report/"} <= lead
    assert not {"/admin/tenants/membership/", "/admin/tenants/store/", "/admin/report/"} & agent


def test_every_entry_of_the_navigation_opens(cast: Cast, sign_in: SignIn) -> None:
    for person in (cast.ann, cast.bo):
        client = sign_in(person)
        for link in set(re.findall(r'<li>\s*<a href="(/admin/[^"]*)"', client.get("/admin/").content.decode())):
            assert client.get(link).status_code == 200, link


def test_models_of_others_are_not_there() -> None:
    labels = {model._meta.app_label for model in site._registry}
    assert labels <= {"tenants", "knowledge", "tickets", "desk", "reports"}


def test_former_member_is_out_at_once(cast: Cast, sign_in: SignIn) -> None:
    ann = sign_in(cast.ann)
    assert ann.get("/admin/").status_code == 200
    Membership.objects.filter(user=cast.ann).delete()
    assert ann.get("/admin/").status_code == 404


def test_sign_in_leads_back(cast: Cast) -> None:
    answer = Client(headers={"host": NORTH_HOST}).get("/admin/tenants/team/?q=x")
    assert answer["Location"] == "/accounts/login/?next=/admin/tenants/team/%3Fq%3Dx"


def test_checks_of_the_admin_are_silent() -> None:
    assert [error for error in run_checks() if error.id and error.id.startswith("admin.")] == []


def test_desk_leads_to_the_admin(cast: Cast, sign_in: SignIn) -> None:
    assert 'href="/admin/"' in sign_in(cast.ann).get("/").content.decode()
    assert "/admin/" not in sign_in(cast.ann, "store-a.localhost").get("/").content.decode()
