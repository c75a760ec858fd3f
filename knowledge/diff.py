"""What differs between two contents of a kind, in words: field, before, after, and in both the words that changed.

Pure: no table is read. Drafts that are not sound yet can be compared as well, for nothing here is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Final, Literal

import rjieba
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from knowledge.content.condition import FACTS
from knowledge.content.text import Text
from knowledge.facts import EVIDENCE_KINDS, OPERATORS, STEP_KINDS, value_label

MOST_WORDS: Final = 3_000  # of one field; longer ones are compared line by line
LANGUAGES: Final = {"zh": "中文", "en": "English"}
Mark = Literal["same", "gone", "new"]
_WORDS = re.compile(r"[㐀-鿿]+|\w+|\s+|.", re.DOTALL)
_CHINESE = re.compile(r"[㐀-鿿]")


@dataclass(frozen=True)
class Piece:
    text: str
    mark: Mark


@dataclass(frozen=True)
class Line:
    """One field. `path` is stable (`steps.verify.title.zh`), `label` is for people; what is missing has no pieces."""

    path: str
    label: str
    language: str  # zh, en, or empty where it is said in none
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True)
class Section:
    """What belongs together: the item itself, or one step of an SOP. `key` is the step's."""

    key: str
    title: str
    kind: Literal["changed", "added", "removed"]
    lines: tuple[Line, ...]


@dataclass
class _Part:
    """A section's fields before they are compared: path → (label, language, value)."""

    title: str
    fields: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def put(self, path: str, label: str, value: object, language: str = "") -> None:
        if value not in ("", None, [], ()):
            self.fields[path] = (label, language, str(value))

    def put_text(self, path: str, label: str, text: object) -> None:
        for language in LANGUAGES:
            self.put(f"{path}.{language}", label, _get(text, language), language)


def difference(kind: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Section, ...]:
    """From `before` to `after`, each the JSON of an item's content, or None where there is none. Empty: they agree."""
    old, new = (_PARTS[kind](content or {}) for content in (before, after))
    sections = [_compared(key, old.get(key), new.get(key)) for key in _keys(old, new)]
    return tuple(section for section in sections if section is not None)


