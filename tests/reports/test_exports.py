"""Files: the rows of the page, and no cell that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from reports.exports import BOM, safe
from tenants.models import Store
from tests.cast import Cast
from tests.conftest import Api, SignIn
from tests.reports.scenes import asks, counted

FILE = "/admin/report/file/?by=store&format="
REST = "/api/v1/reports/"


@pytest.fixture
def named(cast: Cast) -> Cast:
    """Store A is called like a formula."""
    Store.objects.filter(pk=cast.a.pk).update(name='=HYPERLINK("http://evil.example","x")')
    asks(cast.a, "x-1", at=timezone.now())
    counted(at=timezone.now())
    return cast


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("青禾", "青禾"),
        ("x\x00\x07y", "xy"),
        (-1, -1),
        (None, None),
    ],
)
def test_cells_are_text_or_numbers(value: Any, kept: Any) -> None:
    assert safe(value) == kept


def test_csv_has_no_formula(named: Cast, sign_in: SignIn) -> None:
    answer = sign_in(named.ann).get(FILE + "csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="deskfleet-store-')
    text = answer.content.decode()
    assert text.startswith(BOM)
    rows = list(csv.reader(io.StringIO(text.removeprefix(BOM))))
    assert [row[0] for row in rows] == ["store", "store-a", "store-b", ""]
    assert rows[1][1].startswith("'=HYPERLINK")
    assert rows[1][2] == "2"


def test_xlsx_has_no_formula(named: Cast, sign_in: SignIn) -> None:
    answer = sign_in(named.ann).get(FILE + "xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    assert sheet["B2"].value.startswith("'=HYPERLINK")
    assert sheet["C2"].value == 2


def test_all_formats_have_the_same_rows(named: Cast, sign_in: SignIn, api: Api) -> None:
    client = sign_in(named.ann)
    told = json.loads(client.get(FILE + "json").content)
    rows = list(csv.DictReader(io.StringIO(client.get(FILE + "csv").content.decode().removeprefix(BOM))))
    page = client.get("/admin/report/?by=store").context["report"]
    rest = api(named.ann, agency=named.north, scope="read").get(REST + "?by=store").json()
    assert [row["opened"] for row in told["results"]] == [line.sums.opened for line in page.lines]
    assert [str(row["opened"]) for row in told["results"]] == [row["opened"] for row in rows[:-1]]
    assert [{name: value for name, value in row.items() if name != "key"} for row in rest["results"]] == told["results"]
    assert rest["whole"] == told["whole"]


def test_unknown_format_is_named(named: Cast, sign_in: SignIn) -> None:
    answer = sign_in(named.ann).get(FILE + "pdf")
    assert answer.status_code == 400
    assert answer.context["error"]["field"] == "format"


def test_rest_pages(named: Cast, api: Api) -> None:
    client = api(named.ann, agency=named.north, scope="read")
    first = client.get(REST + "?by=store&limit=1").json()
    assert (first["total"], first["next"], [row["key"] for row in first["results"]]) == (2, 2, ["store-a"])
    second = client.get(REST + "?by=store&limit=1&page=2").json()
    assert (second["next"], [row["key"] for row in second["results"]]) == (None, ["store-b"])
    behind = client.get(REST + "tickets/?measure=unanswered&store=store-a").json()
    assert behind["total"] == first["results"][0]["opened"] - first["results"][0]["answered"] == 2
    now = client.get(REST + "now/").json()
    assert {row["store"]: row["waiting"] for row in now["results"]} == {"store-a": 2, "store-b": 1}


def test_rest_shows_a_token_its_own_stores(named: Cast, api: Api) -> None:
    assert [row["key"] for row in api(named.ann, store=named.b).get(REST + "?by=store").json()["results"]] == [
        "store-b"
    ]
    assert api(named.bo, agency=named.north).get(REST).status_code == 403
    south = api(named.cy, "south.localhost", agency=named.south).get(REST + "tickets/?measure=opened").json()
    assert {row["store"] for row in south["results"]} == {"store-c"}
