"""A standard process 标准流程: steps with branches, conditions, evidence, texts to send and waits. A finite way.

A step leads on by its edges, in order: the first whose condition holds, or that an agent chose. An edge without a
target ends the process. Every step can be reached from the first one, and no way leads back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from knowledge.content.condition import Condition, read_condition
from knowledge.content.reply import check_variables
from knowledge.content.text import LONGEST_TITLE, NOTHING, Text, clean, listed, path, required, text_of
from tenants.errors import Invalid

MOST_STEPS: Final = 60
MOST_EDGES: Final = 8
MOST_EVIDENCE: Final = 10
LONGEST_WAIT_H: Final = 24 * 30

StepKind = Literal["do", "ask", "check", "send", "wait"]
EvidenceKind = Literal["text", "number", "picture", "link", "tick"]
_KEY = re.compile(r"\A[a-z0-9_-]{1,40}\Z")


@dataclass(frozen=True)
class Evidence:
    """What shows that a step was done."""

    key: str
    label: Text
    kind: EvidenceKind = "text"
    required: bool = True


@dataclass(frozen=True)
class Edge:
    """The way on: where to, for whom. Of an `ask`, the answer; of a `check`, the condition (none: otherwise)."""

    to: str = ""  # a step's key; empty: the end
    label: Text = NOTHING
    when: Condition | None = None


@dataclass(frozen=True)
class Step:
    key: str
    kind: StepKind
    title: Text
    help: Text = NOTHING
    words: Text = NOTHING  # of a `send`: what is said to the buyer, with the variables of quick replies
    wait_h: float = 0  # of a `wait`: hours
    evidence: tuple[Evidence, ...] = ()
    edges: tuple[Edge, ...] = ()


@dataclass(frozen=True)
class Sop:
    title: Text
    purpose: Text
    steps: tuple[Step, ...]

    def step(self, key: str) -> Step:
        """Raises KeyError."""
        return next((step for step in self.steps if step.key == key), None) or _missing(key)


def read_sop(data: Mapping[str, Any]) -> Sop:
    """From JSON, whole and sound: every key once, every edge leads somewhere, no loop, nothing out of reach.

    Raises Invalid with the field, `steps.3.edges.0.to`.
    """
    steps = tuple(_read_step(part, f"steps.{at}") for at, part in enumerate(listed(data, "steps", most=MOST_STEPS)))
    if not steps:
        raise Invalid(_("An SOP has one step at least."), field="steps")
    _check_way(steps)
    return Sop(
        title=required(text_of(data, "title", most=LONGEST_TITLE), "title"),
        purpose=text_of(data, "purpose"),
        steps=steps,
    )


def _read_step(data: Mapping[str, Any], where: str) -> Step:
    kind = data.get("kind")
    if kind not in get_args(StepKind):
        raise Invalid(_("There is no such kind of step."), field=path(where, "kind"))
    step = Step(
        key=_key(data.get("key"), path(where, "key")),
        kind=cast(StepKind, kind),
        title=required(text_of(data, "title", where=where, most=LONGEST_TITLE), path(where, "title")),
        help=text_of(data, "help", where=where),
        words=text_of(data, "words", where=where),
        wait_h=_hours(data.get("wait_h", 0), path(where, "wait_h")),
        evidence=tuple(
            _read_evidence(part, path(where, "evidence", at))
            for at, part in enumerate(listed(data, "evidence", where=where, most=MOST_EVIDENCE))
        ),
        edges=tuple(
            _read_edge(part, path(where, "edges", at))
            for at, part in enumerate(listed(data, "edges", where=where, most=MOST_EDGES))
        ),
    )
    _check_step(step, where)
    return step


def _check_step(step: Step, where: str) -> None:
    keys = [evidence.key for evidence in step.evidence]
    if len(set(keys)) < len(keys):
        raise Invalid(_("Two pieces of evidence have the same name."), field=path(where, "evidence"))
    if step.kind == "send":
        required(step.words, path(where, "words"))
        for language, words in (("zh", step.words.zh), ("en", step.words.en)):
            check_variables(words, path(where, "words", language))
    if step.kind == "wait" and step.wait_h <= 0:
        raise Invalid(_("Say how many hours to wait."), field=path(where, "wait_h"))
    if step.kind == "ask":
        if len(step.edges) < 2:
            raise Invalid(_("A question has two answers at least."), field=path(where, "edges"))
        for at, edge in enumerate(step.edges):
            required(edge.label, path(where, "edges", at, "label"))
    elif step.kind == "check":
        _check_conditions(step.edges, where)
    elif len(step.edges) > 1:
        raise Invalid(_("Only questions and conditions lead several ways."), field=path(where, "edges"))


def _check_conditions(edges: Sequence[Edge], where: str) -> None:
    """All but the last ask something, and the last is for everybody else: a way on is always found."""
    if len(edges) < 2:
        raise Invalid(_("A condition has one way for yes, and one for everything else."), field=path(where, "edges"))
    for at, edge in enumerate(edges[:-1]):
        if edge.when is None:
            raise Invalid(_("Say when this way is taken."), field=path(where, "edges", at, "when"))
    if edges[-1].when is not None:
        raise Invalid(_("The last way is for everything else."), field=path(where, "edges", len(edges) - 1, "when"))


def _check_way(steps: Sequence[Step]) -> None:
    at = {step.key: number for number, step in enumerate(steps)}
    for number, step in enumerate(steps):
        if at[step.key] != number:
            raise Invalid(_("Two steps have the same name: %(key)s") % {"key": step.key}, field=f"steps.{number}.key")
        for edge, way in enumerate(step.edges):
            if way.to and way.to not in at:
                raise Invalid(_("There is no step %(key)s.") % {"key": way.to}, field=f"steps.{number}.edges.{edge}.to")
    _check_loops(steps, at)
    reached = _reached(steps, at)
    for number, step in enumerate(steps):
        if step.key not in reached:
            raise Invalid(
                _("No way leads to the step “%(title)s”.") % {"title": step.title.in_language(get_language() or "zh")},
                field=f"steps.{number}.key",
            )


def _reached(steps: Sequence[Step], at: Mapping[str, int]) -> set[str]:
    reached, open_ends = set(), [steps[0].key]
    while open_ends:
        key = open_ends.pop()
        if key not in reached:
            reached.add(key)
            open_ends += [edge.to for edge in steps[at[key]].edges if edge.to]
    return reached


def _check_loops(steps: Sequence[Step], at: Mapping[str, int]) -> None:
    """Depth first, without recursion: an edge to a step that is still being walked leads back."""
    done: set[str] = set()
    for first in steps:
        walked: list[tuple[str, int]] = [(first.key, 0)] if first.key not in done else []
        on_way = {first.key}
        while walked:
            key, edge = walked.pop()
            edges = steps[at[key]].edges
            if edge == len(edges):
                done.add(key)
                on_way.discard(key)
                continue
            walked.append((key, edge + 1))
            to = edges[edge].to
            if to in on_way:
                raise Invalid(
                    _("This way leads back to “%(title)s”: an SOP must come to an end.")
                    % {"title": steps[at[to]].title.in_language(get_language() or "zh")},
                    field=f"steps.{at[key]}.edges.{edge}.to",
                )
            if to and to not in done:
                on_way.add(to)
                walked.append((to, 0))


def _read_evidence(data: Mapping[str, Any], where: str) -> Evidence:
    kind = data.get("kind", "text")
    if kind not in get_args(EvidenceKind):
        raise Invalid(_("There is no such kind of evidence."), field=path(where, "kind"))
    label = required(text_of(data, "label", where=where, most=LONGEST_TITLE), path(where, "label"))
    return Evidence(
        key=_key(data.get("key"), path(where, "key")),
        label=label,
        kind=cast(EvidenceKind, kind),
        required=bool(data.get("required", True)),
    )


def _read_edge(data: Mapping[str, Any], where: str) -> Edge:
    when = data.get("when")
    return Edge(
        to=clean(data.get("to") or "", path(where, "to"), most=40),
        label=text_of(data, "label", where=where, most=LONGEST_TITLE),
        when=read_condition(when, path(where, "when")) if when else None,
    )


def _key(value: object, field: str) -> str:
    if not isinstance(value, str) or not _KEY.match(value):
        raise Invalid(_("A name of small letters, digits, - and _ is wanted."), field=field)
    return value


def _hours(value: object, field: str) -> float:
    try:
        hours = float(cast(Any, value) or 0)
    except (TypeError, ValueError):
        raise Invalid(_("This is not a number of hours."), field=field) from None
    if not 0 <= hours <= LONGEST_WAIT_H:
        raise Invalid(_("Between 0 and %(most)d hours.") % {"most": LONGEST_WAIT_H}, field=field)
    return hours


def _missing(key: str) -> Step:
    raise KeyError(key)
