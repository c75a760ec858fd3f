"""Quick replies as rows of a spreadsheet, and rows of one as quick replies. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from knowledge.categories import Category
from knowledge.content import read, write
from tenants.errors import Invalid
from tenants.tables.problems import Problem
from tenants.tables.reading import Column, Row

COLUMNS: Final = (
    Column("id", ("ID", "编号")),
    Column("folder", ("Folder", "文件夹")),
    Column("title_zh", ("Title (Chinese)", "标题（中文）", "标题", "Title")),
    Column("title_en", ("Title (English)", "标题（英文）")),
    Column("body_zh", ("Text (Chinese)", "内容（中文）", "内容", "话术", "Text")),
    Column("body_en", ("Text (English)", "内容（英文）")),
    Column("shortcut", ("Shortcut", "快捷码")),
    Column("categories", ("Kinds of tickets", "问题分类")),
)
# The input of a content's field, as a column is called.
_OF_FIELD: Final = {
    "title": "title_zh",
    "body": "body_zh",
    **{f"{part}.{language}": f"{part}_{language}" for part in ("title", "body") for language in ("zh", "en")},
}


@dataclass(frozen=True)
class ReadRow:
    """A row that can be kept. `item_id`: which one it says anew, None for a new one."""

    number: int
    item_id: int | None
    folder: str
    categories: tuple[str, ...]
    content: dict[str, Any]


def read_row(row: Row) -> ReadRow | Problem:
    """The row as a reply; or what is wrong with it, by column."""
    cells = row.values
    try:
        return ReadRow(
            row.number,
            _number(cells["id"]),
            cells["folder"],
            _categories(cells["categories"]),
            write(read("reply", _content(cells))),
        )
    except Invalid as refused:
        name = _OF_FIELD.get(refused.field or "", refused.field or "")
        heading = next((column.headings[0] for column in COLUMNS if column.name == name), name)
        return Problem(row.number, heading, str(refused))


def cells_of(item_id: int, folder: str, categories: list[str], content: Mapping[str, Any]) -> list[Any]:
    """One reply as a row, in the order of COLUMNS."""
    title, body = content["title"], content["body"]
    labels = ", ".join(categories)
    return [item_id, folder, title["zh"], title["en"], body["zh"], body["en"], content["shortcut"], labels]


def _content(cells: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": {"zh": cells["title_zh"], "en": cells["title_en"]},
        "body": {"zh": cells["body_zh"], "en": cells["body_en"]},
        "shortcut": cells["shortcut"],
    }


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(_("This is not a number."), field="id")
    return int(text)


def _categories(text: str) -> tuple[str, ...]:
    names = [name.strip().lower() for name in text.replace("，", ",").replace("、", ",").split(",") if name.strip()]
    known = {**{value: value for value in Category.values}, **{str(c.label).lower(): c.value for c in Category}}
    for name in names:
        if name not in known:
            raise Invalid(_("“%(name)s” is no kind of ticket.") % {"name": name}, field="categories")
    return tuple(dict.fromkeys(known[name] for name in names))
