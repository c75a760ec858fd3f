"""SOPs in the agency's admin: written, kept while typed, two at once, made versions, accepted; and who may what."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from knowledge.actions.add_starters import add_starters
from knowledge.content import read
from knowledge.models import Item, SignOff, Version
from knowledge.sop_form import content_of
from tenants.models import Change, Membership, User
from tests.cast import NOON, NORTH_HOST, SOUTH_HOST, Cast
from tests.conftest import SignIn
from tests.knowledge.test_sop_form import form_of
from tests.sops import REFUND, make_sop, publish_in

HX = {"HX-Request": "true"}


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


@pytest.fixture
def eve(cast: Cast, sign_in: SignIn) -> Client:
    """Another lead of North."""
    user = User.objects.create_user("eve@example.com", "x", name="Eve")
    Membership.objects.create(user=user, agency=cast.north, role="lead")
    return sign_in(user)


def typed(item: Item, **more: str) -> dict[str, Any]:
    """The form as it stands, with some fields typed anew."""
    item.refresh_from_db()
    content = item.rough or item.draft or (item.latest.content if item.latest else {})
    fields = dict(form_of(content).lists())
    return {**fields, "revision": str(item.revision), **more}


def keep(client: Client, item: Item, **more: str) -> Any:
    return client.post(f"/admin/sops/{item.pk}/edit/", typed(item, **more), headers=HX)


def history(item: Item) -> list[str]:
    return list(
        Change.objects.filter(what="knowledge.item", object_id=item.pk).values_list("kind", flat=True).order_by("pk")
    )


# ---------------------------------------------------------------- beginning


def test_an_empty_library_offers_the_starter_set(cast: Cast, ann: Client) -> None:
    page = ann.get("/admin/sops/").content.decode()
    assert "Add the starter set" in page
    assert ann.post("/admin/sops/").status_code == 302
    assert Item.objects.filter(kind="sop", agency=cast.north).count() == 10
    assert ann.post("/admin/sops/").status_code == 302
    assert Item.objects.filter(kind="sop").count() == 10, "what is there is not added again"
    page = ann.get("/admin/sops/").content.decode()
    assert page.count("waits for a lead") >= 10
    assert not SignOff.objects.exists()


def test_the_set_keeps_what_was_made_of_it(cast: Cast) -> None:
    made = add_starters(cast.north.pk, "sop", author=cast.ann, now=NOON)
    item = made[0]
    item.draft = {**(item.latest.content if item.latest else {}), "title": {"zh": item.title_zh, "en": "Ours"}}
    item.save()
    assert add_starters(cast.north.pk, "sop", author=cast.ann, now=NOON) == []
    item.refresh_from_db()
    assert item.draft is not None
    assert item.draft["title"]["en"] == "Ours"


def test_a_new_one_is_written_and_made_a_version(cast: Cast, ann: Client) -> None:
    answer = ann.post("/admin/sops/new/")
    item = Item.objects.get()
    assert answer["Location"] == f"/admin/sops/{item.pk}/edit/"
    answer = keep(ann, item, **{"title.zh": "换货", "title.en": "Exchange"})
    assert answer.status_code == 200
    item.refresh_from_db()
    assert (item.title_zh, item.title_en, item.revision) == ("换货", "Exchange", 2)
    answer = ann.post(f"/admin/sops/{item.pk}/", {"do": "version", "revision": "2", "words": "first"})
    assert answer.status_code == 302
    version = Version.objects.get()
    assert (version.number, version.note, version.content["title"]["zh"]) == (1, "first", "换货")
    assert history(item) == ["created", "version_made"], "what one types at a stretch is in the version"


# ---------------------------------------------------------------- kept while typed


def test_what_is_not_sound_is_kept_with_the_fault_named(cast: Cast, ann: Client) -> None:
    item = make_sop(cast)
    answer = keep(ann, item, **{"s.soothe.edges.0.to": ""})
    html = answer.content.decode()
    assert "No way leads to the step" in html
    assert 'data-fault="s.choose.key"' in html
    assert "is-faulty" in html
    item.refresh_from_db()
    assert item.draft is None
    assert item.rough is not None
    page = ann.get(f"/admin/sops/{item.pk}/edit/").content.decode()
    assert "No way leads to the step" in page
    refused = ann.post(f"/admin/sops/{item.pk}/", {"do": "version", "revision": str(item.revision)})
    assert refused.status_code == 302
    assert Version.objects.count() == 1, "what is not sound is no version"
    answer = keep(ann, item, **{"s.soothe.edges.0.to": "choose"})
    assert "Sound:" in answer.content.decode()
    item.refresh_from_db()
    assert (item.rough, read("sop", item.draft)) == (None, read("sop", REFUND))


def test_a_loop_is_named_and_drawn(cast: Cast, ann: Client) -> None:
    item = make_sop(cast)
    html = keep(ann, item, **{"s.wait.edges.0.to": "soothe"}).content.decode()
    assert 'data-fault="s.wait.edges.0.to"' in html
    assert "leads back" in html
    assert "leads-back" in html


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"title.zh": "", "title.en": ""}, "title.zh"),
        ({"s.wait.wait_h": "soon"}, "s.wait.wait_h"),
        ({"s.soothe.words.zh": "{7*7}{secret}"}, "s.soothe.words.zh"),
        ({"s.choose.edges.0.label.zh": "", "s.choose.edges.0.label.en": ""}, "s.choose.edges.0.label.zh"),
        ({"s.shown.edges.0.value": ""}, "s.shown.edges.0.value"),
        ({"s.pay.title.zh": "x" * 201}, "s.pay.title.zh"),
        ({"s.pay.kind": "dance"}, "s.pay.kind"),
    ],
)
def test_a_fault_is_shown_at_its_field(cast: Cast, ann: Client, fields: dict[str, str], fault: str) -> None:
    html = keep(ann, make_sop(cast), **fields).content.decode()
    assert f'data-fault="{fault}"' in html


def test_a_button_sends_the_form_and_gets_it_back(cast: Cast, ann: Client) -> None:
    item = make_sop(cast)
    html = keep(ann, item, do="add:choose:1", **{"s.pay.title.zh": "打款"}).content.decode()
    assert 'id="step-s1"' in html
    assert 'data-look-at="s1"' in html
    assert 'value="打款"' in html
    item.refresh_from_db()
    assert item.rough is not None, "the new step has no title yet"
    assert [step["key"] for step in item.rough["steps"]] == ["soothe", "choose", "s1", "shown", "wait", "pay"]


def test_nul_and_lone_surrogates_do_not_lose_the_rest(cast: Cast, ann: Client) -> None:
    item = make_sop(cast)
    assert keep(ann, item, **{"s.pay.help.zh": "前\x00后"}).status_code == 200
    item.refresh_from_db()
    assert item.draft is not None
    assert item.draft["steps"][4]["help"]["zh"] == "前后"


def test_the_same_again_changes_nothing(cast: Cast, ann: Client) -> None:
    item = make_sop(cast)
    keep(ann, item, **{"title.en": "Other"})
    item.refresh_from_db()
    before = item.revision
    keep(ann, item)
    item.refresh_from_db()
    assert item.revision == before


# ---------------------------------------------------------------- two at once


def test_the_second_sees_both_and_nothing_is_lost(cast: Cast, ann: Client, eve: Client) -> None:
    item = make_sop(cast)
    opened = typed(item)
    keep(eve, item, **{"title.en": "Eve's words"})
    mine = {**opened, "title.en": "Ann's words"}
    refused = ann.post(f"/admin/sops/{item.pk}/edit/", mine, headers=HX)
    html = refused.content.decode()
    assert (refused.status_code, refused["HX-Retarget"]) == (409, "#sop-conflict")
    assert "Eve changed this meanwhile" in html
    assert "<del>Eve" in html
    assert "<ins>Ann" in html
    item.refresh_from_db()
    assert item.title_en == "Eve's words"
    over = ann.post(f"/admin/sops/{item.pk}/edit/", {**mine, "over": str(item.revision)}, headers=HX)
    assert over.status_code == 200
    item.refresh_from_db()
    assert item.title_en == "Ann's words"
    kept = Change.objects.filter(what="knowledge.item", object_id=item.pk).values_list("before", "after")
    assert any("Eve's words" in str(line) for line in kept)
    page = ann.get(f"/admin/sops/{item.pk}/history/").content.decode()
    assert "Eve" in page


def test_who_takes_theirs_finds_ones_own_in_the_history(cast: Cast, ann: Client, eve: Client) -> None:
    item = make_sop(cast)
    opened = typed(item)
    keep(eve, item, **{"title.en": "Eve's words"})
    mine = {**opened, "title.en": "Ann's words", "do": "theirs"}
    answer = ann.post(f"/admin/sops/{item.pk}/edit/", mine, headers=HX)
    assert answer["HX-Redirect"] == f"/admin/sops/{item.pk}/edit/"
    item.refresh_from_db()
    assert item.title_en == "Eve's words"
    kept = Change.objects.get(what="knowledge.item", object_id=item.pk, kind="set_aside")
    assert kept.after["content"]["title"]["en"] == "Ann's words"


def test_over_counts_for_what_was_seen_alone(cast: Cast, ann: Client, eve: Client) -> None:
    item = make_sop(cast)
    opened = typed(item)
    keep(eve, item, **{"title.en": "Eve's words"})
    seen = Item.objects.get(pk=item.pk).revision
    keep(eve, item, **{"title.en": "Eve goes on"})
    mine = {**opened, "title.en": "Ann's words", "over": str(seen)}
    assert ann.post(f"/admin/sops/{item.pk}/edit/", mine, headers=HX).status_code == 409
    assert Item.objects.get(pk=item.pk).title_en == "Eve goes on"


# ---------------------------------------------------------------- versions


def test_a_lead_accepts_or_says_why_not(cast: Cast, ann: Client) -> None:
    item = make_sop(cast, accepted=False)
    page = f"/admin/sops/{item.pk}/versions/1/"
    refused = ann.post(page, {"reason": " "})
    assert refused.status_code == 400
    assert not SignOff.objects.exists()
    assert ann.post(page, {"reason": "太长"}).status_code == 302
    assert "太长" in ann.get(page).content.decode()
    assert "sent back" in ann.get("/admin/sops/").content.decode()
    assert ann.post(page, {"accepted": "1"}).status_code == 302
    assert "v1 accepted" in ann.get("/admin/sops/").content.decode()


def test_versions_are_compared(cast: Cast, ann: Client) -> None:
    item = make_sop(cast)
    keep(ann, item, **{"s.soothe.words.en": "Dear {buyer}, we are sorry. {order}"})
    item.refresh_from_db()
    ann.post(f"/admin/sops/{item.pk}/", {"do": "version", "revision": str(item.revision)})
    page = ann.get(f"/admin/sops/{item.pk}/versions/2/").content.decode()
    assert "<del>Hello</del>" in page
    assert "<ins>Dear</ins>" in page
    assert ann.get(f"/admin/sops/{item.pk}/versions/2/?against=0").status_code == 200
    assert ann.get(f"/admin/sops/{item.pk}/versions/9/").status_code == 404


def test_it_is_put_where_it_belongs(cast: Cast, ann: Client) -> None:
    item = make_sop(cast)
    place = {"do": "place", "revision": str(item.revision), "layer": "platform", "folder": " 售后 / 退款 "}
    refused = ann.post(f"/admin/sops/{item.pk}/", {**place, "categories": ["refund", "quality"]})
    assert refused.status_code == 400
    assert "售后 / 退款" in refused.content.decode(), "what was typed is still there"
    ann.post(f"/admin/sops/{item.pk}/", {**place, "marketplace": "tmall", "categories": ["refund", "quality"]})
    item.refresh_from_db()
    assert (item.layer, item.marketplace, item.folder) == ("platform", "tmall", "售后/退款")
    assert item.categories == ["refund", "quality"]
    refused = ann.post(f"/admin/sops/{item.pk}/", {**place, "layer": "agency", "categories": ["weather"]})
    assert refused.status_code == 400


def test_drafts_are_dropped_and_items_archived(cast: Cast, ann: Client) -> None:
    item = make_sop(cast)
    keep(ann, item, **{"s.soothe.edges.0.to": ""})
    item.refresh_from_db()
    ann.post(f"/admin/sops/{item.pk}/", {"do": "discard", "revision": str(item.revision)})
    item.refresh_from_db()
    assert (item.draft, item.rough) == (None, None)
    ann.post(f"/admin/sops/{item.pk}/", {"do": "archive"})
    assert "Refunds" not in ann.get("/admin/sops/").content.decode()
    assert "Refunds" in ann.get("/admin/sops/?archived=1").content.decode()
    assert keep(ann, item, **{"title.en": "x"}).status_code == 409
    ann.post(f"/admin/sops/{item.pk}/", {"do": "restore"})
    assert "Refunds" in ann.get("/admin/sops/").content.decode()


def test_the_list_is_narrowed(cast: Cast, ann: Client) -> None:
    made = make_sop(cast, categories=("refund",), folder="售后")
    publish_in(cast, made, cast.a, cast.b)
    make_sop(cast, {**REFUND, "title": {"zh": "物流", "en": "Parcels"}}, accepted=False)

    def lines(**asked: str) -> list[bool]:
        html = ann.get("/admin/sops/", asked, headers=HX).content.decode()
        return ["Refunds" in html, "Parcels" in html]

    assert lines() == [True, True]
    assert lines(q="refu") == [True, False]
    assert lines(category="refund") == [True, False]
    assert lines(state="waiting") == [False, True]
    assert lines(folder="售后") == [True, False]
    assert lines(q="zzz") == [False, False]


# ---------------------------------------------------------------- who may what

ONE = "/admin/sops/{pk}/"
PAGES = ("/admin/sops/", ONE, f"{ONE}versions/1/", f"{ONE}history/", f"{ONE}adherence/")
WRITES = ("/admin/sops/", "/admin/sops/new/", ONE, f"{ONE}edit/", f"{ONE}versions/1/")


@pytest.mark.parametrize(
    ("who", "host", "reads", "writes"),
    [
        ("bo", NORTH_HOST, 200, 403),
        ("cy", SOUTH_HOST, 404, 404),
        ("cy", NORTH_HOST, 404, 404),
        ("di", NORTH_HOST, 404, 404),
        ("ann", "store-a.localhost", 404, 404),
        (None, NORTH_HOST, 302, 302),
    ],
)
def test_who_reads_and_who_writes(
    cast: Cast, sign_in: SignIn, who: str | None, host: str, reads: int, writes: int
) -> None:
    item = make_sop(cast, accepted=False)
    client = sign_in(getattr(cast, who) if who else None, host)
    own = who == "cy" and host == SOUTH_HOST
    for page in PAGES:
        expected = 200 if own and page == "/admin/sops/" else reads
        answer = client.get(page.format(pk=item.pk))
        assert answer.status_code == expected, page
        assert b"Refunds" not in answer.content or expected == 200
    assert client.get(f"/admin/sops/{item.pk}/edit/").status_code == writes
    if own:
        assert b"Refunds" not in client.get("/admin/sops/").content
        return
    before = (history(item), Item.objects.count(), SignOff.objects.count())
    for page in WRITES:
        answer = client.post(page.format(pk=item.pk), {**typed(item), "do": "archive", "accepted": "1"})
        assert answer.status_code == writes, page
    assert (history(item), Item.objects.count(), SignOff.objects.count()) == before


def test_search_finds_ones_own(cast: Cast, ann: Client, sign_in: SignIn) -> None:
    make_sop(cast)
    found = content_of(form_of(REFUND))
    assert found["title"]["en"] == "Refunds"
    assert "Refunds" in ann.get("/admin/search/", {"s": "refu"}, headers=HX).content.decode()
    cy = sign_in(cast.cy, SOUTH_HOST)
    assert "Refunds" not in cy.get("/admin/search/", {"s": "refu"}, headers=HX).content.decode()
