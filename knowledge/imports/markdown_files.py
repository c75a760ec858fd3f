"""Markdown with front matter, one file or a ZIP of them, to entries and back. Pure.

---
title_zh: 发货时间
title_en: Delivery
topic: logistics
---
<!-- zh -->
…
<!-- en -->
…

Front matter is lines of `name: value`, and no YAML: nothing in it can be anything but text. Without marks of a
language the whole is in the one that its letters say. Without front matter the first heading is the title.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final
from zipfile import ZipFile

from django.utils.translation import gettext as _

from knowledge.imports.archive import opened
from knowledge.imports.entry import FIELDS, Embedded, Entry, language_of
from tenants.errors import Invalid
from tenants.tables.comma import decoded
from tenants.tables.problems import BadTable

LONGEST_FILE: Final = 1024 * 1024  # bytes of one text
MOST_FILES: Final = 2_000
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_LINE = re.compile(r"\A([A-Za-z_]{1,30})[ \t]*:[ \t]*(.*)\Z")
_MARK = re.compile(r"^<!--[ \t]*(zh|en)[ \t]*-->[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|\Z)")
_PICTURE = re.compile(r"!\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_ENDINGS: Final = (".md", ".markdown", ".txt")


def read_markdown(name: str, data: bytes) -> Entry:
    """One file. Raises Invalid (`file`) where it is no text, names a field that there is not, or one twice."""
    if len(data) > LONGEST_FILE:
        raise Invalid(_("%(name)s is larger than 1 MB.") % {"name": name}, field="file")
    text = _text(data).replace("\r\n", "\n").replace("\x00", "")
    values, text = _front(name, text.lstrip("\ufeff"))
    bodies = _bodies(text)
    for language, body in bodies.items():
        heading = _HEADING.match(body)
        if heading and f"title_{language}" not in values:
            values[f"title_{language}"] = heading[1]
        is_title = heading is not None and values.get(f"title_{language}") == heading[1]
        values[f"body_{language}"] = (body[heading.end() :] if heading and is_title else body).strip()
    if not any(values.get(f"title_{language}") for language in ("zh", "en")):
        title = PurePosixPath(name).stem
        values[f"title_{language_of(title + text)}"] = title
    return Entry(name, 0, values)


def read_zip(data: bytes) -> list[Entry]:
    """Every Markdown file in it, by name, with the pictures that lie beside them. Raises Invalid (`file`)."""
    entries = []
    with opened(data) as archive:
        names = [member.filename for member in archive.infolist() if not member.is_dir()]
        texts = [name for name in sorted(names) if name.lower().endswith(_ENDINGS) and not _is_hidden(name)]
        if not texts:
            raise Invalid(_("There is no Markdown file in it."), field="file")
        if len(texts) > MOST_FILES:
            raise Invalid(_("It has more than %(most)d files.") % {"most": MOST_FILES}, field="file")
        for name in texts:
            if archive.getinfo(name).file_size > LONGEST_FILE:
                raise Invalid(_("%(name)s is larger than 1 MB.") % {"name": name}, field="file")
            entry = read_markdown(name, archive.read(name))
            entries.append(Entry(entry.where, 0, entry.values, _pictures(archive, entry, set(names))))
    return entries


def write_markdown(values: Mapping[str, str]) -> str:
    """The file of which `read_markdown` makes the same."""
    front = [
        f"{name}: {_one_line(values[name])}" for name in FIELDS if values.get(name) and not name.startswith("body")
    ]
    bodies = [
        f"<!-- {language} -->\n{values[f'body_{language}']}"
        for language in ("zh", "en")
        if values.get(f"body_{language}")
    ]
    return "\n".join(["---", *front, "---", "\n\n".join(bodies), ""])


def _text(data: bytes) -> str:
    try:
        return decoded(data)
    except BadTable as error:
        raise Invalid(_("The letters of this file can't be read. Save it as UTF-8."), field="file") from error


def _front(name: str, text: str) -> tuple[dict[str, str], str]:
    found = _FRONT.match(text)
    if found is None:
        return {}, text
    values: dict[str, str] = {}
    for number, line in enumerate(found[1].split("\n"), start=2):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = _LINE.match(line)
        field = parts[1].lower() if parts else ""
        if parts is None or field not in FIELDS or field.startswith("body") or field in values:
            raise Invalid(
                _("%(name)s, line %(line)d: “%(text)s” is no field of an article, or is there twice.")
                % {"name": name, "line": number, "text": line.strip()[:60]},
                field="file",
            )
        values[field] = parts[2].strip().strip("\"'")
    return values, text[found.end() :]


def _bodies(text: str) -> dict[str, str]:
    parts = _MARK.split(text)
    if len(parts) == 1:
        return {language_of(text): text} if text.strip() else {}
    return {language: body for language, body in zip(parts[1::2], parts[2::2], strict=True) if body.strip()}


def _pictures(archive: ZipFile, entry: Entry, names: set[str]) -> dict[str, Embedded]:
    """What the text shows and the archive holds: beside the text, or for `picture:<id>` under pictures/."""
    found: dict[str, Embedded] = {}
    for body in (entry.values.get("body_zh", ""), entry.values.get("body_en", "")):
        for link in _PICTURE.findall(body):
            place = _place_of(entry.where, link, names)
            if place:
                found[link] = Embedded(PurePosixPath(place).name, archive.read(place))
    return found


def _place_of(where: str, link: str, names: set[str]) -> str:
    if link.startswith("picture:"):
        return next((name for name in names if PurePosixPath(name).stem == link.removeprefix("picture:")), "")
    beside = str(PurePosixPath(where).parent / link)
    return beside if beside in names else ""


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())
