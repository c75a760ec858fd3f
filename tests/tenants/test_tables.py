"""Tables that are uploaded: every encoding and separator, limits, and problems that name row and column."""

from __future__ import annotations

import io
from datetime import date, datetime
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from tenants.tables import reading
from tenants.tables.cells import escaped, unescaped
from tenants.tables.problems import BadTable
from tenants.tables.reading import Column, read_table
from tenants.tables.writing import csv_of, xlsx_of

COLUMNS = (Column("title", ("标题", "Title"), is_required=True, most_letters=20), Column("body", ("正文", "Body")))
CHINESE = "标题,正文\r\n退货,七天无理由\r\n"


def xlsx(*rows: list[object], merge: str = "", hidden_first: bool = False) -> bytes:
    book = Workbook()
    sheet = book.active
    if hidden_first:
        sheet.append(["nothing"])
        sheet.sheet_state = "hidden"
        sheet = book.create_sheet("Shown")
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def problems_of(data: bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(BadTable) as caught:
        read_table(data, COLUMNS)
    return [(problem.row, problem.column, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_csv_in_every_encoding(encoding: str) -> None:
    table = read_table(CHINESE.encode(encoding), COLUMNS)
    assert [row.values for row in table.rows] == [{"title": "退货", "body": "七天无理由"}]
    assert table.rows[0].number == 2


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_with_every_separator(separator: str) -> None:
    text = f'title{separator}body\n"a{separator} b"{separator}"two\nlines"\n\n c {separator}\n'
    table = read_table(text.encode(), COLUMNS)
    assert [(row.number, row.values["title"], row.values["body"]) for row in table.rows] == [
        (2, f"a{separator} b", "two\nlines"),
        (4, "c", ""),
    ]


def test_headings_in_either_language_and_what_nobody_expected() -> None:
    table = read_table(b"TITLE ,note\nx,y\n", COLUMNS)
    assert table.rows[0].values == {"title": "x", "body": ""}
    assert table.present == {"title"}
    assert table.unknown == ("note",)


def test_problems_name_row_and_column() -> None:
    found = problems_of("标题,正文\n,x\n".encode() + "很长".encode() * 20 + b",y\n")
    assert found == [(2, "标题", "this cell is empty."), (3, "标题", "longer than 20 letters.")]
    assert problems_of(b"body\nx\n") == [(0, "标题", "this column is missing.")]
    assert problems_of(b"title,Title\nx,y\n") == [(1, "Title", "this column is there twice.")]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"   ,  \n"])
def test_empty_file(data: bytes) -> None:
    assert problems_of(data) == [(0, "", "The file is empty.")]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'title\n"open', "quotation mark"),
        (b"title\n\xff\xff\x81", "letters"),
        (b"title\nx\x00y\n", "no text"),
        (b"\xd0\xcf\x11\xe0 old", "old Excel"),
        (b"PK no zip", "no XLSX"),
        (b"title\n" + b"x" * (reading.MOST_BYTES + 1), "5 MB"),
        (b"title\n" + b"x\n" * (reading.MOST_ROWS + 1), "20000 rows"),
        (b"title" + b",x" * 200 + b"\nx\n", "columns"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, told: str) -> None:
    assert told in problems_of(data)[0][2]


def test_xlsx_with_numbers_and_dates() -> None:
    data = xlsx(["标题", "正文"], [3.0, 2.5], [datetime(2026, 11, 20), True], [None, None], ["x", date(2026, 1, 2)])
    table = read_table(data, COLUMNS)
    assert [(row.number, *row.values.values()) for row in table.rows] == [
        (2, "3", "2.5"),
        (3, "2026-11-20", "TRUE"),
        (5, "x", "2026-01-02"),
    ]


def test_the_sheet_that_is_shown_is_read() -> None:
    assert read_table(xlsx(["title"], ["x"], hidden_first=True), COLUMNS).rows[0].values["title"] == "x"


def test_formulas_and_errors_are_refused_by_place() -> None:
    found = problems_of(xlsx(["title", "body"], ["ok", "=1+1"], ["#REF!", "x"]))
    assert found[0][:2] == (2, "B")
    assert "=1+1" in found[0][2]
    assert found[1][:2] == (3, "A")


def test_merged_cells_are_refused_by_place() -> None:
    found = problems_of(xlsx(["title", "body"], ["a", "b"], ["c", "d"], merge="A2:A3"))
    assert found == [(2, "", "the cells A2:A3 are merged. Split them.")]


def test_a_million_rows_are_not_read() -> None:
    """A sheet that says it has one cell far down: the reader would make every row up to it."""
    book = Workbook(write_only=False)
    book.active["A1"] = "title"
    book.active["A1048576"] = "x"
    out = io.BytesIO()
    book.save(out)
    assert "beyond row" in problems_of(out.getvalue())[0][2]


def repacked(name: str, content: bytes) -> bytes:
    """A good file in which one member is another."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(xlsx(["title"], ["x"]))) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, content if member.filename == name else old.read(member))
    return out.getvalue()


def test_a_bomb_is_refused_unread() -> None:
    data = repacked("xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 60_000_000)
    assert len(data) < 100_000
    assert "larger" in problems_of(data)[0][2]


def test_entities_are_refused() -> None:
    data = repacked("xl/workbook.xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><workbook>&a;</workbook>')
    assert "entities" in problems_of(data)[0][2]


def test_a_broken_sheet_is_refused() -> None:
    assert "no XLSX" in problems_of(repacked("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row><c"))[0][2]
    assert "no XLSX" in problems_of(repacked("xl/workbook.xml", b"nothing"))[0][2]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", " =1", "＝1+1"])
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert escaped(text) == "'" + text
    assert unescaped(escaped(text)) == text


@pytest.mark.parametrize("text", ["", "a=1", "'quoted'", "您好", "1"])
def test_other_text_stays(text: str) -> None:
    assert escaped(text) == text
    assert unescaped(text) == text


def test_written_and_read_again() -> None:
    rows = [["=cmd|' /C calc'!A0", "-5 % off"], ["您好", "two\nlines"]]
    assert [list(row.values.values()) for row in read_table(csv_of(["title", "body"], rows), COLUMNS).rows] == rows
    data = xlsx_of(["title", "body"], rows)
    assert [list(row.values.values()) for row in read_table(data, COLUMNS).rows] == rows
    sheet = load_workbook(io.BytesIO(data)).active
    assert [cell.data_type for cell in sheet[2]] == ["s", "s"]


def test_numbers_are_written_as_numbers() -> None:
    assert csv_of(["n"], [[-5], [2.0]]).decode("utf-8-sig") == "n\r\n-5\r\n2\r\n"
    sheet = load_workbook(io.BytesIO(xlsx_of(["n", "t"], [[-5, datetime(2026, 1, 2, 3, 4)]]))).active
    assert (sheet["A2"].value, sheet["B2"].value) == (-5, datetime(2026, 1, 2, 3, 4))
