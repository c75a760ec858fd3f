"""read_upload: whatever was uploaded, by what it is and not by what it is called, to entries. Pure."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from knowledge.imports.archive import opened
from knowledge.imports.docx_files import read_docx
from knowledge.imports.entry import Entry
from knowledge.imports.markdown_files import read_markdown, read_zip
from knowledge.imports.tables import read_articles
from tenants.errors import Invalid

MOST_BYTES: Final = 20 * 1024 * 1024
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"


def read_upload(name: str, data: bytes) -> list[Entry]:
    """Markdown (.md, or a ZIP of them), CSV, XLSX, DOCX. Raises Invalid (`file`), of tables BadTable."""
    if not data:
        raise Invalid(_("The file is empty."), field="file")
    if len(data) > MOST_BYTES:
        raise Invalid(_("A file of at most %(most)d MB can be read.") % {"most": MOST_BYTES >> 20}, field="file")
    if data.startswith(_OLD_OFFICE):
        raise Invalid(_("This is an old Office file. Save it as DOCX or XLSX."), field="file")
    if data.startswith(b"PK"):
        return _read_packed(name, data)
    lower = name.lower()
    if lower.endswith((".md", ".markdown", ".txt")):
        return [read_markdown(name, data)]
    if lower.endswith((".csv", ".tsv")):
        return read_articles(data)
    raise Invalid(_("Markdown, ZIP, CSV, XLSX and DOCX can be read."), field="file")


def _read_packed(name: str, data: bytes) -> list[Entry]:
    with opened(data) as archive:
        parts = set(archive.namelist())
    if "word/document.xml" in parts:
        return [read_docx(name, data)]
    if "xl/workbook.xml" in parts:
        return read_articles(data)
    return read_zip(data)
