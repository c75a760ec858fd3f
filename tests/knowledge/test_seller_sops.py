"""The seller's side of SOPs: what waits, what it changes, yes and no; and nobody else's word."""

from __future__ import annotations

from copy import deepcopy

import pytest
from django.test import Client

from knowledge.actions.make_version import make_version, sign_off
from knowledge.actions.publish import publish
from knowledge.actions.set_seller_signs import set_seller_signs
from knowledge.actions.write_item import save_draft
from knowledge.models import Delivered, Item, Publication, SignOff, Version
from tests.cast import NOON, NORTH_HOST, Cast
from tests.conftest import SignIn
from tests.sops import REFUND, make_sop

A_HOST, B_HOST = "store-a.localhost", "store-b.localhost"


@pytest.fixture
def asked(cast: Cast) -> Version:
    """Store A runs the first version, and its seller is asked for the second."""
    item = make_sop(cast)
    publish(item, item.latest, [cast.a.pk, cast.b.pk], author=cast.ann, now=NOON)
    set_seller_signs(cast.a, True, author=cast.ann, now=NOON)
    content = deepcopy(REFUND)
    content["steps"][0]["words"]["en"] = "Dear {buyer}, we are sorry."
    save_draft(item, content, revision=item.revision, author=cast.ann, now=NOON)
    version = make_version(item, revision=item.revision, author=cast.ann, words="warmer", now=NOON)
    sign_off(version, person=cast.ann, accepted=True, now=NOON)
    publish(item, version, [cast.a.pk, cast.b.pk], author=cast.ann, now=NOON)
    return version


@pytest.fixture
def di(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.di, A_HOST)


def runs(item: Item) -> dict[str, int]:
    rows = Publication.objects.filter(item=item).select_related("version", "store")
    return {row.store.slug: row.version.number for row in rows}


def test_the_seller_sees_what_it_changes(cast: Cast, asked: Version, di: Client) -> None:
    page = di.get("/sops/").content.decode()
    assert "1 waits for you" in page
    assert "<del>Hello</del>" in page
    assert "<ins>Dear</ins>" in page
    assert "warmer" in page
    assert '<svg class="flow' in page
    assert "Ann" not in page, "the agency's roster is its own"
    assert '<strong class="chip high">1</strong>' in di.get("/").content.decode()


def test_yes_takes_effect_at_once(cast: Cast, asked: Version, di: Client) -> None:
    assert runs(asked.item) == {"store-a": 1, "store-b": 2}
    assert di.post(f"/sops/asked/{asked.pk}/", {"accepted": "1"}).status_code == 302
    assert runs(asked.item) == {"store-a": 2, "store-b": 2}
    word = SignOff.objects.get(store=cast.a)
    assert (word.person_id, word.accepted) == (cast.di.pk, True)
    assert "Nothing waits for you" in di.get("/sops/").content.decode()
    assert di.post(f"/sops/asked/{asked.pk}/", {"accepted": "1"}).status_code == 302, "a double click"
    assert SignOff.objects.filter(store=cast.a).count() == 1
    assert "Dear {buyer}" in di.get(f"/sops/{asked.item_id}/").content.decode()


def test_no_says_why(cast: Cast, asked: Version, di: Client) -> None:
    refused = di.post(f"/sops/asked/{asked.pk}/", {"reason": "  "})
    assert refused.status_code == 400
    assert "Say what is to be changed" in refused.content.decode()
    assert not SignOff.objects.filter(store=cast.a).exists()
    assert di.post(f"/sops/asked/{asked.pk}/", {"reason": "运费由谁出？"}).status_code == 302
    assert runs(asked.item)["store-a"] == 1
    line = Delivered.objects.get(store=cast.a, release__version=asked)
    assert (line.outcome, line.reason) == ("refused", "运费由谁出？")


@pytest.mark.parametrize(
    ("who", "host", "read", "write"),
    [
        ("ann", A_HOST, 200, 403),
        ("bo", A_HOST, 200, 403),
        ("di", B_HOST, 404, 404),
        ("cy", A_HOST, 404, 404),
        ("ann", NORTH_HOST, 404, 404),
        (None, A_HOST, 302, 302),
    ],
)
def test_nobody_else_signs(
    cast: Cast, asked: Version, sign_in: SignIn, who: str | None, host: str, read: int, write: int
) -> None:
    client = sign_in(getattr(cast, who) if who else None, host)
    for path in ("/sops/", f"/sops/{asked.item_id}/"):
        assert client.get(path).status_code == read, path
    for fields in ({"accepted": "1"}, {"reason": "x"}):
        assert client.post(f"/sops/asked/{asked.pk}/", fields).status_code == write
    assert runs(asked.item)["store-a"] == 1
    assert not SignOff.objects.filter(store=cast.a).exists()


def test_another_stores_question_does_not_exist(cast: Cast, asked: Version, sign_in: SignIn) -> None:
    """Store B runs it already: nothing is asked there, whatever the number in the address."""
    ann = sign_in(cast.ann, B_HOST)
    assert "Nothing waits for you" in ann.get("/sops/").content.decode()
    assert ann.get("/sops/999/").status_code == 404
