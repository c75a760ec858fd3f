"""Articles in the agency's admin: the list, the editor, versions, many at once, and who may."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from knowledge.actions.write_item import Place, begin_item, save_draft
from knowledge.models import Item
from tenants.models import Change, Team, TeamMember
from tests.cast import NOON, SOUTH_HOST, Cast
from tests.conftest import SignIn
from tests.knowledge.articles import article, content, run

HX = {"HX-Request": "true"}


def typed(title: str = "Delivery", body: str = "We ship.", **more: str) -> dict[str, str]:
    return {"title.en": title, "body.en": body, "title.zh": "", "body.zh": "", **more}


def test_a_lead_writes_one_and_it_becomes_a_version(cast: Cast, sign_in: SignIn) -> None:
    ann = sign_in(cast.ann)
    begun = ann.post("/admin/articles/new/")
    item = Item.objects.get(kind="article")
    assert begun["Location"] == f"/admin/articles/{item.pk}/edit/"
    assert (item.draft, item.keeper) == (None, cast.ann)
    half = ann.post(f"/admin/articles/{item.pk}/edit/", typed(body="", revision="1"), headers=HX)
    assert "Write it in Chinese or in English." in half.content.decode()
    item.refresh_from_db()
    assert item.rough["title"]["en"] == "Delivery"
    whole = ann.post(f"/admin/articles/{item.pk}/edit/", typed(revision="2", body="# A\n\n**b**"), headers=HX)
    assert "<strong>b</strong>" in whole.content.decode()
    assert ann.post(f"/admin/articles/{item.pk}/", {"do": "version", "revision": "3"}).status_code == 302
    item.refresh_from_db()
    assert item.latest.content["body"]["en"] == "# A\n\n**b**"
    page = ann.get(f"/admin/articles/{item.pk}/").content.decode()
    assert "v1" in page
    assert "<h2>A</h2>" in page


def test_two_who_write_lose_nothing(cast: Cast, sign_in: SignIn) -> None:
    item = article(cast)
    seen = item.revision
    save_draft(item, content(body="Theirs."), revision=seen, author=cast.bo, now=NOON)
    ann, address = sign_in(cast.ann), f"/admin/articles/{item.pk}/edit/"
    told = ann.post(address, typed(body="Mine.", revision=str(seen)), headers=HX)
    assert told.status_code == 409
    assert "Bo changed this meanwhile" in told.content.decode()
    assert "Theirs" in told.content.decode()
    item.refresh_from_db()
    assert item.draft["body"]["en"] == "Theirs."
    over = ann.post(address, typed(body="Mine.", revision=str(seen), over=str(item.revision)), headers=HX)
    assert over.status_code == 200
    item.refresh_from_db()
    assert item.draft["body"]["en"] == "Mine."
    kept = [
        line.after.get("content", {}).get("body", {}).get("en") for line in Change.objects.filter(object_id=item.pk)
    ]
    assert "Theirs." in kept
    left = ann.post(address, typed(body="Never.", revision="1", do="theirs"), headers=HX)
    assert (left.status_code, left["HX-Redirect"]) == (204, address)
    assert Change.objects.filter(object_id=item.pk, kind="set_aside", after__content__body__en="Never.").exists()


def test_it_is_placed(cast: Cast, sign_in: SignIn) -> None:
    item, ann = article(cast), sign_in(cast.ann)
    place = {
        "do": "place",
        "topic": "policy",
        "audience": "bot",
        "folder": "a / b",
        "layer": "store",
        "store": "store-a",
    }
    place |= {"keeper": str(cast.bo.pk), "review_on": "2027-01-31", "categories": ["refund", "size"]}
    assert ann.post(f"/admin/articles/{item.pk}/", {**place, "revision": str(item.revision)}).status_code == 302
    item.refresh_from_db()
    assert (item.layer, item.store, item.folder, item.keeper) == ("store", cast.a, "a/b", cast.bo)
    assert (item.review_on, item.categories, item.audience) == (date(2027, 1, 31), ["refund", "size"], "bot")
    for fault, field in (
        ({"store": "store-c"}, "store"),
        ({"layer": "platform"}, "marketplace"),
        ({"keeper": str(cast.cy.pk)}, "keeper"),
    ):
        refused = ann.post(f"/admin/articles/{item.pk}/", {**place, **fault, "revision": str(item.revision)})
        assert refused.status_code == 400, fault
        assert refused.context["form"].errors.keys() == {field}
        assert 'value="a / b"' in refused.content.decode()  # what was typed stays


def test_versions_show_what_they_change(cast: Cast, sign_in: SignIn) -> None:
    item, ann = article(cast), sign_in(cast.ann)
    save_draft(item, content(body="We ship within **24 hours**."), revision=item.revision, author=cast.ann, now=NOON)
    ann.post(f"/admin/articles/{item.pk}/", {"do": "version", "revision": str(item.revision), "words": "faster"})
    page = ann.get(f"/admin/articles/{item.pk}/versions/2/").content.decode()
    assert "<del>48</del>" in page
    assert "<ins>24</ins>" in page
    assert ann.get(f"/admin/articles/{item.pk}/versions/9/").status_code == 404
    history = ann.get(f"/admin/articles/{item.pk}/history/").content.decode()
    assert "faster" in history
    assert "Ann" in history


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"Delivery", "Sizes", "Draft"}),
        ({"q": "sizes"}, {"Sizes"}),
        ({"topic": "product"}, {"Sizes"}),
        ({"audience": "staff"}, {"Draft"}),
        ({"folder": "shop"}, {"Sizes"}),
        ({"state": "draft"}, {"Draft"}),
        ({"state": "published"}, {"Delivery"}),
        ({"state": "idle"}, {"Sizes"}),
        ({"state": "due"}, {"Sizes"}),
        ({"state": "one_language"}, {"Draft"}),
        ({"archived": "1"}, {"Old"}),
        ({"topic": "nonsense", "keeper": "x", "order": "?"}, {"Delivery", "Sizes", "Draft"}),
        ({"page": "7"}, {"Delivery", "Sizes", "Draft"}),
    ],
)
def test_the_list_is_narrowed(cast: Cast, sign_in: SignIn, query: dict[str, str], found: set[str]) -> None:
    run(article(cast), cast.a)
    article(cast, said=content(title="Sizes"), topic="product", folder="shop/top", review_on=date(2020, 1, 1))
    begin_item(
        cast.north.pk,
        kind="article",
        rough={"title": {"en": "Draft"}},
        place=Place(),
        author=cast.ann,
        now=NOON,
    )
    old = article(cast, said=content(title="Old"))
    sign_in(cast.ann).post(f"/admin/articles/{old.pk}/", {"do": "archive"})
    page = sign_in(cast.ann).get("/admin/articles/", query, headers=HX)
    assert {line.title for line in page.context["found"].lines} == found


def test_many_at_once_shown_first_and_undone(cast: Cast, sign_in: SignIn) -> None:
    one, two = article(cast), article(cast, said=content(title="Sizes"), audience="staff")
    ann = sign_in(cast.ann)

    def go(action: str, **form: str) -> str:
        begun = ann.post("/admin/articles/", {"action": action, "chosen": [str(one.pk), str(two.pk)]})
        address = str(begun["Location"])
        if form:
            assert ann.post(address, {"step": "preview", **form}).status_code == 302
        return address

    address = go("audience", audience="public")
    page = ann.get(address).content.decode()
    assert "It is so already." in page
    assert two.audience == "staff"
    ann.post(address, {"step": "do"})
    two.refresh_from_db()
    assert two.audience == "public"
    again = ann.post(address, {"step": "do"})
    assert again.status_code == 302
    ann.post(address, {"step": "undo"})
    two.refresh_from_db()
    assert two.audience == "staff"

    for action, form, check in (
        ("keeper", {"keeper": str(cast.bo.pk)}, lambda item: item.keeper == cast.bo),
        ("review", {"review_on": "2027-02-01"}, lambda item: item.review_on == date(2027, 2, 1)),
        ("folder", {"folder": "x / y"}, lambda item: item.folder == "x/y"),
    ):
        ann.post(go(action, **form), {"step": "do"})
        for item in (one, two):
            item.refresh_from_db()
            assert check(item), action
    address = go("archive")
    ann.get(address)
    ann.post(address, {"step": "do"})
    assert Item.objects.filter(kind="article", archived_at__isnull=True).count() == 0
    ann.post(address, {"step": "undo"})
    assert Item.objects.filter(kind="article", archived_at__isnull=True).count() == 2


def test_what_somebody_changed_since_is_not_undone(cast: Cast, sign_in: SignIn) -> None:
    item, ann = article(cast), sign_in(cast.ann)
    address = str(ann.post("/admin/articles/", {"action": "folder", "chosen": [str(item.pk)]})["Location"])
    ann.post(address, {"step": "preview", "folder": "mine"})
    ann.post(address, {"step": "do"})
    item.refresh_from_db()
    save_draft(item, content(body="x"), revision=item.revision, author=cast.ann, now=NOON)
    ann.post(address, {"step": "undo"})
    assert "Somebody changed it since." in ann.get(address).content.decode()
    item.refresh_from_db()
    assert item.folder == "mine"


def test_corrections_are_decided(cast: Cast, sign_in: SignIn) -> None:
    item = article(cast)
    run(item, cast.a)
    di, ann = sign_in(cast.di, "store-a.localhost"), sign_in(cast.ann)
    said = {"language": "en", "after": "We ship within **24 hours**.", "reason": "Since May."}
    assert di.post(f"/library/{item.pk}/correct/", said).status_code == 302
    listed = ann.get("/admin/corrections/").content.decode()
    pk = re.search(r"/admin/corrections/(\d+)/", listed)[1]
    page = ann.get(f"/admin/corrections/{pk}/").content.decode()
    assert "<ins>24</ins>" in page
    refused = ann.post(f"/admin/corrections/{pk}/", {"do": "decline", "text": "kept words"})
    assert refused.status_code == 400
    assert "kept words" in refused.content.decode()
    done = ann.post(
        f"/admin/corrections/{pk}/",
        {"do": "override", "text": "24 hours, in this store.", "answer": "Thanks."},
    )
    assert done.status_code == 302
    assert "24 hours, in this store." in di.get(f"/help/{item.pk}/?language=en").content.decode()
    assert "Thanks." in di.get("/library/").content.decode()
    again = ann.post(f"/admin/corrections/{pk}/", {"do": "decline", "answer": "x"})
    assert again.status_code == 409


ADDRESSES = (
    "/admin/articles/",
    "/admin/articles/{pk}/",
    "/admin/articles/{pk}/history/",
    "/admin/articles/{pk}/versions/1/",
    "/admin/articles/{pk}/edit/",
    "/admin/articles/import/",
    "/admin/articles/export/csv/",
    "/admin/corrections/",
    "/admin/missed/",
)
LEADS = {"/admin/articles/{pk}/edit/", "/admin/articles/import/", "/admin/articles/export/csv/", "/admin/missed/"}


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_comes_where(cast: Cast, sign_in: SignIn, address: str) -> None:
    item = article(cast)
    path = address.format(pk=item.pk)
    assert sign_in(cast.ann).get(path).status_code == 200
    assert sign_in(cast.bo).get(path).status_code == (403 if address in LEADS else 200)
    assert sign_in(None).get(path).status_code == 302
    for who, host in ((cast.di, "north.localhost"), (cast.ann, "store-a.localhost"), (cast.cy, "north.localhost")):
        assert sign_in(who, host).get(path).status_code == 404
    south = sign_in(cast.cy, SOUTH_HOST).get(path)
    assert south.status_code == (404 if "{pk}" in address else 200)
    assert b"Delivery" not in south.content


def test_what_may_not_be_written_is_not(cast: Cast, sign_in: SignIn) -> None:
    item = article(cast)
    before = (item.revision, Item.objects.count(), Change.objects.count())
    posts: dict[str, dict[str, Any]] = {
        "/admin/articles/new/": {},
        f"/admin/articles/{item.pk}/edit/": typed(revision=str(item.revision)),
        f"/admin/articles/{item.pk}/": {"do": "archive"},
        "/admin/articles/": {"action": "archive", "chosen": [str(item.pk)]},
        "/admin/missed/": {"do": "ignore", "keys": ["store-a:1"]},
    }
    for path, body in posts.items():
        assert sign_in(cast.bo).post(path, body).status_code == 403, path
        assert sign_in(cast.di).post(path, body).status_code == 404, path
        assert sign_in(None).post(path, body).status_code == 302, path
    for path in (f"/admin/articles/{item.pk}/edit/", f"/admin/articles/{item.pk}/"):
        assert sign_in(cast.cy, SOUTH_HOST).post(path, posts[path]).status_code == 404
    item.refresh_from_db()
    assert (item.revision, Item.objects.count(), Change.objects.count()) == before


def test_agents_write_their_teams(cast: Cast, sign_in: SignIn) -> None:
    """An agent reads the articles of the agency; what the gate lets them write is their own and their team's."""
    team = Team.objects.create(agency=cast.north, name="Night")
    TeamMember.objects.create(agency=cast.north, team=team, user=cast.bo)
    page = sign_in(cast.bo).get(f"/admin/articles/{article(cast).pk}/").content.decode()
    assert "make-version" not in page
    assert 'id="edit-article"' not in page


def test_missed_searches_become_a_draft(cast: Cast, sign_in: SignIn) -> None:
    bo, ann = sign_in(cast.bo), sign_in(cast.ann)
    bo.get("/desk/store-a/1/knowledge/", {"q": "gift wrapping", "done": "1"})
    page = ann.get("/admin/missed/").content.decode()
    key = re.search(r'name="keys" value="([^"]+)"', page)[1]
    begun = ann.post("/admin/missed/", {"do": "write", "keys": [key]})
    item = Item.objects.get(kind="article")
    assert begun["Location"] == f"/admin/articles/{item.pk}/edit/"
    assert item.title_en == "gift wrapping"
    assert "gift wrapping" not in ann.get("/admin/missed/").content.decode()
    assert sign_in(cast.cy, SOUTH_HOST).post("/admin/missed/", {"do": "write", "keys": [key]}).status_code == 404
