"""CSV to rows of text, in whatever encoding and with whatever separator a spreadsheet wrote it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from tenants.tables.problems import BadTable, Problem, whole

SEPARATORS: Final = (",", ";", "\t", "|")
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decoded(data: bytes) -> str:
    """UTF-8, UTF-16 or GB18030 (with it GBK and GB2312), whichever it is. Raises BadTable."""
    for encoding in _encodings(data):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise whole(_("The letters of this file can't be read. Save it as “CSV UTF-8” or as XLSX."))


def _encodings(data: bytes) -> list[str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return [encoding]
    head = data[:4000]
    # Latin letters and separators in UTF-16 are half zeros; in the other two there are none.
    if head[1::2].count(0) > len(head) // 8:
        return ["utf-16-le"]
    if head[0::2].count(0) > len(head) // 8:
        return ["utf-16-be"]
    return ["utf-8", "gb18030"]


def rows_of_csv(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells). Raises BadTable."""
    text = decoded(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, cells
    except csv.Error as error:
        told = _("It can't be read from here on. Is a quotation mark left open?")
        raise BadTable([Problem(number + 1, "", told)]) from error


def separator_of(text: str) -> str:
    """The one that is most often in the first line, outside of quotation marks."""
    line: list[str] = []
    inside = False
    for letter in text[:20000]:
        if letter == '"':
            inside = not inside
        elif not inside:
            if letter == "\n" and line:
                break
            line.append(letter)
    counts = {separator: line.count(separator) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda separator: counts[separator])
    return best if counts[best] else ","
