"""Lists as tables: taken away with nothing in them to run, brought in with every row shown first, or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from tenants.actions.invite_person import invite_person
from tenants.models import Assignment, Change, Membership, User
from tests.cast import NOON, SOUTH_HOST, Cast
from tests.conftest import SignIn
from tests.tenants.test_tables import xlsx

LIST = "/admin/tenants/membership/"


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn, settings: Any, tmp_path: Path) -> Client:
    settings.MEDIA_ROOT = tmp_path
    return sign_in(cast.ann)


def state() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (User, Membership, Assignment, Change))


def upload(client: Client, data: bytes, name: str = "people.csv") -> Any:
    return client.post(LIST + "import/", {"file": SimpleUploadedFile(name, data)})


def token_of(answer: Any) -> str:
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"]).partition("run=")[2]


def test_people_are_taken_away_as_they_are_filtered(cast: Cast, ann: Client) -> None:
    invite_person(cast.north.pk, email="x@example.com", name="=1+1", role="agent", by=cast.ann, now=NOON)
    text = ann.get(LIST + "export/csv/", {"role__exact": "agent"}).content.decode("utf-8-sig")
    assert text.splitlines() == [
        "E-mail,name,role,stores,alias",
        "x@example.com,'=1+1,agent,,",
        "bo@example.com,Bo,agent,store-a,",
    ]
    answer = ann.get(LIST + "export/xlsx/", {"q": "bo@"})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert [cell.value for cell in sheet[2]][:3] == ["bo@example.com", "Bo", "agent"]
    assert answer["Content-Disposition"] == 'attachment; filename="people.xlsx"'


def test_what_was_taken_away_comes_in_and_changes_nothing(cast: Cast, ann: Client) -> None:
    data, before = ann.get(LIST + "export/xlsx/").content, state()
    page = ann.get(upload(ann, data, "people.xlsx")["Location"]).content.decode()
    assert "2 stay as they are" in page
    assert state() == before


def test_rows_are_shown_then_written_once(cast: Cast, ann: Client) -> None:
    before = state()
    text = "邮箱,姓名,角色,店铺,备注\nfay@example.com,小菲,客服,store-a store-b,x\nbo@example.com,,,store-b,\n"
    shown = upload(ann, text.encode("gb18030"))
    token = token_of(shown)
    page = ann.get(shown["Location"]).content.decode()
    assert "2 rows will be written" in page
    assert "小菲" in page
    assert "备注" in page
    assert state() == before
    assert mail.outbox == []
    ann.post(LIST + "import/", {"step": "do", "run": token})
    fay = User.objects.get(email="fay@example.com")
    assert set(Assignment.objects.filter(user=fay).values_list("store_id", flat=True)) == {cast.a.pk, cast.b.pk}
    assert Assignment.objects.filter(user=cast.bo).count() == 2
    assert [letter.to for letter in mail.outbox] == [["fay@example.com"]]
    after = state()
    assert ann.post(LIST + "import/", {"step": "do", "run": token}).status_code == 409
    assert state() == after


def test_a_wrong_row_stops_all_and_is_named(cast: Cast, ann: Client) -> None:
    before = state()
    text = (
        "email,role,stores\nfay@example.com,agent,\nno-address,agent,\n"
        "gil@example.com,chief,\nhal@example.com,agent,store-c\nira@example.com,lead,\n"
    )
    answer = upload(ann, text.encode())
    assert answer.status_code == 400
    page = answer.content.decode()
    for told in (
        "Row 3, column “E-mail”: Enter a valid email address.",
        "Row 4, column “role”: Roles are",
        "Row 5, column “stores”: There is no store “store-c”",
        "Row 6, column “role”: Only an owner",
    ):
        assert told in page
    assert state() == before
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"name\nx\n", "this column is missing"),
        (xlsx(["email"], ["=1+1"]), "a formula"),
        (b"email\n" + b"x@example.com\n" * 600, "500 rows"),
        (b"x" * (5 * 1024 * 1024 + 1), "5 MB"),
    ],
)
def test_bad_file_is_told(cast: Cast, ann: Client, data: bytes, told: str) -> None:
    before = state()
    assert told in upload(ann, data).content.decode()
    assert state() == before


def test_an_import_is_ones_own(cast: Cast, ann: Client, sign_in: SignIn) -> None:
    token = token_of(upload(ann, b"email,role\nfay@example.com,agent\n"))
    cy, bo = sign_in(cast.cy, SOUTH_HOST), sign_in(cast.bo)
    assert cy.post(LIST + "import/", {"step": "do", "run": token}).status_code == 404
    assert bo.post(LIST + "import/", {"step": "do", "run": token}).status_code == 403
    assert bo.get(LIST + "export/csv/").status_code == 403
    assert "example.com" not in cy.get("/admin/tenants/assignment/export/csv/").content.decode()
    assert not User.objects.filter(email="fay@example.com").exists()


@pytest.mark.parametrize("page", ["store", "assignment"])
def test_other_lists_are_taken_away_and_not_brought_in(cast: Cast, ann: Client, page: str) -> None:
    url = f"/admin/tenants/{page}/"
    text = ann.get(url + "export/csv/").content.decode("utf-8-sig")
    assert "store-a" in text
    assert "store-c" not in text
    assert ann.get(url + "import/").status_code == 404
    assert ann.get(url + "export/pdf/").status_code == 404