def mark_words(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts cut into what they share and what only one has; Chinese by words."""
    cut = _words if max(len(before), len(after)) <= MOST_WORDS * 4 else _lines
    old, new = cut(before), cut(after)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, from_, to, from_new, to_new in _matcher(old, new).get_opcodes():
        gone, come = "".join(old[from_:to]), "".join(new[from_new:to_new])
        if gone:
            left.append(Piece(gone, "same" if tag == "equal" else "gone"))
        if come:
            right.append(Piece(come, "same" if tag == "equal" else "new"))
    return tuple(left), tuple(right)


def _matcher(old: list[str], new: list[str]) -> SequenceMatcher[str]:
    """What repeats itself a lot is not looked for in long texts: that would take minutes."""
    return SequenceMatcher(None, old, new, autojunk=len(new) > 800)


# ---------------------------------------------------------------- comparing


def _compared(key: str, old: _Part | None, new: _Part | None) -> Section | None:
    there = new or old
    if there is None:
        return None
    lines = tuple(_line(path, old, new) for path in _keys(*(part.fields for part in (old, new) if part)))
    changed = tuple(line for line in lines if line is not None)
    if not changed and old and new:
        return None
    return Section(key, there.title, "added" if old is None else "removed" if new is None else "changed", changed)


def _line(path: str, old: _Part | None, new: _Part | None) -> Line | None:
    was, is_ = (part.fields.get(path) if part else None for part in (old, new))
    label, language, _value = is_ or was or ("", "", "")
    before, after = (said[2] if said else "" for said in (was, is_))
    if before == after:
        return None
    return Line(path, label, language, *mark_words(before, after))


def _keys(*parts: Mapping[str, Any]) -> list[str]:
    """Every key once: as the last one orders them, and what only the others have after its neighbour."""
    *others, last = parts or ({},)
    keys = list(last)
    for other in others:
        at = 0
        for key in other:
            if key in keys:
                at = keys.index(key) + 1
            else:
                keys.insert(at, key)
                at += 1
    return keys


def _words(text: str) -> list[str]:
    found: list[str] = []
    for word in _WORDS.findall(text):
        found += rjieba.cut(word) if _CHINESE.match(word) else [word]
    return found


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


# ---------------------------------------------------------------- contents in words


def _article(content: Mapping[str, Any]) -> dict[str, _Part]:
    part = _Part(_("Article"))
    part.put_text("title", _("Title"), content.get("title"))
    part.put_text("body", _("Text"), content.get("body"))
    return {"": part}


def _reply(content: Mapping[str, Any]) -> dict[str, _Part]:
    part = _Part(_("Quick reply"))
    part.put_text("title", _("Title"), content.get("title"))
    part.put_text("body", _("Text"), content.get("body"))
    part.put("shortcut", _("Shortcut"), content.get("shortcut"))
    part.put("pictures", _("Pictures"), len(_list(content, "pictures")) or "")
    return {"": part}


def _sop(content: Mapping[str, Any]) -> dict[str, _Part]:
    steps = [step for step in _list(content, "steps") if isinstance(step, Mapping)]
    titles = {str(step.get("key")): _title(step) for step in steps}
    whole = _Part(_("The whole"))
    whole.put_text("title", _("Title"), content.get("title"))
    whole.put_text("purpose", _("Purpose"), content.get("purpose"))
    whole.put("order", _("Order of the steps"), " → ".join(titles.values()))
    parts = {"": whole}
    for step in steps:
        parts[str(step.get("key"))] = _step(step, titles)
    return parts


def _step(step: Mapping[str, Any], titles: Mapping[str, str]) -> _Part:
    where = f"steps.{step.get('key')}"
    part = _Part(_title(step))
    part.put(f"{where}.kind", _("Kind"), STEP_KINDS.get(str(step.get("kind")), ""))
    part.put_text(f"{where}.title", _("Title"), step.get("title"))
    part.put_text(f"{where}.help", _("Help"), step.get("help"))
    part.put_text(f"{where}.words", _("Words to the buyer"), step.get("words"))
    part.put(f"{where}.wait_h", _("Hours to wait"), _number(step.get("wait_h")))
    for evidence in _maps(step, "evidence"):
        _put_evidence(part, f"{where}.evidence.{evidence.get('key')}", evidence)
    for at, edge in enumerate(_maps(step, "edges")):
        _put_edge(part, f"{where}.edges.{at}", at, edge, titles)
    return part


def _put_evidence(part: _Part, where: str, evidence: Mapping[str, Any]) -> None:
    kind = str(EVIDENCE_KINDS.get(str(evidence.get("kind")), ""))
    must = _("required") if evidence.get("required", True) else _("if there is any")
    part.put_text(where, _("Evidence"), evidence.get("label"))
    part.put(
        f"{where}.kind", _("Evidence “%(title)s”") % {"title": _words_of(evidence.get("label"))}, f"{kind}, {must}"
    )


def _put_edge(part: _Part, where: str, at: int, edge: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    label = _("Way %(number)d") % {"number": at + 1}
    part.put_text(f"{where}.label", _("%(way)s: answer") % {"way": label}, edge.get("label"))
    part.put(f"{where}.when", _("%(way)s: when") % {"way": label}, condition_words(edge.get("when")))
    to = str(edge.get("to") or "")
    part.put(f"{where}.to", _("%(way)s: leads to") % {"way": label}, titles.get(to, to) or _("the end"))


def condition_words(when: object) -> str:
    """A condition as one reads it: 渠道 是 天猫. Empty for none."""
    if not isinstance(when, Mapping) or not when.get("fact"):
        return ""
    fact = str(when["fact"])
    label = FACTS[fact][1] if fact in FACTS else fact
    operator = OPERATORS.get(str(when.get("operator")), "")
    return f"{label} {operator} {value_label(fact, str(when.get('value', '')))}".strip()


def _title(step: Mapping[str, Any]) -> str:
    return _words_of(step.get("title")) or _("Step without a title")


def _words_of(text: object) -> str:
    said = Text(str(_get(text, "zh") or ""), str(_get(text, "en") or ""))
    return said.in_language(get_language() or "zh")


def _number(value: object) -> str:
    return "" if value in (0, 0.0, "0", "", None) else f"{value:g}" if isinstance(value, int | float) else str(value)


def _get(text: object, language: str) -> object:
    return text.get(language, "") if isinstance(text, Mapping) else ""


def _list(data: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = data.get(name) or ()
    return value if isinstance(value, list | tuple) else ()


def _maps(data: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
    return (part for part in _list(data, name) if isinstance(part, Mapping))


_PARTS: Final = {"article": _article, "reply": _reply, "sop": _sop}
