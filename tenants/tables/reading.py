"""read_table: an upload to rows, by the columns that are expected. One place for every import of the house."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tenants.tables.cells import unescaped
from tenants.tables.comma import rows_of_csv
from tenants.tables.problems import BadTable, Problem, whole
from tenants.tables.sheet import MOST_COLUMNS, rows_of_xlsx

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_ROWS: Final = 20_000
MOST_LETTERS: Final = 50_000  # in a cell

_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Column:
    """A column that is expected. `headings` are what it may be called, in any language; case and spaces don't count.

    The first heading is how problems and exports name it, and may be a translated text. `is_required`: the column must
    be there and no cell of it empty.
    """

    name: str
    headings: tuple[str | Promise, ...]
    is_required: bool = False
    most_letters: int = MOST_LETTERS

    @property
    def heading(self) -> str:
        return str(self.headings[0])


@dataclass(frozen=True)
class Row:
    """`number` as a spreadsheet counts. `values` has every expected column, stripped; one not in the file is empty."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True)
class Table:
    """`unknown`: headings that nobody expected, whose cells were left out. `present`: the expected ones in the file."""

    rows: tuple[Row, ...]
    present: frozenset[str]
    unknown: tuple[str, ...]


def read_table(upload: UploadedFile[Any] | bytes, columns: Sequence[Column]) -> Table:
    """The rows of a CSV or XLSX file, empty ones left out. Raises BadTable with every problem's row and column."""
    lines = _filled(_lines(_bytes_of(upload)))
    first = next(lines, None)
    if first is None:
        raise whole(_("The file is empty."))
    places, unknown = _places(first[0], first[1], columns)
    rows, problems = [], []
    for number, cells in lines:
        row, wrong = _row(number, cells, columns, places)
        rows.append(row)
        problems.extend(wrong)
    if problems:
        raise BadTable(problems)
    return Table(tuple(rows), frozenset(places), unknown)


def _bytes_of(upload: UploadedFile[Any] | bytes) -> bytes:
    size = len(upload) if isinstance(upload, bytes) else upload.size or 0
    if size > MOST_BYTES:
        raise whole(_("A file of at most %(most)d MB can be read.") % {"most": MOST_BYTES // 1024 // 1024})
    if isinstance(upload, bytes):
        return upload
    upload.seek(0)
    data: bytes = upload.read()
    return data


def _lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """By what it is, whatever it is called."""
    if data.startswith(b"PK"):
        return rows_of_xlsx(data, most_rows=MOST_ROWS + 1)
    if data.startswith(_OLD_EXCEL):
        raise whole(_("This is an old Excel file (XLS). Save it as XLSX or as “CSV UTF-8”."))
    return rows_of_csv(data)


def _filled(lines: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Without empty rows. Raises BadTable for too many, and for rows that are too wide or hold what is no text."""
    count = 0
    for number, raw in lines:
        cells = [cell.strip() for cell in raw]
        if not any(cells):
            continue
        count += 1
        if count > MOST_ROWS + 1:
            raise whole(_("It has more than %(most)d rows. Cut it in parts.") % {"most": MOST_ROWS})
        if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
            raise BadTable([Problem(number, "", _("more than %(most)d columns.") % {"most": MOST_COLUMNS})])
        if any("\x00" in cell for cell in cells):
            raise BadTable([Problem(number, "", _("there are bytes in it that are no text."))])
        yield number, [unescaped(cell) for cell in cells[:MOST_COLUMNS]]


def _places(number: int, cells: list[str], columns: Sequence[Column]) -> tuple[dict[str, int], tuple[str, ...]]:
    """name → where its column stands, and the headings that are nobody's."""
    known = {_plain(heading): column for column in columns for heading in (column.name, *column.headings)}
    places: dict[str, int] = {}
    unknown, problems = [], []
    for index, heading in enumerate(cells):
        column = known.get(_plain(heading))
        if column is None:
            if heading:
                unknown.append(heading)
        elif column.name in places:
            problems.append(Problem(number, heading, _("this column is there twice.")))
        else:
            places[column.name] = index
    missing = [column for column in columns if column.is_required and column.name not in places]
    problems.extend(Problem(0, column.heading, _("this column is missing.")) for column in missing)
    if problems:
        raise BadTable(problems)
    return places, tuple(unknown)


def _row(number: int, cells: list[str], columns: Sequence[Column], places: dict[str, int]) -> tuple[Row, list[Problem]]:
    values, problems = {}, []
    for column in columns:
        index = places.get(column.name)
        text = cells[index] if index is not None and index < len(cells) else ""
        if column.is_required and not text:
            problems.append(Problem(number, column.heading, _("this cell is empty.")))
        elif len(text) > column.most_letters:
            told = _("longer than %(most)d letters.") % {"most": column.most_letters}
            problems.append(Problem(number, column.heading, told))
        values[column.name] = text
    return Row(number, values), problems


def _plain(heading: str | Promise) -> str:
    return "".join(str(heading).casefold().split()).strip("*＊:：")
