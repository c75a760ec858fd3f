"""Quick replies in the admin: found, written, moved, brought in and out; by those who may, and by two at once."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from knowledge.actions.use_item import use_item
from knowledge.models import Item, Kind, Version
from tenants.context import in_store
from tenants.models import Change, Team, TeamMember
from tests.cast import SOUTH_HOST, Cast
from tests.conftest import SignIn
from tests.replies import a_reply, own_reply, run_in, said

LIST = "/admin/replies/"


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


@pytest.fixture
def bo(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.bo)


def form(**more: Any) -> dict[str, Any]:
    texts = {"title_zh": "退款", "title_en": "", "body_zh": "{buyer}您好，已退款。", "body_en": "", "shortcut": "tk"}
    return {**texts, "folder": "退款", "layer": "agency", "marketplace": "", "team": "", **more}


def titles(client: Client, **asked: str) -> list[str]:
    return [row.title_zh for row in client.get(LIST, asked).context["found"].rows]


def history(item: Item) -> list[str]:
    lines = Change.objects.filter(what="knowledge.item", object_id=item.pk).order_by("pk")
    return list(lines.values_list("kind", flat=True))


# ---------------------------------------------------------------- the list


def test_found_by_words_pinyin_initials_and_shortcut(cast: Cast, ann: Client) -> None:
    a_reply(cast, said(title="退款到账时间", shortcut="dz"), folder="退款")
    a_reply(cast, said(title="重庆仓发货", en="x"), folder="物流/仓库")
    assert titles(ann, q="到账") == titles(ann, q="tkdz") == titles(ann, q="dz") == titles(ann, q="tuikuan")
    assert titles(ann, q="到账") == ["退款到账时间"]
    assert titles(ann, q="cqc") == ["重庆仓发货"]
    assert titles(ann, q="物流") == titles(ann, folder="物流") == ["重庆仓发货"]
    assert titles(ann, q="no such") == titles(ann, folder="物") == titles(ann, layer="personal") == []
    tree = [(line.path, line.depth, line.total) for line in ann.get(LIST).context["found"].folders]
    assert tree == [("物流", 0, 1), ("物流/仓库", 1, 1), ("退款", 0, 1)]


def test_each_sees_what_is_theirs(cast: Cast, ann: Client, bo: Client, sign_in: SignIn) -> None:
    a_reply(cast)
    own_reply(cast, cast.bo, said(title="波的"))
    own_reply(cast, cast.ann, said(title="安的"))
    a_reply(cast, said(title="乙店的"), layer="store", store_id=cast.b.pk)
    assert sorted(titles(ann)) == sorted(["查物流进度", "安的", "乙店的"])
    assert sorted(titles(bo)) == sorted(["查物流进度", "波的"])
    assert titles(sign_in(cast.cy, SOUTH_HOST)) == []


def test_a_strange_question_is_answered(cast: Cast, ann: Client) -> None:
    a_reply(cast)
    for asked in (
        {"page": "9999"},
        {"page": "x"},
        {"q": "%_'\";--"},
        {"q": "\x00"},
        {"layer": "moon"},
        {"folder": "/"},
    ):
        assert ann.get(LIST, asked).status_code == 200


# ---------------------------------------------------------------- writing


def test_lead_writes_a_draft_and_makes_a_version(cast: Cast, ann: Client) -> None:
    assert ann.post(LIST + "new/", form(folder=" 售后 / 退款 ", categories=["refund"])).status_code == 302
    item = Item.objects.get()
    assert (item.layer, item.folder, item.categories, item.latest) == ("agency", "售后/退款", ["refund"], None)
    sent = form(body_en="Refunded.", revision=item.revision, do="version", words="English")
    assert ann.post(f"{LIST}{item.pk}/", sent).status_code == 302
    version = Version.objects.get()
    assert (version.number, version.note, version.content["body"]["en"]) == (1, "English", "Refunded.")
    item.refresh_from_db()
    assert item.draft is None
    assert history(item) == ["created", "drafted", "moved", "version_made"]


def test_what_is_ones_own_is_in_use_once_it_is_saved(cast: Cast, bo: Client) -> None:
    assert bo.post(LIST + "new/", form(layer="personal")).status_code == 302
    item = Item.objects.get()
    assert (item.person_id, item.draft, item.latest and item.latest.number) == (cast.bo.pk, None, 1)
    changed = form(layer="personal", body_zh="新的", revision=item.revision)
    assert bo.post(f"{LIST}{item.pk}/", changed).status_code == 302
    again = Item.objects.get()
    assert (again.latest and again.latest.number, again.draft) == (2, None)
    same = form(layer="personal", body_zh="新的", folder="别处", revision=again.revision)
    assert bo.post(f"{LIST}{item.pk}/", same).status_code == 302
    assert Version.objects.count() == 2, "only its folder changed"
    assert Item.objects.get().folder == "别处"


def test_agent_writes_for_their_team_and_for_nobody_else(cast: Cast, bo: Client) -> None:
    team = Team.objects.create(agency=cast.north, name="Night")
    other = Team.objects.create(agency=cast.north, name="Day")
    TeamMember.objects.create(agency=cast.north, team=team, user=cast.bo)
    assert bo.post(LIST + "new/", form(layer="team", team=team.pk)).status_code == 302
    for wrong in ({"layer": "team", "team": other.pk}, {"layer": "agency"}, {"layer": "store", "store": [cast.a.pk]}):
        assert bo.post(LIST + "new/", form(**wrong)).status_code == 400
    assert Item.objects.get().team_id == team.pk


def test_agent_changes_nothing_of_the_agencys(cast: Cast, bo: Client, sign_in: SignIn) -> None:
    item = a_reply(cast)
    page = bo.get(f"{LIST}{item.pk}/")
    assert page.status_code == 200
    assert 'id="save-reply"' not in page.content.decode()
    before = Item.objects.values().get()
    assert bo.post(f"{LIST}{item.pk}/", form(layer="personal", revision=item.revision)).status_code == 400
    bo.post(f"{LIST}{item.pk}/", {"do": "archive"})
    bo.post(LIST + "move/", {"ids": [item.pk], "do": "archive", "sure": "1"})
    bo.post(LIST, {"do": "rename", "folder": item.folder or "x", "to": "y"})
    assert bo.post(LIST, {"do": "starters"}).status_code == 302
    assert Item.objects.values().get() == before
    cy = sign_in(cast.cy, SOUTH_HOST)
    for url in (f"{LIST}{item.pk}/", f"{LIST}{item.pk}/uses/", f"{LIST}{item.pk}/history/"):
        assert cy.get(url).status_code == 404


def test_of_two_who_write_at_once_nothing_is_lost(cast: Cast, ann: Client) -> None:
    item = a_reply(cast, said("原来的"))
    seen = item.revision
    assert ann.post(f"{LIST}{item.pk}/", form(body_zh="先到的", revision=seen)).status_code == 302
    page = ann.post(f"{LIST}{item.pk}/", form(body_zh="后到的", revision=seen))
    assert page.status_code == 409
    text = page.content.decode()
    assert "后到的" in text, "what was typed stays"
    assert "先到" in text, "and what the other wrote is shown"
    draft = Item.objects.get().draft
    assert draft is not None
    assert draft["body"]["zh"] == "先到的"
    now = page.context["revision"]
    assert ann.post(f"{LIST}{item.pk}/", form(body_zh="后到的", revision=now)).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title_zh": "", "title_en": ""}, "title_zh"),
        ({"body_zh": "", "body_en": ""}, "body_zh"),
        ({"body_zh": "{nobody}"}, "body_zh"),
        ({"body_zh": "退" * 10_000}, "body_zh"),
        ({"shortcut": "x" * 41}, "shortcut"),
        ({"folder": "x" * 201}, "folder"),
        ({"layer": "platform"}, "marketplace"),
        ({"layer": "store"}, "store"),
        ({"layer": "moon"}, "layer"),
        ({"categories": ["weather"]}, "categories"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_typed_is_lost(
    cast: Cast, ann: Client, wrong: dict[str, Any], field: str
) -> None:
    page = ann.post(LIST + "new/", {**form(body_en="Kept <b>words</b>"), **wrong})
    assert page.status_code == 400
    assert field in page.context["form"].errors
    assert ("Kept &lt;b&gt;words&lt;/b&gt;" in page.content.decode()) == ("body_en" not in wrong)
    assert not Item.objects.exists()


# ---------------------------------------------------------------- many at once


def test_many_are_moved_after_a_look_and_put_back(cast: Cast, ann: Client) -> None:
    items = [a_reply(cast, said(title=title), folder="旧") for title in ("一", "二")]
    ids = [item.pk for item in items]
    page = ann.post(LIST + "move/", {"ids": ids, "do": "move", "folder": "新 / 处"})
    assert page.status_code == 200
    assert {row.folder for row in page.context["rows"]} == {"旧"}
    assert set(Item.objects.values_list("folder", flat=True)) == {"旧"}, "only shown so far"
    sent = {"ids": ids, "do": "move", "folder": "新 / 处", "sure": "1"}
    moved = ann.post(LIST + "move/", sent, headers={"HX-Request": "true"})
    assert moved["HX-Trigger"] == "repliesMoved"
    assert set(Item.objects.values_list("folder", flat=True)) == {"新/处"}
    assert history(items[0])[-1] == "moved"
    ann.post(LIST + "move/", {"ids": ids, "was": ["旧", "旧"], "do": "put_back", "sure": "1"})
    assert set(Item.objects.values_list("folder", flat=True)) == {"旧"}


def test_a_folder_is_renamed_with_all_that_is_in_it(cast: Cast, ann: Client) -> None:
    for folder in ("售后", "售后/退款", "售后服务"):
        a_reply(cast, said(title=folder), folder=folder)
    others = own_reply(cast, cast.bo)
    Item.objects.filter(pk=others.pk).update(folder="售后")
    ann.post(LIST, {"do": "rename", "folder": "售后", "to": "已购 / 售后"})
    assert set(Item.objects.exclude(pk=others.pk).values_list("title_zh", "folder")) == {
        ("售后", "已购/售后"),
        ("售后/退款", "已购/售后/退款"),
        ("售后服务", "售后服务"),
    }
    assert Item.objects.get(pk=others.pk).folder == "售后", "what is another's own stays"
    for folder, to in (("已购", "已购/里面"), ("已购", ""), ("已购", "x" * 201), ("nowhere", "x")):
        before = set(Item.objects.values_list("folder", flat=True))
        ann.post(LIST, {"do": "rename", "folder": folder, "to": to})
        assert set(Item.objects.values_list("folder", flat=True)) == before


def test_many_are_archived_and_come_back(cast: Cast, ann: Client) -> None:
    ids = [a_reply(cast, said(title=title)).pk for title in ("一", "二")]
    ann.post(LIST + "move/", {"ids": ids, "do": "archive", "sure": "1"})
    assert titles(ann) == []
    assert titles(ann, archived="1") == ["一", "二"]
    ann.post(LIST + "move/", {"ids": ids, "do": "restore", "sure": "1"})
    assert titles(ann) == ["一", "二"]


@pytest.mark.parametrize("sent", [{"do": "move"}, {"do": "eat", "ids": ["1"]}, {"do": "move", "ids": ["x"]}])
def test_a_deed_that_is_none(cast: Cast, ann: Client, sent: dict[str, Any]) -> None:
    assert ann.post(LIST + "move/", sent).status_code == 302


# ---------------------------------------------------------------- where it was sent


def test_uses_open_their_tickets_and_agree_with_the_list(cast: Cast, ann: Client, bo: Client) -> None:
    item = run_in(a_reply(cast), cast.a, cast.b)
    now = timezone.now()
    for store, times in ((cast.a, 2), (cast.b, 1)):
        with in_store(store):
            for _time in range(times):
                use_item(item.pk, ticket_number=1, person=cast.bo, now=now)
    for client, total in ((ann, 3), (bo, 2)):
        assert client.get(LIST).context["found"].rows[0].uses == total
        page = client.get(f"{LIST}{item.pk}/uses/")
        assert page.context["uses"].total == total
        assert 'href="/desk/store-a/1/"' in page.content.decode()
        assert ("Store B" in page.content.decode()) == (client is ann)


# ---------------------------------------------------------------- tables


def upload(rows: list[list[Any]], name: str = "replies.xlsx") -> SimpleUploadedFile:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    out = BytesIO()
    book.save(out)
    return SimpleUploadedFile(name, out.getvalue())


HEAD = ["ID", "Folder", "Title (Chinese)", "Title (English)", "Text (Chinese)", "Text (English)", "Shortcut"]


def bring(client: Client, file: SimpleUploadedFile, **more: str) -> Any:
    return client.post(LIST + "import/", {"file": file, "layer": "agency", **more})


def test_what_went_out_comes_in_unchanged(cast: Cast, ann: Client) -> None:
    a_reply(cast, said("=1+1 您好", "Hello", shortcut="-x"), folder="退款", categories=("refund",))
    for kind in ("xlsx", "csv"):
        out = ann.get(LIST + "export/", {"format": kind})
        page = bring(ann, SimpleUploadedFile(f"r.{kind}", out.content))
        assert (page.status_code, page.context["same"], page.context["new"]) == (200, 1, 0), kind
    cells = [cell.value for cell in load_workbook(BytesIO(ann.get(LIST + "export/").content)).active[2]]  # type: ignore[index]
    assert not any(str(cell).startswith(("=", "-")) for cell in cells)


def test_shown_first_then_done_whole(cast: Cast, ann: Client) -> None:
    item = a_reply(cast)
    rows = [
        HEAD,
        [item.pk, "物流", "查物流", "", "您好，已发出。", "", ""],
        ["", "新", "新话术", "", "您好", "Hi", "xh"],
    ]
    page = bring(ann, upload(rows))
    assert [(plan.row.number, plan.deed) for plan in page.context["planned"]] == [(2, "changed"), (3, "new")]
    assert Item.objects.count() == 1
    assert bring(ann, upload(rows), sure="1").status_code == 302
    item.refresh_from_db()
    assert (item.folder, item.draft and item.draft["body"]["zh"]) == ("物流", "您好，已发出。")
    assert Item.objects.exclude(pk=item.pk).get().folder == "新"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (["", "", "标题", "", "{nobody}", "", ""], "Text (Chinese)"),
        (["", "", "", "", "您好", "", ""], "Title (Chinese)"),
        (["x", "", "标题", "", "您好", "", ""], "ID"),
        ([999_999, "", "标题", "", "您好", "", ""], "ID"),
        (["", "", "标题", "", "您好", "", "x" * 41], "Shortcut"),
        (["", "x" * 201, "标题", "", "您好", "", ""], "Folder"),
        (["", "", "标题", "", "退" * 10_000, "", ""], "Text (Chinese)"),
    ],
)
def test_bad_row_is_named_and_nothing_comes_in(cast: Cast, ann: Client, row: list[Any], column: str) -> None:
    good = ["", "", "好的", "", "您好", "", ""]
    page = bring(ann, upload([HEAD, good, row]), sure="1")
    assert page.status_code == 400
    assert f"Row 3, column “{column}”" in page.content.decode()
    assert not Item.objects.exists()


def test_agent_imports_their_own_and_changes_no_others(cast: Cast, bo: Client) -> None:
    item = a_reply(cast)
    page = bring(bo, upload([HEAD, [item.pk, "", "标题", "", "您好", "", ""]]), layer="personal", sure="1")
    assert page.status_code == 400
    assert bring(bo, upload([HEAD, ["", "", "标题", "", "您好", "", ""]]), sure="1").status_code == 400
    assert (
        bring(bo, upload([HEAD, ["", "", "标题", "", "您好", "", ""]]), layer="personal", sure="1").status_code == 302
    )
    own = Item.objects.exclude(pk=item.pk).get()
    assert (own.layer, own.person_id, own.latest is not None) == ("personal", cast.bo.pk, True)


@pytest.mark.parametrize("file", [None, b"", b"\x00\x01", b"PK\x03\x04nope", b"a;b\n1;2\n"])
def test_a_file_that_is_none(cast: Cast, ann: Client, file: bytes | None) -> None:
    sent = {"layer": "agency", **({"file": SimpleUploadedFile("x.xlsx", file)} if file is not None else {})}
    assert ann.post(LIST + "import/", sent).status_code == 400


def test_starters_come_once(cast: Cast, ann: Client) -> None:
    ann.post(LIST, {"do": "starters"})
    count = Item.objects.filter(kind=Kind.REPLY).count()
    assert count >= 60
    ann.post(LIST, {"do": "starters"})
    assert Item.objects.count() == count
