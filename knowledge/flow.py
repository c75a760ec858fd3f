"""Which way a process goes, read off its JSON as it stands: also of a draft with loops, gaps and loose ends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

END: Final = ""


@dataclass(frozen=True)
class Way:
    """An edge as it is drawn: `at` is its place among those of its step."""

    source: str
    at: int
    target: str  # a step's key, or END
    leads_back: bool


@dataclass(frozen=True)
class Flow:
    """Steps in layers: every way that does not lead back goes from a layer to a later one."""

    steps: Mapping[str, Mapping[str, Any]]  # key → the step, in the order of the form
    ways: tuple[Way, ...]
    layers: Mapping[str, int]
    reached: frozenset[str]


def flow_of(content: Mapping[str, Any]) -> Flow:
    """Whatever is no step is left out; a way to a step that is not there is drawn to the end."""
    found = content.get("steps")
    listed = [step for step in found if isinstance(step, Mapping)] if isinstance(found, list | tuple) else []
    steps: dict[str, Mapping[str, Any]] = {}
    for at, step in enumerate(listed):
        key = str(step.get("key") or f"?{at}")
        steps[key if key not in steps else f"{key}?{at}"] = step
    back = _leading_back(steps)
    ways = tuple(
        Way(key, at, target, (key, at) in back)
        for key, step in steps.items()
        for at, target in enumerate(targets_of(step, steps))
    )
    return Flow(steps, ways, _layers(steps, ways), _reached(steps))


def targets_of(step: Mapping[str, Any], steps: Mapping[str, Any]) -> Sequence[str]:
    """Where its ways lead, in order; a step without any leads to the end."""
    edges = step.get("edges")
    edges = [edge for edge in edges if isinstance(edge, Mapping)] if isinstance(edges, list | tuple) else []
    targets = [str(edge.get("to") or END) for edge in edges]
    return [target if target in steps else END for target in targets] or [END]


def _leading_back(steps: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, int]]:
    """(step, edge) of each way to a step that is still being walked, depth first from every step in order."""
    back: set[tuple[str, int]] = set()
    done: set[str] = set()
    for first in steps:
        walked, on_way = ([(first, 0)] if first not in done else []), {first}
        while walked:
            key, at = walked.pop()
            targets = targets_of(steps[key], steps)
            if at == len(targets):
                done.add(key)
                on_way.discard(key)
                continue
            walked.append((key, at + 1))
            if targets[at] in on_way:
                back.add((key, at))
            elif targets[at] != END and targets[at] not in done:
                on_way.add(targets[at])
                walked.append((targets[at], 0))
    return back


def _layers(steps: Mapping[str, Any], ways: Sequence[Way]) -> dict[str, int]:
    """The longest way to each step. As often as there are steps at most, for no way that counts leads back."""
    layers = dict.fromkeys(steps, 0)
    forward = [way for way in ways if way.target != END and not way.leads_back]
    for _round in steps:
        lower = [way for way in forward if layers[way.target] <= layers[way.source]]
        if not lower:
            break
        for way in lower:
            layers[way.target] = max(layers[way.target], layers[way.source] + 1)
    return layers


def _reached(steps: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    reached: set[str] = set()
    open_ends = list(steps)[:1]
    while open_ends:
        key = open_ends.pop()
        if key not in reached:
            reached.add(key)
            open_ends += [target for target in targets_of(steps[key], steps) if target != END]
    return frozenset(reached)
