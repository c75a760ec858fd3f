"""Import of articles: shown before it is done, all of it or nothing, and out again as it came in."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from docx import Document

from knowledge.actions.write_item import save_draft
from knowledge.imports.reading import read_upload
from knowledge.models import ArticleUpload, Item, Picture
from tenants.models import Change
from tests.cast import NOON, PNG, SOUTH_HOST, Cast
from tests.conftest import SignIn
from tests.knowledge.articles import article, content

CSV = "id,title_en,body_en,topic,audience,keeper,review_on,categories\n"


def upload(client: Client, data: bytes | str, name: str = "faq.csv") -> Any:
    raw = data.encode() if isinstance(data, str) else data
    return client.post("/admin/articles/import/", {"file": SimpleUploadedFile(name, raw)})


def planned(client: Client, data: bytes | str, name: str = "faq.csv") -> Any:
    """The page of what it would do."""
    answer = upload(client, data, name)
    assert answer.status_code == 302, answer.content.decode()
    return client.get(answer["Location"])


def done(client: Client, page: Any) -> Any:
    return client.post(page.request["PATH_INFO"], {"do": "import", "digest": page.context["digest"]}, follow=True)


def outcomes(page: Any) -> dict[str, str]:
    return {line["title"]: line["outcome"] for line in page.context["lines"]}


def test_it_is_shown_and_then_done(cast: Cast, sign_in: SignIn) -> None:
    known, ann = article(cast), sign_in(cast.ann)
    table = CSV + "".join(
        (
            f"{known.pk},Delivery,Faster now.,logistics,public,bo@example.com,2027-01-31,logistics\n",
            ",New one,Text,产品知识 ,staff,,,\n".replace("产品知识 ", "product"),
            ",Bad topic,Text,weather,,,,\n",
            ",Bad day,Text,,,,31.31.2027,\n",
            ",Nobody,Text,,,cy@example.com,,\n",
            "999999,Not mine,Text,,,,,\n",
            ",,Text,,,,,\n",
        )
    )
    page = planned(ann, table)
    before = (Item.objects.count(), Change.objects.count())
    assert page.context["counts"] == {"new": 1, "changed": 1, "same": 0, "refused": 5}
    faults = {line["where"]: line["field"] for line in page.context["lines"] if line["problem"]}
    assert faults == {"row 4": "topic", "row 5": "review_on", "row 6": "keeper", "row 7": "id", "row 8": "title"}
    assert (Item.objects.count(), Change.objects.count()) == before
    result = done(ann, page)
    assert "Imported." in result.content.decode()
    known.refresh_from_db()
    assert known.draft["body"]["en"] == "Faster now."
    assert known.draft["body"]["zh"] == "付款后 **48 小时** 内发货。"
    assert (known.keeper, str(known.review_on)) == (cast.bo, "2027-01-31")
    new = Item.objects.get(title_en="New one")
    assert (new.latest, new.topic, new.audience) == (None, "product", "staff")
    assert set(Change.objects.filter(kind="imported").values_list("object_id", flat=True)) == {known.pk, new.pk}
    assert "New one" in ann.get("/admin/articles/", {"q": "new one"}, headers={"HX-Request": "true"}).content.decode()


def test_the_same_again_changes_nothing(cast: Cast, sign_in: SignIn) -> None:
    ann = sign_in(cast.ann)
    table = CSV + ",One,Text,,,,,\n"
    done(ann, planned(ann, table))
    assert outcomes(planned(ann, table)) == {"One": "same"}
    assert Item.objects.filter(kind="article").count() == 1


def test_what_changed_meanwhile_is_looked_at_again(cast: Cast, sign_in: SignIn) -> None:
    known, ann = article(cast), sign_in(cast.ann)
    page = planned(ann, CSV + f"{known.pk},Delivery,Mine.,,,,,\n")
    save_draft(known, content(body="Theirs."), revision=known.revision, author=cast.bo, now=NOON)
    told = done(ann, page)
    assert "The library has changed since this was shown" in told.content.decode()
    known.refresh_from_db()
    assert known.draft["body"]["en"] == "Theirs."


def test_a_document_with_its_picture(cast: Cast, sign_in: SignIn) -> None:
    made, out = Document(), io.BytesIO()
    made.add_heading("Sizes", level=1)
    made.add_paragraph("See the chart.")
    made.add_picture(io.BytesIO(PNG))
    made.save(out)
    ann = sign_in(cast.ann)
    done(ann, planned(ann, out.getvalue(), "sizes.docx"))
    item, picture = Item.objects.get(title_en="Sizes"), Picture.objects.get()
    assert f"![](picture:{picture.pk})" in item.draft["body"]["en"]


def test_a_picture_that_is_none_undoes_all(cast: Cast, sign_in: SignIn) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.md", "# A\n\ntext")
        archive.writestr("b.md", "# B\n\n![x](b.png)")
        archive.writestr("b.png", PNG[:40])
    ann = sign_in(cast.ann)
    page = planned(ann, out.getvalue(), "faq.zip")
    told = done(ann, page)
    assert "b.png is damaged or too large to be shown." in told.content.decode()
    assert not Item.objects.filter(kind="article").exists()


def test_out_and_in_again(cast: Cast, sign_in: SignIn) -> None:
    item, ann = article(cast, topic="policy", folder="a/b", keeper_id=cast.bo.pk), sign_in(cast.ann)
    danger = article(cast, said=content(title="=HYPERLINK(1)", body="+1 @x", title_zh="-1", body_zh="=1+1"))
    for kind in ("csv", "xlsx", "zip"):
        answer = ann.get(f"/admin/articles/export/{kind}/")
        assert answer["Content-Disposition"].endswith(f'.{kind}"')
        page = planned(ann, answer.content, f"articles.{kind}")
        assert {line["item_id"]: line["outcome"] for line in page.context["lines"]} == {
            item.pk: "same",
            danger.pk: "same",
        }, kind
    text = ann.get("/admin/articles/export/csv/").content.decode("utf-8-sig")
    for cell in ("'=HYPERLINK(1)", "'+1 @x", "'-1", "'=1+1"):
        assert cell in text
    narrowed = ann.get("/admin/articles/export/csv/", {"topic": "policy"}).content.decode("utf-8-sig")
    assert "HYPERLINK" not in narrowed
    assert ann.get("/admin/articles/export/exe/").status_code == 404
    assert len(read_upload("x.zip", ann.get("/admin/articles/export/zip/").content)) == 2


@pytest.mark.parametrize(
    ("name", "data"), [("x.html", b"<html>"), ("x.csv", b""), ("x.docx", b"PK\x03\x04junk"), ("x.csv", b"body\nx\n")]
)
def test_what_can_not_be_read_is_refused(cast: Cast, sign_in: SignIn, name: str, data: bytes) -> None:
    answer = upload(sign_in(cast.ann), data, name)
    assert answer.status_code == 400
    assert "Nothing was imported." in answer.content.decode()
    assert not ArticleUpload.objects.exists()


def test_an_upload_is_its_uploaders_alone(cast: Cast, sign_in: SignIn) -> None:
    ann = sign_in(cast.ann)
    page = planned(ann, CSV + ",One,Text,,,,,\n")
    path, digest = page.request["PATH_INFO"], page.context["digest"]
    for who, host, status in (
        (cast.bo, "north.localhost", 403),
        (cast.cy, SOUTH_HOST, 404),
        (cast.di, "north.localhost", 404),
    ):
        client = sign_in(who, host)
        assert client.get(path).status_code == status
        assert client.post(path, {"do": "import", "digest": digest}).status_code == status
    assert upload(sign_in(cast.bo), CSV).status_code == 403
    assert not Item.objects.filter(kind="article").exists()
    assert ann.post(path, {"do": "drop"}).status_code == 302
    assert ann.get(path).status_code == 404
    assert not ArticleUpload.objects.exists()


def test_two_thousand_at_once(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    ann = sign_in(cast.ann)
    table = "title_en,body_en\n" + "".join(f"Article {number},Text {number}\n" for number in range(2000))
    page = planned(ann, table)
    with django_assert_max_num_queries(80):
        answer = ann.post(page.request["PATH_INFO"], {"do": "import", "digest": page.context["digest"]})
    assert answer.status_code == 302
    assert Item.objects.filter(kind="article").count() == 2000
