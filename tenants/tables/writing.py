"""Rows to CSV and XLSX, as a spreadsheet likes them, and with nothing in them that it would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.timezone import make_naive
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import IllegalCharacterError

from tenants.tables.cells import as_text, escaped

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_of(headings: Sequence[str | Promise], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a byte order mark, without which Excel takes Chinese for something else."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([escaped(str(heading)) for heading in headings])
    for row in rows:
        writer.writerow([as_text(value) if _is_number(value) else escaped(as_text(_naive(value))) for value in row])
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(headings: Sequence[str | Promise], rows: Iterable[Sequence[Any]], *, title: str = "Deskfleet") -> bytes:
    """One sheet, its first row standing. Texts are texts there, whatever they begin with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title=title[:31])
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, escaped(str(heading)), bold=True) for heading in headings])
    for row in rows:
        sheet.append([_cell(sheet, _naive(value)) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    try:
        cell = WriteOnlyCell(sheet, value=escaped(value))
    except IllegalCharacterError:
        cell = WriteOnlyCell(sheet, value=escaped("".join(c for c in value if c.isprintable() or c in "\n\t")))
    except ValueError:  # no type that a spreadsheet has
        cell = WriteOnlyCell(sheet, value=escaped(as_text(value)))
    if isinstance(cell.value, str):
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _naive(value: Any) -> Any:
    return make_naive(value) if isinstance(value, datetime) and value.tzinfo else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal)
