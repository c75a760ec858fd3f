"""The widget's modules, joined and made small: what a shop's page loads is one file for each moment. Pure: texts only.

Each module becomes a function that gives what it exports, under its own name in `$`. So nothing in a module is renamed
or changed, and a file finds the modules of those that were loaded before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import rcssmin
import rjsmin

# Served as one file with all that it imports → what was loaded before it, and is not in it again.
ENTRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "in-zh": (),
    "in-en": (),
    "chat": ("in-zh",),
    **dict.fromkeys(("cards", "emoji", "form", "pictures", "rating"), ("in-zh", "chat")),
}
SMALL: Final = ("deskfleet.js", "frame.css")  # stand alone already

_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"\./([\w-]+)\.js";[^\n]*\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|let|(?:async )?function|class) ([\w$]+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b(?!\()[^\n]*", re.MULTILINE)


def joined(sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """File name → its text as it is served, of those that are served. Raises ValueError for what can't be joined."""
    for entry, before in ENTRIES.items():
        known: set[str] = set()
        for earlier in before:
            known.update(_in_order(earlier, sources, known))
        modules = [_as_function(name, sources) for name in _in_order(entry, sources, known)]
        names = ", ".join(_exports(entry, sources))
        offered = f"export const {{ {names} }} = {_place(entry)};\n" if names else ""
        yield f"{entry}.js", rjsmin.jsmin("self.$ = self.$ || {};\n" + "".join(modules) + offered)
    for name in SMALL:
        yield name, (rcssmin.cssmin if name.endswith(".css") else rjsmin.jsmin)(sources[name])


def _in_order(entry: str, sources: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """The module behind all that it imports, itself or through others; without those that are known."""
    found: dict[str, bool] = dict.fromkeys(known, True)  # name → whether all of it is in the list

    def visit(name: str) -> Iterator[str]:
        if not found.setdefault(name, False):
            for _names, imported in _IMPORT.findall(sources[f"{name}.js"]):
                if found.get(imported) is False:
                    raise ValueError(f"{name}.js and {imported}.js import each other")
                yield from visit(imported)
            found[name] = True
            yield name

    return list(visit(entry))


def _as_function(name: str, sources: Mapping[str, str]) -> str:
    text = sources[f"{name}.js"]
    heads = [
        f"const {{ {names.strip().rstrip(',').replace(' as ', ': ')} }} = {_place(imported)};"
        for names, imported in _IMPORT.findall(text)
        if names
    ]
    body = _EXPORT.sub("", _IMPORT.sub("", text))
    if odd := _OTHER.search(body):
        raise ValueError(f"{name}.js: can't join {odd[0]!r}")
    gives = f"return {{ {', '.join(_exports(name, sources))} }};"
    return "\n".join([f"{_place(name)} = (() => {{", *heads, body, gives, "})();\n"])


def _exports(name: str, sources: Mapping[str, str]) -> list[str]:
    return _EXPORT.findall(sources[f"{name}.js"])


def _place(name: str) -> str:
    return f'$["{name}"]' if "-" in name else f"$.{name}"
