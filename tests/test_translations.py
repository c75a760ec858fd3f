"""zh-Hans says everything that English says, and the compiled file is the one that was written."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polib
import pytest
from django.core.management import call_command

FOLDER = Path("config/locale/zh_Hans/LC_MESSAGES")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\{.*?\}\}")


def entries() -> polib.POFile:
    return polib.pofile(str(FOLDER / "django.po"))


def test_every_text_is_translated() -> None:
    assert [entry.msgid for entry in entries() if not entry.translated()] == []


def test_placeholders_are_the_same() -> None:
    for entry in entries():
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                known = set(PLACEHOLDER.findall(entry.msgid)) | set(PLACEHOLDER.findall(entry.msgid_plural or ""))
                assert set(PLACEHOLDER.findall(text)) <= known, entry.msgid


def test_compiled_file_is_current() -> None:
    compiled = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in polib.mofile(str(FOLDER / "django.mo"))}
    written = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in entries()}
    assert compiled == written


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="xgettext is not installed here")
def test_no_text_was_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What makemessages would find now is what was translated."""
    for part in ("config", "tenants", "knowledge", "tickets", "reports"):
        shutil.copytree(part, tmp_path / part)
    known = {(entry.msgctxt, entry.msgid) for entry in entries()}
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("django.conf.settings.LOCALE_PATHS", [str(tmp_path / "config" / "locale")])
        call_command("makemessages", locale=["zh_Hans"], no_location=True, verbosity=0)
    found = {(e.msgctxt, e.msgid) for e in entries() if not e.obsolete}
    assert found - known == set()
