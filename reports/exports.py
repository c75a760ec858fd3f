"""A report as a file: the same rows, as CSV, XLSX or JSON. No cell of it is a formula, whatever a store is called."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from reports.rows import Line, Report
from reports.sums import COUNTED, Sums

Value = str | int | float | None
FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
# What spreadsheets read as the beginning of a formula or of a command.
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM: Final = "\ufeff"  # by which spreadsheets know UTF-8


@dataclass(frozen=True)
class File:
    name: str
    content_type: str
    content: bytes


def as_file(report: Report, kind: str, lines: Sequence[Line]) -> File:
    """`kind` is one of FORMATS. `lines`: all of the report's, not only a page."""
    period = report.period
    name = f"deskfleet-{report.by}-{period.first.isoformat()}-{period.last.isoformat()}.{kind}"
    make = {"csv": _csv, "xlsx": _xlsx, "json": _json}[kind]
    return File(name, FORMATS[kind], make(report, lines))


def figures(sums: Sums) -> dict[str, Value]:
    """The figures of a line by their names, as every format and the API have them. Times in seconds, shares 0 to 1."""
    share = sums.share_within
    return {
        **dict(zip(COUNTED, sums.counts(), strict=True)),
        "first_response_p50_s": sums.p50,
        "first_response_p90_s": sums.p90,
        "share_within": None if share is None else round(share, 4),
    }


def records(report: Report, lines: Iterable[Line]) -> list[dict[str, Value]]:
    """A line as a flat row: what it is about, its figures, and the conversations of the period before."""
    return [
        {report.by: line.key, "name": line.label, **figures(line.sums), "opened_before": line.before.opened}
        for line in lines
    ]


def _table(report: Report, lines: Sequence[Line]) -> list[list[Value]]:
    rows = records(report, lines)
    whole = {**dict.fromkeys(_header(report)), **records(report, [report.whole])[0], "name": _("All together")}
    return [list(_header(report)), *(list(row.values()) for row in rows), list(whole.values())]


def _header(report: Report) -> list[str]:
    return list(records(report, [report.whole])[0])


def safe(value: Value) -> Value:
    """As it may stand in a cell: text that a spreadsheet would calculate gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    kept = "".join(letter for letter in value if letter >= " " or letter in "\t\n\r")
    return "'" + kept if kept.lstrip(" ").startswith(_BEGINS_A_FORMULA) else kept


def _csv(report: Report, lines: Sequence[Line]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in _table(report, lines):
        writer.writerow(["" if value is None else safe(value) for value in row])
    return (BOM + text.getvalue()).encode()


def _xlsx(report: Report, lines: Sequence[Line]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Report"))
    sheet.freeze_panes = "C2"
    sheet.column_dimensions["B"].width = 28
    for number, row in enumerate(_table(report, lines)):
        sheet.append([_cell(sheet, value, bold=number == 0) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(sheet: Any, value: Value, *, bold: bool) -> Any:
    cell = WriteOnlyCell(sheet, value=safe(value))
    if isinstance(value, str):
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _json(report: Report, lines: Sequence[Line]) -> bytes:
    period = report.period
    body = {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "by": report.by,
        "whole": {**figures(report.whole.sums), "opened_before": report.whole.before.opened},
        "results": records(report, lines),
    }
    return json.dumps(body, ensure_ascii=False, indent=2).encode()
