"""The widget's modules as one file: in order, each once, and refused where that can't be."""

from __future__ import annotations

import re

import pytest

from config.joined import ENTRIES, SMALL, joined
from tests.deployment import ROOT

WIDGET = ROOT / "static" / "widget"
EMPTY = {f"{name}.js": "" for name in ENTRIES} | dict.fromkeys(SMALL, "")


def sources() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in WIDGET.iterdir()}


def modules_in(text: str) -> list[str]:
    return re.findall(r"\$(?:\.(\w+)|\[\"[\w-]+\"\])=\(\(\)=>", text)


def test_every_module_is_served_once_and_behind_what_it_imports() -> None:
    served = dict(joined(sources()))
    for language in ("zh", "en"):
        loaded = [
            name for entry in (f"in-{language}", *list(ENTRIES)[2:]) for name in modules_in(served[f"{entry}.js"])
        ]
        assert len(loaded) == len(set(loaded))
        found = {path.stem for path in WIDGET.glob("*.js")} - {"deskfleet", "in-zh", "in-en", "zh", "en"}
        assert set(filter(None, loaded)) == found | {language}
        for name in filter(None, loaded):
            for imported in re.findall(r'from "\./(\w+)\.js"', (WIDGET / f"{name}.js").read_text(encoding="utf-8")):
                assert loaded.index(imported) < loaded.index(name), f"{name} before {imported}"


def test_what_is_served_imports_nothing_but_what_is_served() -> None:
    for name, text in joined(sources()):
        assert not re.search(r'(?:^|[;}\n])import[ {"]', text), name
        assert {f"{entry}.js" for entry in ENTRIES} >= set(re.findall(r'import\("\./([\w.-]+)"\)', text)), name


def test_exports_are_offered_by_name() -> None:
    given = EMPTY | {
        "chat.js": 'import { b as c } from "./b.js";\nexport const a = () => `x  ${c}`;\nexport function d() {}\n',
        "b.js": "export const b = 1;\nexport let e = 2; // a comment\n",
    }
    text = dict(joined(given))["chat.js"]
    assert "const{b:c}=$.b" in text
    assert "return{b,e}" in text
    assert "`x  ${c}`" in text
    assert text.strip().endswith("export const{a,d}=$.chat;")
    assert "comment" not in text


@pytest.mark.parametrize(
    ("chat", "b"),
    [
        ('import { b } from "./b.js";\n', 'import { a } from "./chat.js";\n'),
        ('import "https://elsewhere.example/x.js";\n', ""),
        ('import b from "./b.js";\n', ""),
        ("export default 1;\n", ""),
        ('export { x } from "./b.js";\n', ""),
    ],
)
def test_what_can_not_be_joined_is_refused(chat: str, b: str) -> None:
    with pytest.raises(ValueError, match=r"chat\.js"):
        dict(joined(EMPTY | {"chat.js": chat, "b.js": b}))
