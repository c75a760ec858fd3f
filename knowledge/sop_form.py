"""The editor's form of an SOP: its fields as the SOP's JSON, and the buttons that change its shape. Pure.

Names of fields are paths by keys, so that a card may be moved without renaming anything: `s.<step>.title.zh`,
`s.<step>.evidence.<key>.kind`, `s.<step>.edges.<number>.to`. The order is that of the hidden fields `steps`,
`s.<step>.evidence` and `s.<step>.edges`, of which there is one for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final, Protocol

Json = dict[str, Any]
_KEY: Final = re.compile(r"\A[a-z0-9_-]{1,40}\Z")
_BRANCHING: Final = ("ask", "check")
_NOWHERE: Final = {"to": "", "label": {"zh": "", "en": ""}}


class Fields(Protocol):
    """What was sent: Django's QueryDict."""

    def get(self, name: str, default: str, /) -> Any: ...

    def getlist(self, name: str, /) -> list[Any]: ...


def content_of(fields: Fields) -> Json:
    """As it was typed, sound or not."""
    return {
        "title": _text(fields, "title"),
        "purpose": _text(fields, "purpose"),
        "steps": [_step(fields, key) for key in _keys(fields, "steps")],
    }


def _step(fields: Fields, key: str) -> Json:
    where = f"s.{key}"
    kind = fields.get(f"{where}.kind", "do")
    edges = [_edge(fields, f"{where}.edges.{at}", kind) for at in _keys(fields, f"{where}.edges")]
    if kind not in _BRANCHING and edges == [_NOWHERE]:
        edges = []  # the form shows a way to the end where there is none
    return {
        "key": key,
        "kind": kind,
        "title": _text(fields, f"{where}.title"),
        "help": _text(fields, f"{where}.help"),
        "words": _text(fields, f"{where}.words"),
        "wait_h": _hours(fields.get(f"{where}.wait_h", "")),
        "evidence": [_evidence(fields, where, name) for name in _keys(fields, f"{where}.evidence")],
        "edges": edges,
    }


def _evidence(fields: Fields, where: str, key: str) -> Json:
    name = f"{where}.evidence.{key}"
    return {
        "key": key,
        "label": _text(fields, f"{name}.label"),
        "kind": fields.get(f"{name}.kind", "text"),
        "required": bool(fields.get(f"{name}.required", "")),
    }


def _edge(fields: Fields, name: str, kind: str) -> Json:
    edge: Json = {"to": fields.get(f"{name}.to", ""), "label": _text(fields, f"{name}.label")}
    fact = fields.get(f"{name}.fact", "")
    if kind == "check" and fact:
        edge["when"] = {
            "fact": fact,
            "operator": fields.get(f"{name}.operator", "is"),
            "value": fields.get(f"{name}.value", ""),
        }
    return edge


def _text(fields: Fields, name: str) -> Json:
    return {language: fields.get(f"{name}.{language}", "").replace("\r\n", "\n") for language in ("zh", "en")}


def _keys(fields: Fields, name: str) -> list[str]:
    """What is no key was not written by our form, and is left out."""
    return [key for key in dict.fromkeys(fields.getlist(name)) if _KEY.match(key)]


def _hours(text: str) -> float | str:
    """A number where it is one; else what was typed, for `read` to refuse."""
    try:
        return float(text.replace(",", ".")) if text.strip() else 0
    except ValueError:
        return text


def input_of(field: str, content: Mapping[str, Any]) -> str:
    """The form's name for the field of an Invalid: `steps.2.edges.0.to` → `s.verify.edges.0.to`."""
    parts = field.split(".")
    steps = content.get("steps") or []
    if parts[0] != "steps" or len(parts) < 2 or not parts[1].isdecimal() or int(parts[1]) >= len(steps):
        return f"{field}.zh" if field in ("title", "purpose") else field
    step = steps[int(parts[1])]
    rest = [part for part in parts[2:] if part != "when"]
    if rest[:1] == ["evidence"] and len(rest) > 1 and rest[1].isdecimal():
        rest[1] = str(step["evidence"][int(rest[1])].get("key", ""))
    if parts[-1] == "when":
        rest.append("fact")
    if rest and rest[-1] in ("title", "words", "label"):
        rest.append("zh")
    return ".".join(["s", str(step.get("key")), *rest])


# ---------------------------------------------------------------- buttons


