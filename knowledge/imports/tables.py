"""A table of articles, CSV or XLSX, to entries: a row an article. Pure."""

from __future__ import annotations

from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from knowledge.content.text import LONGEST_BODY, LONGEST_TITLE
from knowledge.imports.entry import Entry
from tenants.tables.problems import whole
from tenants.tables.reading import Column, read_table

MOST_ROWS: Final = 2_000
COLUMNS: Final = (
    Column("id", ("编号", "ID")),
    Column("title_zh", ("中文标题", "Title (zh)", "标题", "title_cn", "title"), most_letters=LONGEST_TITLE),
    Column("title_en", ("英文标题", "Title (en)"), most_letters=LONGEST_TITLE),
    Column("topic", ("主题", "Topic")),
    Column("folder", ("文件夹", "Folder", "目录"), most_letters=200),
    Column("categories", ("问题分类", "Kinds of tickets", "分类")),
    Column("audience", ("可见范围", "Readers", "受众")),
    Column("layer", ("层级", "Written for")),
    Column("marketplace", ("平台", "Marketplace")),
    Column("store", ("店铺", "Store")),
    Column("keeper", ("负责人", "Kept by")),
    Column("review_on", ("复核日期", "Read again")),
    Column("body_zh", ("中文正文", "Text (zh)", "正文", "内容", "body", "text"), most_letters=LONGEST_BODY),
    Column("body_en", ("英文正文", "Text (en)"), most_letters=LONGEST_BODY),
)


def read_articles(upload: UploadedFile[Any] | bytes) -> list[Entry]:
    """Raises BadTable with every place at fault."""
    table = read_table(upload, COLUMNS)
    if not table.present & {"title_zh", "title_en", "id"}:
        raise whole(_("There is no column with a title. Call one “title_zh” or “title_en”."))
    if len(table.rows) > MOST_ROWS:
        raise whole(_("It has more than %(most)d articles. Cut it in parts.") % {"most": MOST_ROWS})
    notes = tuple(_("The column “%(name)s” was left out.") % {"name": name} for name in table.unknown)
    return [
        Entry(
            _("row %(row)d") % {"row": row.number},
            row.number,
            {name: row.values[name] for name in table.present},
            notes=notes,
        )
        for row in table.rows
    ]
