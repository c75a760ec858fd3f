"""Articles from files: what is there is read, what is broken or hostile is refused by its place, and nothing is run."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from knowledge.actions.add_starters import starters
from knowledge.content import read
from knowledge.imports.entry import FIELDS
from knowledge.imports.markdown_files import read_markdown, write_markdown
from knowledge.imports.reading import read_upload
from knowledge.markdown import to_html
from tenants.errors import Invalid
from tenants.tables.problems import BadTable
from tests.cast import PNG

MOST_MB = 400  # of memory, with Django and all: what a bomb may cost


def packed(files: dict[str, bytes | str], **more: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **more) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def document(fill: Callable[[Any], None]) -> bytes:
    out, made = io.BytesIO(), Document()
    fill(made)
    made.save(out)
    return out.getvalue()


def repacked(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A document with its parts changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return packed({name: change(name, archive.read(name)) for name in archive.namelist()})


def refused(name: str, data: bytes) -> str:
    with pytest.raises(Invalid) as error:
        read_upload(name, data)
    assert error.value.field == "file"
    return str(error.value)


# ---------------------------------------------------------------- Markdown


def test_front_matter_and_both_languages() -> None:
    front = "---\ntitle_zh: 发货\ntopic: logistics\n# a remark\nkeeper: 'ann@example.com'\n---\n"
    text = f"{front}<!-- zh -->\n# 不是标题\n\n<!-- en -->\nHi"
    entry = read_markdown("a.md", text.encode())
    assert entry.values == {
        "title_zh": "发货",
        "topic": "logistics",
        "keeper": "ann@example.com",
        "body_zh": "# 不是标题",
        "body_en": "Hi",
    }


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("# Sizes\n\nMeasure.", {"title_en": "Sizes", "body_en": "Measure."}),
        ("# 尺码\n\n量一量。", {"title_zh": "尺码", "body_zh": "量一量。"}),
        ("No heading.", {"title_en": "faq", "body_en": "No heading."}),
        ("---\ntitle_en: {{7*7}}\n---\n{0.__class__}", {"title_en": "{{7*7}}", "body_en": "{0.__class__}"}),
    ],
)
def test_what_a_file_says(text: str, values: dict[str, str]) -> None:
    assert read_markdown("faq.md", text.encode()).values == values
    assert read_markdown("faq.md", text.encode("gb18030")).values == values
    assert read_markdown("faq.md", ("\ufeff" + text).encode("utf-8")).values == values


@pytest.mark.parametrize("line", ["colour: red", "title_zh: a\ntitle_zh: b", "body_zh: x", "!!python/object: x", "x"])
def test_front_matter_that_is_none_names_its_line(line: str) -> None:
    told = refused("a.md", f"---\n{line}\n---\nx".encode())
    assert "a.md, line" in told


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([name for name in FIELDS if not name.startswith("body")]), TEXT), TEXT)
def test_what_is_written_is_read_again(values: dict[str, str], body: str) -> None:
    said = {name: " ".join(text.split()).strip("\"'").strip() for name, text in values.items()}
    said = {name: text for name, text in said.items() if text} | {"title_zh": "标题"}
    said |= {"body_zh": f"甲 {body}".strip()}
    again = read_markdown("x.md", write_markdown(said).encode()).values
    assert {name: again.get(name) for name in said} == said


def test_a_zip_with_its_pictures() -> None:
    data = packed(
        {
            "a/one.md": "# One\n\n![x](pics/a.png) ![y](../b.png) ![z](https://evil.example/c.png)",
            "a/pics/a.png": PNG,
            "b.png": PNG,
            "two.md": "# 二\n\n文",
            "__MACOSX/a/._one.md": "x",
            "notes.doc": "x",
        }
    )
    one, two = read_upload("faq.zip", data)
    assert (one.where, set(one.pictures)) == ("a/one.md", {"pics/a.png"})
    assert two.values["title_zh"] == "二"


def test_paths_lead_nowhere() -> None:
    data = packed(
        {"../../evil.md": "# Up\n\n![x](../../../etc/passwd)", "/abs.md": "# Abs\n\n![x](../../../etc/passwd)"}
    )
    entries = read_upload("x.zip", data)
    assert [entry.where for entry in entries] == ["/abs.md"]  # what begins with a dot is nobody's article
    assert not entries[0].pictures


# ---------------------------------------------------------------- tables


def test_a_table_in_gb18030_with_chinese_headings() -> None:
    rows = read_upload("表.csv", "标题,正文,主题\n发票,“电子”发票,policy\n".encode("gb18030"))
    assert rows[0].values == {"title_zh": "发票", "body_zh": "“电子”发票", "topic": "policy"}
    assert rows[0].row == 2


def sheet(fill: Callable[[Any], None]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    fill(book.active)
    book.save(out)
    return out.getvalue()


def test_formulas_and_merged_cells_are_named() -> None:
    def formula(page: Any) -> None:
        page.append(["title_en", "body_en"])
        page.append(["Sizes", '=HYPERLINK("http://evil.example")'])

    with pytest.raises(BadTable) as told:
        read_upload("x.xlsx", sheet(formula))
    assert (told.value.problems[0].row, told.value.problems[0].column) == (2, "B")

    def merged(page: Any) -> None:
        page.append(["title_en", "body_en"])
        page.append(["Sizes", "x"])
        page.merge_cells("A2:A3")

    with pytest.raises(BadTable) as told:
        read_upload("x.xlsx", sheet(merged))
    assert told.value.problems[0].row == 2


def test_a_table_without_titles_and_with_what_nobody_knows() -> None:
    assert "title_zh" in refused("x.csv", b"body\nx\n")
    (row,) = read_upload("x.csv", b"title_en,colour\nA,red\n")
    assert row.notes == ("The column “colour” was left out.",)
    assert "2000" in refused("x.csv", b"title_en\n" + b"a\n" * 2001).replace(",", "")


# ---------------------------------------------------------------- Word


def rich(made: Any) -> None:
    made.add_heading("Returns [policy]", level=1)
    made.add_heading("How", level=2)
    words = made.add_paragraph("Send it ")
    words.add_run("within 7 days").bold = True
    words.add_run(" *please*, ").italic = True
    made.add_paragraph("unworn", style="List Bullet")
    made.add_paragraph("First", style="List Number")
    made.add_paragraph("Second", style="List Number")
    table = made.add_table(2, 3)
    for at, text in enumerate(("a", "b", "c")):
        table.cell(0, at).text = text
    table.cell(1, 0).merge(table.cell(1, 1)).text = "wide | pipe"
    made.add_picture(io.BytesIO(PNG))
    made.add_paragraph("<script>alert(1)</script> {{7*7}}")


def test_a_document_becomes_markdown() -> None:
    (entry,) = read_upload("policy.docx", document(rich))
    body = entry.values["body_en"]
    assert entry.values["title_en"] == "Returns [policy]"
    assert "## How" in body
    assert "Send it **within 7 days** *\\*please\\*,*" in body
    assert "- unworn" in body
    assert "1. First\n2. Second" in body
    assert "| a | b | c |\n|---|---|---|\n| wide \\| pipe |  |  |" in body
    (token, picture) = next(iter(entry.pictures.items()))
    assert f"]({token})" in body
    assert picture.content.startswith(b"\x89PNG")
    html = to_html(body)
    assert "<script" not in html
    assert "{{7*7}}" in html
    assert "<strong>within 7 days</strong>" in html


def test_chinese_styles_and_languages() -> None:
    def fill(made: Any) -> None:
        made.add_paragraph("退货说明", style="Title")
        made.add_paragraph("请在七天内寄回。")

    (entry,) = read_upload("x.docx", document(fill))
    assert entry.values == {"title_zh": "退货说明", "body_zh": "请在七天内寄回。"}


@pytest.mark.parametrize("tag", ["w:ins", "w:del"])
def test_tracked_changes_are_refused(tag: str) -> None:
    def change(name: str, part: bytes) -> bytes:
        marked = f'<w:p><{tag} w:id="1" w:author="x"><w:r><w:t>x</w:t></w:r></{tag}></w:p><w:sectPr'.encode()
        return part.replace(b"<w:sectPr", marked, 1) if name == "word/document.xml" else part

    assert "tracked changes" in refused("x.docx", repacked(document(rich), change))


def test_what_is_left_out_is_said() -> None:
    def change(name: str, part: bytes) -> bytes:
        box = b"<w:p><w:r><w:txbxContent><w:p/></w:txbxContent></w:r></w:p><w:sectPr"
        return part.replace(b"<w:sectPr", box, 1) if name == "word/document.xml" else part

    (entry,) = read_upload("x.docx", repacked(document(rich), change))
    assert entry.notes == ("Text boxes were left out.",)


# ---------------------------------------------------------------- hostile


ENTITY = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def billion_laughs() -> bytes:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"<w:document", ENTITY + b"<w:document", 1) if name == "word/document.xml" else part

    return repacked(document(rich), change)


def zip_bomb() -> bytes:
    """300 MB of paragraphs in less than one."""
    return with_more((b"<w:p><w:r><w:t>" + b"A" * 1000 + b"</w:t></w:r></w:p>") * 300_000)


def with_more(more: bytes) -> bytes:
    """A document with this at its end."""

    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"<w:sectPr", more + b"<w:sectPr", 1) if name == "word/document.xml" else part

    return repacked(document(rich), change)


def largest() -> bytes:
    """About as much as is read at all."""
    paragraph = b"<w:p><w:r><w:t>" + b"A" * 10 + b"</w:t></w:r></w:p>"
    return with_more(paragraph * 4_900 + b"<w:p>" + b"<w:r><w:t>B</w:t></w:r>" * 1_900 + b"</w:p>")


def wide() -> bytes:
    """A paragraph of a hundred thousand parts: it would be walked through for hours."""
    return with_more(b"<w:p>" + b"<w:r><w:t>B</w:t></w:r>" * 100_000 + b"</w:p>")


def lying_bomb() -> bytes:
    """Says that it unpacks to a hundred bytes."""
    data = bytearray(packed({"word/document.xml": b"A" * 50_000_000}))
    for at in range(len(data) - 4):
        if data[at : at + 4] in (b"PK\x01\x02", b"PK\x03\x04"):
            place = at + (24 if data[at : at + 4] == b"PK\x01\x02" else 22)
            data[place : place + 4] = (100).to_bytes(4, "little")
    return bytes(data)


def too_many_rows() -> bytes:
    """A sheet of a hundred thousand rows, written as text: openpyxl would take seconds for it."""
    book, out = Workbook(), io.BytesIO()
    book.active.append(["title_en", "body_en"])
    book.save(out)
    row = b'<row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row>'

    def change(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        part = re.sub(rb"<dimension[^>]*>", b"", part)  # no more would be read than it says
        return part.replace(b"</sheetData>", row * 100_000 + b"</sheetData>")

    return repacked(out.getvalue(), change)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "laughs.docx": billion_laughs,
    "lying.docx": lying_bomb,
    "wide.docx": wide,
    "many.zip": lambda: packed({f"{at}.md": "# x" for at in range(3_001)}),
    "rows.xlsx": too_many_rows,
    "cut.docx": lambda: document(rich)[:4000],
    "none.docx": lambda: packed({"word/document.xml": "<x/>"}),
    "old.docx": lambda: b"\xd0\xcf\x11\xe0" + b"x" * 100,
    "empty.md": lambda: b"",
    "page.html": lambda: b"<html>",
    "random.docx": lambda: b"PK\x03\x04" + bytes(range(256)) * 20,
    "binary.md": lambda: b"\xff\xfe\x00\xd8" + b"\x00\xdc" * 50 + b"\xd8",
    "large.md": lambda: b"# x\n" + b"a" * 2_000_000,
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_what_is_hostile_is_refused(name: str) -> None:
    assert refused(name, HOSTILE[name]())


MEASURE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from knowledge.imports.reading import read_upload
from tenants.errors import Invalid
try:
    read_upload(sys.argv[1], open(sys.argv[1], "rb").read())
except Invalid as refused:
    print("refused:", refused)
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.parametrize("name", ["bomb.docx", "largest.docx", "rows.xlsx", "lying.docx"])
def test_a_bomb_costs_little_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes({**HOSTILE, "bomb.docx": zip_bomb, "largest.docx": largest}[name]())
    told = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    assert ("refused:" in told.stdout) == (name != "largest.docx")
    assert int(told.stdout.split()[-1]) < MOST_MB


def test_the_starter_set_is_sound() -> None:
    """Whole, in both languages, each once."""
    found = list(starters("article"))
    titles = [starter["content"]["title"]["zh"] for starter in found]
    assert len(found) >= 12
    assert len(set(titles)) == len(titles)
    for starter in found:
        article = read("article", starter["content"])
        assert len(article.body.zh) > 150, article.title
        assert len(article.body.en) > 150, article.title