def shaped(content: Json, button: str) -> tuple[Json, str]:
    """The content after a button, `add:<step>:<edge>`, and the key of the step to look at then.

    What is no button changes nothing.
    """
    name, *args = button.split(":")
    content = deepcopy(content)
    steps: list[Json] = content["steps"]
    verb = _BUTTONS.get(name)
    at = next((at for at, step in enumerate(steps) if args and step["key"] == args[0]), None)
    if verb is None or (at is None and name != "add"):
        return content, ""
    return content, verb(steps, at if at is not None else len(steps) - 1, args[1:])


def _add(steps: list[Json], at: int, args: Sequence[str]) -> str:
    """A new step on one way of a step: it leads on to where that way led."""
    key = _free("s", [step["key"] for step in steps])
    onward: Json = {"to": "", "label": {}}
    new: Json = {"key": key, "kind": "do", "title": {"zh": "", "en": ""}, "evidence": [], "edges": [onward]}
    if at >= 0:
        edge = _at(args)
        edges = steps[at].setdefault("edges", [])
        if not edges:
            edges.append({"to": "", "label": {}})
        if 0 <= edge < len(edges):
            new["edges"][0]["to"], edges[edge]["to"] = edges[edge].get("to", ""), key
    steps.insert(at + 1, new)
    return key


def _remove(steps: list[Json], at: int, args: Sequence[str]) -> str:
    """What led to it leads to where its first way led."""
    if len(steps) == 1:
        return str(steps[0]["key"])
    gone = steps.pop(at)
    onward = next((edge.get("to", "") for edge in gone.get("edges") or []), "")
    for step in steps:
        for edge in step.get("edges") or []:
            if edge.get("to") == gone["key"]:
                edge["to"] = onward if onward != step["key"] else ""
    return str(steps[max(0, at - 1)]["key"])


def _move(by: int) -> Callable[[list[Json], int, Sequence[str]], str]:
    def moved(steps: list[Json], at: int, args: Sequence[str]) -> str:
        step = steps.pop(at)
        steps.insert(max(0, min(len(steps), at + by)), step)
        return str(step["key"])

    return moved


def _kind(steps: list[Json], at: int, args: Sequence[str]) -> str:
    """After another kind was chosen: as many ways as it has, the last one of a check for everything else."""
    step = steps[at]
    edges: list[Json] = step["edges"]
    least = 2 if step["kind"] in _BRANCHING else 1
    while len(edges) < least:
        edges.append({"to": "", "label": {"zh": "", "en": ""}})
    if step["kind"] not in _BRANCHING:
        del edges[1:]
    if step["kind"] == "check":
        for edge in edges[:-1]:
            edge.setdefault("when", {"fact": "category", "operator": "is", "value": ""})
        edges[-1].pop("when", None)
    return str(step["key"])


def _add_edge(steps: list[Json], at: int, args: Sequence[str]) -> str:
    edges: list[Json] = steps[at]["edges"]
    new: Json = {"to": "", "label": {"zh": "", "en": ""}}
    if steps[at]["kind"] == "check":
        new["when"] = {"fact": "category", "operator": "is", "value": ""}
        edges.insert(max(0, len(edges) - 1), new)
    else:
        edges.append(new)
    return str(steps[at]["key"])


def _remove_edge(steps: list[Json], at: int, args: Sequence[str]) -> str:
    edges: list[Json] = steps[at]["edges"]
    if 0 <= _at(args) < len(edges):
        edges.pop(_at(args))
    return _kind(steps, at, args)


def _add_evidence(steps: list[Json], at: int, args: Sequence[str]) -> str:
    evidence: list[Json] = steps[at]["evidence"]
    key = _free("e", [each["key"] for each in evidence])
    evidence.append({"key": key, "label": {"zh": "", "en": ""}, "kind": "text", "required": True})
    return str(steps[at]["key"])


def _remove_evidence(steps: list[Json], at: int, args: Sequence[str]) -> str:
    steps[at]["evidence"] = [each for each in steps[at]["evidence"] if args and each["key"] != args[0]]
    return str(steps[at]["key"])


def _at(args: Sequence[str]) -> int:
    return int(args[0]) if args and args[0].isascii() and args[0].isdecimal() else 0


def _free(letter: str, taken: Sequence[str]) -> str:
    return next(key for number in range(1, len(taken) + 2) if (key := f"{letter}{number}") not in taken)


_BUTTONS: Final[Mapping[str, Callable[[list[Json], int, Sequence[str]], str]]] = {
    "add": _add,
    "remove": _remove,
    "up": _move(-1),
    "down": _move(1),
    "kind": _kind,
    "add-edge": _add_edge,
    "remove-edge": _remove_edge,
    "add-evidence": _add_evidence,
    "remove-evidence": _remove_evidence,
}
