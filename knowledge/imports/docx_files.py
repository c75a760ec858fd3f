"""A Word document to an entry: headings, lists, tables, emphasis, links and pictures as Markdown. Nothing in it is run.

Of merged cells the first has the text. What can't be told in Markdown (text boxes, notes, comments) is left out, and
said so; a document with tracked changes is refused, for nobody but its author knows which text is meant.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from django.utils.translation import gettext as _
from docx import Document
from docx.table import Table
from docx.text.hyperlink import Hyperlink
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from knowledge.imports.archive import check_xml, opened
from knowledge.imports.entry import Embedded, Entry, language_of
from tenants.errors import Invalid

MOST_BLOCKS: Final = 5_000  # paragraphs and tables
MOST_CELLS: Final = 5_000  # of all tables
MOST_IN_ONE: Final = 2_000  # parts of a paragraph, rows of a table: looking one up walks past the others
MOST_PICTURES: Final = 100
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"\A(?:heading|标题|titre|überschrift)\s*([1-9])\Z", re.IGNORECASE)
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~])")
_AT_START = re.compile(r"\A(\s*)(#{1,6}(?=\s)|[-+](?=\s)|\d+(?=[.)]\s)|---)")


def read_docx(name: str, data: bytes) -> Entry:
    """The document as one article. Raises Invalid (`file`)."""
    with opened(data) as archive:
        check_xml(archive)
        if "word/document.xml" not in archive.namelist():
            raise Invalid(_("This is no Word document that can be read (DOCX)."), field="file")
    try:
        document = Document(io.BytesIO(data))
        return _Reading(document).entry(name)
    except Invalid:
        raise
    except Exception as error:  # whatever the reader stumbles over, it is no document to us
        raise Invalid(_("This is no Word document that can be read (DOCX)."), field="file") from error


class _Reading:
    """One document on its way: its lines, its title, its pictures, and what was left out."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.title = ""
        self.lines: list[str] = []
        self.pictures: dict[str, Embedded] = {}
        self.cells = 0
        self.numbered: dict[int, int] = {}
        self.styles: dict[str | None, str] = {}

    def entry(self, name: str) -> Entry:
        body = self.document.element.body
        if next(body.iter(f"{_W}ins", f"{_W}del"), None) is not None:
            raise Invalid(_("It has tracked changes. Accept or reject them in Word, and save it again."), field="file")
        if len(body) > MOST_BLOCKS or any(len(part) > MOST_IN_ONE for part in body.iter(f"{_W}p", f"{_W}tbl")):
            raise Invalid(_("This document is too long. Cut it in parts."), field="file")
        for block in self.document.iter_inner_content():
            if isinstance(block, Paragraph):
                self.paragraph(block)
            else:
                self.table(block)
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip()
        title = self.title or PurePosixPath(name).stem
        language = language_of(f"{title} {text}")
        values = {f"title_{language}": title[:200], f"body_{language}": text}
        return Entry(name, 0, values, self.pictures, tuple(self._left_out(body)))

    def paragraph(self, paragraph: Paragraph) -> None:
        words = self.words(paragraph).strip()
        if not words:
            return
        style = self._style(paragraph)
        level = _heading_level(style)
        if level is not None and not self.title and level <= 1:
            self.title = paragraph.text.strip()
            return
        if level is not None:
            self.lines += ["", f"{'#' * min(max(level, 1), 6)} {words}", ""]
            return
        listed = self._listed(paragraph, style)
        if listed is None:
            quoted = "quote" in style.lower() or "引用" in style
            self.lines += ["", f"> {words}" if quoted else _AT_START.sub(r"\1\\\2", words), ""]
            self.numbered.clear()
            return
        depth, is_numbered = listed
        self.lines.append(f"{'   ' * depth}{self._number(depth) if is_numbered else '-'} {words}")

    def table(self, table: Table) -> None:
        rows = []
        for row in table.rows:
            cells, seen = [], None
            for cell in row.cells:
                self.cells += 1
                if self.cells > MOST_CELLS:
                    raise Invalid(_("The tables of this document are too large."), field="file")
                is_merged, seen = cell._tc is seen, cell._tc
                words = "" if is_merged else " ".join(self.words(part).strip() for part in cell.paragraphs)
                cells.append(words.replace("\n", " ").strip())
            rows.append(cells)
        if not rows:
            return
        width = max(map(len, rows))
        lines = [f"| {' | '.join(cells + [''] * (width - len(cells)))} |" for cells in rows]
        self.lines += ["", lines[0], f"|{'---|' * width}", *lines[1:], ""]

    def words(self, paragraph: Paragraph) -> str:
        return "".join(self._inline(paragraph)).replace("\x0b", "\n")

    def _inline(self, paragraph: Paragraph) -> Iterator[str]:
        for part in paragraph.iter_inner_content():
            if isinstance(part, Hyperlink):
                words = _plain(part.text)
                yield f"[{words}](<{part.url}>)" if part.url and words.strip() else words
            else:
                yield from self._run(part)

    def _run(self, run: Run) -> Iterator[str]:
        for blip in run._r.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}blip"):
            token = self._picture(run, blip)
            if token:
                yield f"\n\n![]({token})\n\n"
        words = _plain(run.text)
        marks = ("**" if run.bold else "") + ("*" if run.italic else "") + ("~~" if run.font.strike else "")
        if not marks or not words.strip():
            yield words
            return
        core = words.strip()
        before, after = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
        yield f"{before}{marks}{core}{marks[::-1]}{after}"

    def _picture(self, run: Run, blip: Any) -> str:
        """What stands for the picture in the text; empty for one that is only linked to."""
        related = blip.get("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed")
        part = run.part.related_parts.get(related) if related else None
        if part is None:
            return ""
        token = f"embedded:{part.partname}"
        if token not in self.pictures and len(self.pictures) >= MOST_PICTURES:
            raise Invalid(_("It has more than %(most)d pictures.") % {"most": MOST_PICTURES}, field="file")
        self.pictures[token] = Embedded(PurePosixPath(str(part.partname)).name, part.blob)
        return token

    def _style(self, paragraph: Paragraph) -> str:
        """What its style is called. Looked up once each: it takes a walk through all of them."""
        name = paragraph._p.style
        if name not in self.styles:
            self.styles[name] = str(paragraph.style.name if paragraph.style is not None else "")
        return self.styles[name]

    def _listed(self, paragraph: Paragraph, style: str) -> tuple[int, bool] | None:
        """(depth, whether it is numbered) of a line of a list."""
        named = re.match(r"\AList (Bullet|Number)(?: ([2-5]))?\Z", style)
        properties: Any = paragraph._p.pPr
        numbering = properties.numPr if properties is not None else None
        if numbering is None or numbering.numId is None:
            return (int(named[2] or 1) - 1, named[1] == "Number") if named else None
        depth = numbering.ilvl.val if numbering.ilvl is not None else 0
        return min(depth, 5), self._is_numbered(numbering.numId.val, depth)

    def _is_numbered(self, number: int, depth: int) -> bool:
        """Whether a list counts, as the document's numbering says."""
        try:
            root = self.document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return False
        kinds = root.xpath(
            f"w:abstractNum[@w:abstractNumId=../w:num[@w:numId='{int(number)}']/w:abstractNumId/@w:val]"
            f"/w:lvl[@w:ilvl='{int(depth)}']/w:numFmt/@w:val"
        )
        return bool(kinds) and kinds[0] not in ("bullet", "none")

    def _number(self, depth: int) -> str:
        self.numbered = {level: at for level, at in self.numbered.items() if level <= depth}
        self.numbered[depth] = self.numbered.get(depth, 0) + 1
        return f"{self.numbered[depth]}."

    def _left_out(self, body: Any) -> Iterator[str]:
        for tag, said in (
            ("txbxContent", _("Text boxes were left out.")),
            ("footnoteReference", _("Footnotes were left out.")),
            ("commentReference", _("Comments were left out.")),
            ("object", _("Embedded objects were left out.")),
        ):
            if next(body.iter(f"{_W}{tag}"), None) is not None:
                yield said


def _heading_level(style: str) -> int | None:
    """0 of a title, 1 to 9 of a heading, None of all else."""
    if style in ("Title", "标题"):
        return 0
    found = _HEADING.match(style)
    return int(found[1]) if found else None


def _plain(text: str) -> str:
    """Text that Markdown leaves alone."""
    return _SPECIAL.sub(r"\\\1", text)
