"""XLSX to rows of text: the first sheet that is shown, as it stands, and nothing in it run.

The archive is looked at before it is opened, so that a small file which unpacks to a large one is refused unread.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from tenants.tables.cells import as_text
from tenants.tables.problems import BadTable, Problem, whole

MOST_UNPACKED: Final = 48 * 1024 * 1024
MOST_MEMBERS: Final = 500
MOST_COLUMNS: Final = 100
_CHUNK: Final = 1 << 20
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*\bref=\"([^\"]{1,40})\"")
_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def rows_of_xlsx(data: bytes, *, most_rows: int) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells). Raises BadTable: no XLSX, too large, merged cells, a formula or an error in a cell."""
    _check_archive(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
    except Exception as error:  # whatever a forged file makes the reader stumble over, it is no spreadsheet to us
        raise whole(_("This is no XLSX file that can be read.")) from error
    _check_merged(data, sheet)
    yield from _rows(sheet, most_rows)


def _rows(sheet: Any, most_rows: int) -> Iterator[tuple[int, list[str]]]:
    problems: list[Problem] = []
    try:
        for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), start=1):
            if number > most_rows:
                raise whole(
                    _("It has cells beyond row %(most)d, which is as far as can be read.") % {"most": most_rows}
                )
            if len(cells) > MOST_COLUMNS and cells[-1].value is not None:
                raise whole(_("It has more than %(most)d columns.") % {"most": MOST_COLUMNS})
            problems.extend(_wrong(number, index, cell) for index, cell in enumerate(cells) if _is_wrong(cell))
            if len(problems) > 200:
                break
            yield number, [as_text(cell.value) for cell in cells[:MOST_COLUMNS]]
    except BadTable:
        raise
    except Exception as error:  # as above, but in the middle of the sheet
        raise whole(_("This is no XLSX file that can be read.")) from error
    if problems:
        raise BadTable(problems)


def _is_wrong(cell: Any) -> bool:
    return cell.data_type in ("f", "e")


def _wrong(number: int, index: int, cell: Any) -> Problem:
    formula = _("a formula (%(text)s). Put its value in its place.") % {"text": str(cell.value)[:40]}
    error = _("an error (%(text)s).") % {"text": str(cell.value)[:40]}
    return Problem(number, get_column_letter(index + 1), formula if cell.data_type == "f" else error)


def _check_archive(data: bytes) -> None:
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)  # more than is said there is never read
            if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED:
                raise whole(_("Unpacked this file is larger than can be read."))
            for member in members:
                if member.filename.endswith((".xml", ".rels")):
                    with archive.open(member) as opened:
                        if _DECLARES.search(opened.read(4096)):
                            raise whole(_("This file declares entities, which no spreadsheet does."))
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise whole(_("This is no XLSX file that can be read.")) from error


def _check_merged(data: bytes, sheet: Any) -> None:
    """Of merged cells only the first has a value: the others would look empty, and nobody would know."""
    found: list[Problem] = []
    with ZipFile(io.BytesIO(data)) as archive, archive.open(sheet._worksheet_path) as opened:
        tail = b""
        while chunk := opened.read(_CHUNK):
            block = tail + chunk
            for match in _MERGED.finditer(block):
                area = match[1].decode("ascii", "replace")
                row = int("".join(re.findall(r"\d+", area.partition(":")[0])) or 0)
                told = _("the cells %(area)s are merged. Split them.") % {"area": area}
                if not any(problem.message == told for problem in found):
                    found.append(Problem(row, "", told))
            tail = block[-200:]
    if found:
        raise BadTable(found)
