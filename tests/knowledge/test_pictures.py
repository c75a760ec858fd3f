"""Pictures of the library: what comes in is drawn anew, and each goes only to whom some text shows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from knowledge.actions import add_picture as adding
from knowledge.actions.add_picture import PictureRefused, add_picture
from knowledge.actions.make_version import make_version
from knowledge.actions.write_item import Place, create_item
from knowledge.content.pictures import pictures_in
from knowledge.models import Picture, Publication, Version
from tenants.models import Store
from tests.cast import NOON, NORTH_HOST, PNG, SOUTH_HOST, Cast
from tests.conftest import SignIn
from tests.tenants.test_images import bomb, picture

A_HOST, B_HOST = "store-a.localhost", "store-b.localhost"


def added(cast: Cast, content: bytes = PNG, name: str = "size chart.png") -> Picture:
    return add_picture(cast.north.pk, name=name, content=content, author=cast.ann, now=NOON)


def article_with(cast: Cast, shown: Picture, audience: str = "public") -> Version:
    body = f"![chart](picture:{shown.pk})"
    item = create_item(
        cast.north.pk,
        kind="article",
        content={"title": {"en": "Sizes"}, "body": {"en": body}},
        place=Place(audience=audience),
        author=cast.ann,
        now=NOON,
    )
    return make_version(item, revision=1, author=cast.ann, now=NOON)


def publish(version: Version, store: Store, **more: Any) -> Publication:
    return Publication.objects.create(store=store, item=version.item, version=version, published_at=NOON, **more)


def address(shown: Picture | UUID) -> str:
    return f"/library/pictures/{shown.pk if isinstance(shown, Picture) else shown}/"


def test_what_comes_in_is_a_picture_and_nothing_else(cast: Cast) -> None:
    kept = added(cast, picture("GIF") + b"<script>alert(1)</script>", name="../../a b.gif")
    with kept.file.open("rb") as file:
        assert b"script" not in file.read()
    assert (kept.name, kept.mime, kept.width, kept.height) == ("_.._a b.gif", "image/png", 40, 20)
    assert kept.file.storage.exists(kept.small_path)


def test_the_same_again_is_the_same(cast: Cast) -> None:
    assert added(cast).pk == added(cast, name="again.png").pk
    south = add_picture(cast.south.pk, name="x.png", content=PNG, author=cast.cy, now=NOON)
    assert south.pk != added(cast).pk


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload='alert(1)'/>", b"%PDF-1.7 x", bomb(), PNG[:40], PNG + b"x" * 10**7 * 2]
)
def test_what_is_none_is_refused(cast: Cast, content: bytes) -> None:
    with pytest.raises(PictureRefused) as refused:
        added(cast, content)
    assert refused.value.field == "picture"
    assert not Picture.objects.exists()


def test_there_is_an_end_to_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    added(cast)
    monkeypatch.setattr(adding, "MOST_OF_AGENCY", 100)
    with pytest.raises(PictureRefused):
        added(cast, picture("PNG", (30, 30)))


def test_a_version_knows_its_pictures(cast: Cast) -> None:
    shown = added(cast)
    assert article_with(cast, shown).pictures == [shown.pk]
    other = uuid4()
    assert pictures_in({"pictures": [str(other)], "body": {"zh": f"![](picture:{str(shown.pk).upper()})"}}) == (
        other,
        shown.pk,
    )
    assert pictures_in({"body": {"zh": f"picture:{shown.pk}0 xpicture:{shown.pk}"}}) == ()


def test_at_the_agencys_host_its_members_see_it(cast: Cast, sign_in: SignIn) -> None:
    shown = added(cast)
    for who in (cast.ann, cast.bo):
        answer = sign_in(who).get(address(shown))
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"].startswith("private")
    assert sign_in(cast.ann).get(address(shown), {"size": "small"}).status_code == 200
    assert sign_in(cast.ann).get(address(uuid4())).status_code == 404
    for who, host in ((None, NORTH_HOST), (cast.di, NORTH_HOST), (cast.cy, NORTH_HOST), (cast.cy, SOUTH_HOST)):
        assert sign_in(who, host).get(address(shown)).status_code == 404


@pytest.mark.parametrize(
    ("audience", "seen_by"), [("public", {"nobody", "di", "bo"}), ("bot", {"di", "bo"}), ("staff", {"bo"})]
)
def test_in_a_store_a_text_that_runs_there_shows_it(
    cast: Cast, sign_in: SignIn, audience: str, seen_by: set[str]
) -> None:
    shown = added(cast)
    version = article_with(cast, shown, audience)
    people = {"nobody": None, "di": cast.di, "bo": cast.bo}

    def seen(host: str = A_HOST) -> set[str]:
        return {who for who, person in people.items() if sign_in(person, host).get(address(shown)).status_code == 200}

    assert seen() == {"bo"}
    publication = publish(version, cast.a)
    assert seen() == seen_by
    assert seen(B_HOST) == set()
    publication.override, publication.override_of = {"title": {"en": "x"}, "body": {"en": "No picture."}}, version
    publication.save()
    assert seen() == {"bo"}  # the store's own text shows none
    publication.override = {"title": {"en": "x"}, "body": {"en": f"![](picture:{shown.pk})"}}
    publication.save()
    assert seen() == seen_by


def test_who_writes_adds_one(cast: Cast, sign_in: SignIn) -> None:
    def upload(who: Any, host: str = NORTH_HOST, content: bytes = PNG) -> Any:
        file = SimpleUploadedFile("[x](y) `z`.png", content)
        return sign_in(who, host).post("/library/pictures/", {"picture": file})

    made = upload(cast.bo)
    assert made.status_code == 201
    assert made.json()["markdown"] == f"![ x (y)  z ](picture:{made.json()['id']})"
    assert sign_in(cast.bo).get(made.json()["url"]).status_code == 200
    refused = upload(cast.bo, content=b"<html>")
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "picture")
    count = Picture.objects.count()
    for who, host in ((cast.di, NORTH_HOST), (cast.cy, NORTH_HOST), (cast.bo, A_HOST), (cast.di, A_HOST)):
        assert upload(who, host).status_code == 404
    assert upload(None).status_code == 302
    assert sign_in(cast.bo).post("/library/pictures/").status_code == 400
    assert Picture.objects.count() == count
