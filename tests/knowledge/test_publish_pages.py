"""Publishing in the web admin: what is shown before, what is done, and who may do it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from knowledge.actions.override import override
from knowledge.models import Delivered, Item, Publication, Release, StoreLibrary
from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tests.knowledge.test_publish import article, more_stores, next_version, outcomes, runs, says, sop, to
from tests.test_query_counts import counted

CHECK, DRIFT = "/admin/publish/new/check/", "/admin/publish/drift/"


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def form(item: Item, *stores: Any, version: int | str = 1, **more: Any) -> dict[str, Any]:
    return {
        "item": item.pk,
        f"version_{item.pk}": version,
        "store": [store.pk for store in stores],
        "when": "now",
        "replace": "no",
        **more,
    }


def test_seen_first_then_done(cast: Cast, ann: Client) -> None:
    item = article(cast)
    page = ann.get("/admin/publish/new/").content.decode()
    assert "第一版" in page
    page = ann.get("/admin/publish/new/", {"item": item.pk}).content.decode()
    assert "Store A" in page
    assert "Store C" not in page
    shown = ann.post(CHECK, form(item, cast.a, cast.b)).content.decode()
    assert "Change 2 stores" in shown
    assert not Release.objects.exists()
    done = ann.post(CHECK, {**form(item), "sure": "yes", f"stores_{item.pk}": f"{cast.a.pk},{cast.b.pk}"})
    release = Release.objects.get()
    assert done.url == f"/admin/publish/releases/{release.pk}/"
    assert runs(item) == {"a": 1, "b": 1}
    result = ann.get(done.url).content.decode()
    assert "Store B" in result
    ann.post(done.url, {"do": "undo"})
    assert runs(item) == {}
    assert "went back" in ann.get(done.url).content.decode()


def test_what_changed_after_it_was_seen_is_left(cast: Cast, ann: Client) -> None:
    item = article(cast)
    body = form(item, sure="yes") | {f"stores_{item.pk}": cast.a.pk, f"seen_{item.pk}": json.dumps({cast.a.pk: 0})}
    to(cast, item, item.latest, cast.a)
    next_version(cast, item)
    ann.post(CHECK, body | {f"version_{item.pk}": 2})
    assert outcomes(Release.objects.latest("pk")) == {"a": "refused moved_on"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"store": []}, "Choose one store"),
        ({"when": "later", "at": "", "time_zone": "Asia/Shanghai"}, "Say the day"),
        ({"when": "later", "at": "2001-01-01T00:00", "time_zone": "Asia/Shanghai", "sure": "yes"}, "time is over"),
        ({"when": "later", "at": "2027-03-14T02:30", "time_zone": "America/New_York"}, "leap over"),
        ({"when": "later", "at": "2027-03-14T02:30", "time_zone": "Moon/Base"}, "no such time zone"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    cast: Cast, ann: Client, wrong: dict[str, Any], words: str
) -> None:
    item = article(cast)
    answer = ann.post(CHECK, form(item, cast.b, note="双十一前") | wrong)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert words in page
    assert "双十一前" in page
    assert (f'value="{cast.b.pk}" id="store-{cast.b.pk}" checked' in page) == ("store" not in wrong)
    assert not Release.objects.exists()


def test_what_is_not_there_is_not_found(cast: Cast, ann: Client) -> None:
    item = article(cast)
    assert ann.post(CHECK, form(item, cast.c, sure="yes")).status_code == 404
    assert ann.post(CHECK, {"item": 10**15}).status_code == 404
    assert ann.post(CHECK, form(item, cast.a, version=9)).status_code == 400
    assert ann.post(CHECK, form(item, cast.a) | {f"seen_{item.pk}": "[" * 5000}).status_code == 400
    assert ann.post(CHECK, {"item": "x' OR 1=1"}).status_code == 302
    assert not Release.objects.exists()


def test_a_time_is_of_its_zone(cast: Cast, ann: Client) -> None:
    item = article(cast)
    when = {"when": "later", "at": "2027-05-01T20:00", "time_zone": "Asia/Shanghai"}
    assert "2027-05-01 20:00" in ann.post(CHECK, form(item, cast.a, **when)).content.decode()
    done = ann.post(CHECK, form(item, cast.a, sure="yes", **when))
    release = Release.objects.get()
    assert release.due_at.isoformat() == "2027-05-01T12:00:00+00:00"
    assert "2027-05-01 20:00" in ann.get(done.url).content.decode()
    ann.post(done.url, {"do": "cancel"})
    release.refresh_from_db()
    assert release.cancelled_at is not None


def test_drift_is_seen_and_mended_at_once(cast: Cast, ann: Client) -> None:
    item, other = article(cast, "甲"), article(cast, "乙")
    to(cast, item, item.latest, cast.a, cast.b)
    to(cast, other, other.latest, cast.a)
    override(cast.a, item, says("本店的"), author=cast.ann, now=NOON)
    next_version(cast, item), next_version(cast, other)
    page = ann.get(DRIFT, {"show": "behind"}).content.decode()
    assert "v1 × 2" in page
    for path in (f"{DRIFT}{item.pk}/", f"{DRIFT}{item.pk}/?show=overrides", f"{DRIFT}stores/"):
        assert "Store A" in ann.get(path).content.decode()
    assert "Store B" not in ann.get(f"{DRIFT}{item.pk}/?show=overrides").content.decode()
    shown = ann.post(DRIFT, {"item": [item.pk, other.pk]}).content.decode()
    assert "Change 3 stores" in shown
    assert "go on with their own text" in shown
    assert runs(item) == {"a": 1, "b": 1}
    sure = {
        "sure": "yes",
        "item": [item.pk, other.pk],
        f"version_{item.pk}": 2,
        f"version_{other.pk}": 2,
        f"stores_{item.pk}": f"{cast.a.pk},{cast.b.pk}",
        f"stores_{other.pk}": cast.a.pk,
    }
    assert ann.post(CHECK, sure).url == "/admin/publish/releases/"
    assert (runs(item), runs(other)) == ({"a": 2, "b": 2}, {"a": 2})
    assert ann.post(DRIFT, {"item": [item.pk]}).url == DRIFT
    assert ann.get("/admin/publish/releases/").status_code == 200


def test_a_store_writes_its_own_text(cast: Cast, ann: Client) -> None:
    item = article(cast)
    url = f"/admin/publish/stores/{cast.a.pk}/items/{item.pk}/"
    assert ann.get(url).status_code == 404
    to(cast, item, item.latest, cast.a)
    run = Publication.objects.get()
    assert "第一版" in ann.get(url).content.decode()
    typed = {
        "seen": run.mark,
        "title.zh": "本店",
        "body.zh": "本店\r\n自己的",
        "body.en": "Our own",
        "x.0.zh": "",
    }
    assert ann.post(url, typed).status_code == 302
    run.refresh_from_db()
    assert run.override == {"title": {"zh": "本店", "en": ""}, "body": {"zh": "本店\n自己的", "en": "Our own"}}
    refused = ann.post(url, typed | {"title.zh": "另一个人写的"})
    assert refused.status_code == 409
    assert "另一个人写的" in refused.content.decode()
    refused = ann.post(url, {"seen": run.mark, "title.zh": "", "title.en": ""})
    assert (refused.status_code, "title" in refused.content.decode()) == (400, True)
    assert ann.post(url, {"do": "drop", "seen": run.mark}).status_code == 302
    run.refresh_from_db()
    assert run.override is None


def test_an_sop_is_overridden_text_by_text(cast: Cast, ann: Client) -> None:
    version = sop(cast)
    Publication.objects.create(store=cast.a, item=version.item, version=version, published_at=NOON)
    url = f"/admin/publish/stores/{cast.a.pk}/items/{version.item_id}/"
    assert "steps.0.title.zh" in ann.get(url).content.decode()
    ann.post(url, {"steps.0.title.zh": "先核实订单"})
    run = Publication.objects.get()
    (step,) = (run.override or {})["steps"]
    assert (step["title"]["zh"], step["key"]) == ("先核实订单", "a")


def test_whether_the_seller_signs(cast: Cast, ann: Client) -> None:
    url = f"/admin/publish/stores/{cast.a.pk}/"
    assert ann.get(url).status_code == 200
    ann.post(url, {"seller_signs": "yes"})
    assert StoreLibrary.objects.get(store=cast.a).seller_signs
    ann.post(url, {})
    assert not StoreLibrary.objects.get(store=cast.a).seller_signs


def test_who_may_not(cast: Cast, sign_in: SignIn) -> None:
    item = article(cast)
    release = to(cast, item, item.latest, cast.a)
    paths = (
        "/admin/publish/new/", CHECK, DRIFT, f"{DRIFT}{item.pk}/", f"{DRIFT}stores/", "/admin/publish/releases/",
        f"/admin/publish/releases/{release.pk}/", f"/admin/publish/stores/{cast.a.pk}/",
        f"/admin/publish/stores/{cast.a.pk}/items/{item.pk}/",
    )  # fmt: skip
    bo, cy = sign_in(cast.bo), sign_in(cast.cy, "south.localhost")
    for path in paths:
        assert bo.get(path).status_code == 403, path
        assert bo.post(path, {"do": "undo", "item": item.pk}).status_code in (403, 405), path
        if any(part.isdigit() for part in path.split("/")):
            assert cy.get(path).status_code == 404, path
    assert cy.post(f"/admin/publish/releases/{release.pk}/", {"do": "undo"}).status_code == 404
    assert "第一版" not in cy.get(DRIFT).content.decode() + cy.get("/admin/publish/new/").content.decode()
    assert Delivered.objects.get().outcome == "published"


def test_two_hundred_in_one_request(cast: Cast, ann: Client) -> None:
    item, stores = article(cast), more_stores(cast, 200)
    pks = ",".join(str(store.pk) for store in stores)
    assert "Change 200 stores" in ann.post(CHECK, form(item, stores=pks)).content.decode()
    done = ann.post(CHECK, form(item, stores=pks, sure="yes"))
    assert Delivered.objects.filter(outcome="published").count() == 200
    assert ann.get(done.url).content.decode().count("Many ") == 200


def test_more_stores_cost_no_more_statements(cast: Cast, ann: Client) -> None:
    item = article(cast)
    release = to(cast, item, item.latest, cast.a, cast.b)
    pages = (
        f"/admin/publish/new/?item={item.pk}",
        "/admin/publish/releases/",
        f"/admin/publish/releases/{release.pk}/",
        DRIFT,
        f"{DRIFT}{item.pk}/",
        f"{DRIFT}stores/",
        f"/admin/publish/stores/{cast.a.pk}/",
    )
    for page in pages:
        ann.get(page)  # what only a first request does
    few = [counted(lambda page=page: ann.get(page)) for page in pages]
    other, stores = article(cast, "乙"), more_stores(cast, 40)
    to(cast, item, item.latest, *stores), to(cast, other, other.latest, cast.a, *stores)
    assert [counted(lambda page=page: ann.get(page)) for page in pages] == few
    assert max(few) < 25
