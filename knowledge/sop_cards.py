"""An SOP's JSON as the cards of its editor: every value as text, every choice with its label. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from knowledge.content.condition import FACTS
from knowledge.content.text import Text
from knowledge.facts import EVIDENCE_KINDS, OPERATORS, STEP_KINDS, VALUES


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Words:
    zh: str
    en: str


@dataclass(frozen=True)
class EvidenceCard:
    key: str
    label: Words
    kinds: tuple[Choice, ...]
    is_required: bool


@dataclass(frozen=True)
class EdgeCard:
    at: int
    label: Words
    targets: tuple[Choice, ...]
    is_otherwise: bool  # the last way of a check
    facts: tuple[Choice, ...]
    operators: tuple[Choice, ...]
    values: tuple[Choice, ...]  # of the fact; none where it is a number
    value: str


@dataclass(frozen=True)
class StepCard:
    key: str
    number: int
    kind: str
    kinds: tuple[Choice, ...]
    title: Words
    help: Words
    words: Words
    wait_h: str
    evidence: tuple[EvidenceCard, ...]
    edges: tuple[EdgeCard, ...]
    is_first: bool
    is_last: bool
    is_only: bool

    @property
    def branches(self) -> bool:
        return self.kind in ("ask", "check")


def cards_of(content: Mapping[str, Any]) -> list[StepCard]:
    steps = [step for step in content.get("steps") or [] if isinstance(step, Mapping)]
    titles = [(str(step.get("key")), f"{at}. {_named(step)}") for at, step in enumerate(steps, 1)]
    return [_card(at, step, titles) for at, step in enumerate(steps)]


def words_of(value: object) -> Words:
    told = value if isinstance(value, Mapping) else {}
    return Words(str(told.get("zh") or ""), str(told.get("en") or ""))


def _card(at: int, step: Mapping[str, Any], titles: Sequence[tuple[str, str]]) -> StepCard:
    key, kind = str(step.get("key")), str(step.get("kind") or "do")
    edges = [edge for edge in step.get("edges") or [{}] if isinstance(edge, Mapping)]
    targets = [("", _("the end")), *(pair for pair in titles if pair[0] != key)]
    hours = step.get("wait_h")
    return StepCard(
        key=key,
        number=at + 1,
        kind=kind,
        kinds=_choices(STEP_KINDS.items(), kind),
        title=words_of(step.get("title")),
        help=words_of(step.get("help")),
        words=words_of(step.get("words")),
        wait_h=f"{hours:g}" if isinstance(hours, int | float) and hours else str(hours or ""),
        evidence=tuple(_evidence(each) for each in step.get("evidence") or [] if isinstance(each, Mapping)),
        edges=tuple(_edge(number, edge, len(edges), kind, targets) for number, edge in enumerate(edges)),
        is_first=at == 0,
        is_last=at == len(titles) - 1,
        is_only=len(titles) == 1,
    )


def _evidence(data: Mapping[str, Any]) -> EvidenceCard:
    kinds = _choices(EVIDENCE_KINDS.items(), str(data.get("kind") or "text"))
    return EvidenceCard(str(data.get("key")), words_of(data.get("label")), kinds, bool(data.get("required", True)))


def _edge(at: int, data: Mapping[str, Any], total: int, kind: str, targets: Sequence[tuple[str, str]]) -> EdgeCard:
    when = data.get("when") if isinstance(data.get("when"), Mapping) else {}
    fact = str((when or {}).get("fact") or "category")
    is_number = FACTS.get(fact, (False, ""))[0]
    operators = [pair for pair in OPERATORS.items() if is_number or pair[0] in ("is", "is_not")]
    value = str((when or {}).get("value") or "")
    values = [("", "…"), *VALUES[fact]] if fact in VALUES else []
    return EdgeCard(
        at=at,
        label=words_of(data.get("label")),
        targets=_choices(targets, str(data.get("to") or "")),
        is_otherwise=kind == "check" and at == total - 1,
        facts=_choices([(name, label) for name, (_number, label) in FACTS.items()], fact),
        operators=_choices(operators, str((when or {}).get("operator") or "is")),
        values=_choices(values, value),
        value=value,
    )


def _choices(pairs: Any, chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, str(label), value == chosen) for value, label in pairs)


def _named(step: Mapping[str, Any]) -> str:
    title = words_of(step.get("title"))
    return Text(title.zh, title.en).in_language(get_language() or "zh") or _("Step without a title")
