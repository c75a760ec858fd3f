"""The drawing of a process: where its steps and ways stand on paper. Pure; templates/knowledge/_drawing.html draws it.

Layers from top to bottom, each way to the end has an end of its own, long ways run round what stands between. What is
not sound yet is drawn as well, with the fault marked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final
from unicodedata import east_asian_width

from knowledge.content.text import Text
from knowledge.diff import condition_words
from knowledge.flow import END, Flow, Way, flow_of, targets_of

WIDTH: Final = 176  # of a step, in pixels, as everything here
HEIGHT: Final = 56
ROW: Final = 112
GAP: Final = 28
MARGIN: Final = 20
END_SIZE: Final = 16
LINE: Final = 16  # characters of half width in a step's line
LABEL: Final = 18
ROOM: Final = 96


@dataclass(frozen=True)
class Node:
    key: str
    number: int  # in the order of the form, from 1
    kind: str
    x: float  # of the middle
    y: float
    lines: tuple[str, ...]
    title: str
    wait_h: str
    evidence: int
    is_faulty: bool
    is_reached: bool
    mark: str  # of a run: done, skipped, now; else empty

    @property
    def left(self) -> float:
        return self.x - WIDTH / 2

    @property
    def top(self) -> float:
        return self.y - HEIGHT / 2


@dataclass(frozen=True)
class Arrow:
    """A way. `path` is SVG's `d`; the label stands at (x, y)."""

    source: str
    at: int
    path: str
    label: str
    x: float
    y: float
    is_faulty: bool
    leads_back: bool
    is_passed: bool
    end: tuple[float, float] | None  # the middle of the end that it leads to


@dataclass(frozen=True)
class Drawing:
    width: int
    height: int
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]

    @property
    def size(self) -> str:
        """How far it may be made smaller and still be read: narrow, wide, vast."""
        return "narrow" if self.width < 660 else "wide" if self.width < 1000 else "vast"


@dataclass
class _Spot:
    """A place in a layer: a step, an end, or the passing of a long way."""

    key: str
    layer: int
    width: float
    x: float = 0
    above: list[_Spot] = field(default_factory=list)
    below: list[_Spot] = field(default_factory=list)


@dataclass(frozen=True)
class Fault:
    """What is wrong, as Invalid names it: `steps.2.edges.0.to`."""

    step: int = -1
    edge: int = -1

    @classmethod
    def of(cls, path: str) -> Fault:
        parts = path.split(".")
        step = int(parts[1]) if len(parts) > 1 and parts[0] == "steps" and parts[1].isdecimal() else -1
        edge = int(parts[3]) if len(parts) > 3 and parts[2] == "edges" and parts[3].isdecimal() else -1
        return cls(step, edge)


def draw(
    content: Mapping[str, Any],
    *,
    language: str,
    fault: str = "",
    marks: Mapping[str, str] | None = None,
    passed: Mapping[str, int] | None = None,
) -> Drawing:
    """An SOP's JSON on paper. `fault` is the field of an Invalid; `marks` and `passed` (step → edge) are of a run."""
    flow, wrong = flow_of(content), Fault.of(fault)
    spots, chains = _spots(flow)
    layers = _ordered(spots)
    _set_out(layers)
    left = min((spot.x - spot.width / 2 for spot in spots.values()), default=0)
    for spot in spots.values():
        spot.x += MARGIN - left
    nodes = tuple(
        _node(number, key, flow, spots[key], wrong, language, (marks or {}).get(key, ""))
        for number, key in enumerate(flow.steps, 1)
    )
    drawn = {way: [spots[name] for name in chains[way.source, way.at]] for way in flow.ways}
    arrows = tuple(
        _arrow(way, drawn[way], _beside(way, drawn), flow, wrong, language, passed or {}) for way in flow.ways
    )
    right = max((spot.x + spot.width / 2 for spot in spots.values()), default=WIDTH)
    back = MARGIN if any(way.leads_back for way in flow.ways) else 0
    return Drawing(round(right + MARGIN + back), max(len(layers), 1) * ROW - ROW + HEIGHT + 2 * MARGIN, nodes, arrows)


# ---------------------------------------------------------------- setting out


def _spots(flow: Flow) -> tuple[dict[str, _Spot], dict[tuple[str, int], list[str]]]:
    """Every place, and of each way the places that it passes from its step on."""
    spots = {key: _Spot(key, layer, WIDTH) for key, layer in flow.layers.items()}
    chains: dict[tuple[str, int], list[str]] = {}
    for way in flow.ways:
        chain = [way.source]
        if way.leads_back:
            chains[way.source, way.at] = [way.source, way.target]
            continue
        name = f"{way.source} {way.at}"
        first = flow.layers[way.source] + 1
        room = ROOM if len(targets_of(flow.steps[way.source], flow.steps)) > 1 else GAP  # for its label
        if way.target == END:
            spots[name] = _Spot(name, first, room)
            chain.append(name)
        else:
            for layer in range(first, flow.layers[way.target]):
                spots[f"{name} {layer}"] = _Spot(f"{name} {layer}", layer, room if layer == first else GAP)
                chain.append(f"{name} {layer}")
            chain.append(way.target)
        for upper, lower in pairwise(chain):
            spots[upper].below.append(spots[lower])
            spots[lower].above.append(spots[upper])
        chains[way.source, way.at] = chain
    return spots, chains


def _ordered(spots: Mapping[str, _Spot]) -> list[list[_Spot]]:
    """Layers whose places stand near what leads to them: a few sweeps down and up."""
    layers: list[list[_Spot]] = [[] for _ in range(max((spot.layer for spot in spots.values()), default=-1) + 1)]
    for spot in spots.values():
        layers[spot.layer].append(spot)
    for sweep in range(4):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            places = {spot.key: at for others in layers for at, spot in enumerate(others)}
            layer.sort(key=lambda spot: _middle(spot.above if down else spot.below, places, places[spot.key]))
    return layers


def _middle(others: Sequence[_Spot], places: Mapping[str, int], own: float) -> float:
    return sum(places[other.key] for other in others) / len(others) if others else own


def _set_out(layers: Sequence[Sequence[_Spot]]) -> None:
    """Each place as near to the middle of its neighbours as those beside it allow."""
    for layer in layers:
        at = 0.0
        for spot in layer:
            spot.x = at + spot.width / 2
            at += spot.width + GAP
    for sweep in range(6):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            wanted = [_mean(spot.above if down else spot.below, spot.x) for spot in layer]
            _place(layer, wanted)


def _mean(others: Sequence[_Spot], own: float) -> float:
    return sum(other.x for other in others) / len(others) if others else own


def _place(layer: Sequence[_Spot], wanted: Sequence[float]) -> None:
    """In order, without overlap, moved as little as possible as a whole."""
    at: list[float] = []
    for number, (spot, x) in enumerate(zip(layer, wanted, strict=True)):
        least = at[-1] + (layer[number - 1].width + spot.width) / 2 + GAP if at else x
        at.append(max(x, least))
    shift = sum(x - got for x, got in zip(wanted, at, strict=True)) / len(at) if at else 0
    for spot, x in zip(layer, at, strict=True):
        spot.x = x + shift


# ---------------------------------------------------------------- drawing


def _y(layer: int) -> float:
    return MARGIN + HEIGHT / 2 + layer * ROW


def _node(number: int, key: str, flow: Flow, spot: _Spot, wrong: Fault, language: str, mark: str) -> Node:
    step = flow.steps[key]
    title = _said(step.get("title"), language)
    evidence = step.get("evidence")
    return Node(
        key=key,
        number=number,
        kind=str(step.get("kind") or "do"),
        x=round(spot.x, 1),
        y=_y(spot.layer),
        lines=_folded(title),
        title=title,
        wait_h=f"{step['wait_h']:g}" if isinstance(step.get("wait_h"), int | float) and step["wait_h"] else "",
        evidence=len(evidence) if isinstance(evidence, list | tuple) else 0,
        is_faulty=wrong.step == number - 1,
        is_reached=key in flow.reached,
        mark=mark,
    )


def _beside(way: Way, drawn: Mapping[Way, Sequence[_Spot]]) -> tuple[int, int]:
    """Which of the ways out of its step it is, from left to right, and how many there are."""
    siblings = sorted((other for other in drawn if other.source == way.source), key=lambda other: drawn[other][1].x)
    return siblings.index(way), len(siblings)


def _arrow(
    way: Way,
    chain: Sequence[_Spot],
    beside: tuple[int, int],
    flow: Flow,
    wrong: Fault,
    language: str,
    passed: Mapping[str, int],
) -> Arrow:
    first, last = chain[0], chain[-1]
    ends = way.target == END and not way.leads_back
    place, total = beside
    start = first.x + (place - (total - 1) / 2) * min(28, (WIDTH - 40) / total)
    points = [(start, _y(first.layer) + HEIGHT / 2)]
    points += [(spot.x, _y(spot.layer)) for spot in chain[1:-1]]
    points.append((last.x, _y(last.layer) - (END_SIZE / 2 if ends else HEIGHT / 2)))
    path = _loop(first, last) if way.leads_back else _curve(points)
    near = 0.6 if place % 2 else 0.72  # so that labels stand beside one another
    label_x, label_y = _on_curve(points[0], points[1], near)
    at = list(flow.steps).index(way.source)
    return Arrow(
        source=way.source,
        at=way.at,
        path=path,
        label=_cut(_label(flow.steps[way.source], way.at, language), LABEL),
        x=round(first.x + WIDTH / 2 + 14 if way.leads_back else label_x, 1),
        y=round(_y(first.layer) if way.leads_back else label_y + 4, 1),
        is_faulty=wrong.step == at and wrong.edge == way.at,
        leads_back=way.leads_back,
        is_passed=passed.get(way.source) == way.at,
        end=(round(last.x, 1), _y(last.layer)) if ends else None,
    )


def _curve(points: Sequence[tuple[float, float]]) -> str:
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (to_y - y) / 2
        path += f" C{x:.1f} {y + half:.1f} {to_x:.1f} {to_y - half:.1f} {to_x:.1f} {to_y:.1f}"
    return path


def _on_curve(start: tuple[float, float], end: tuple[float, float], t: float) -> tuple[float, float]:
    """A point of the curve that `_curve` draws between two others; t from 0 to 1."""
    half = (end[1] - start[1]) / 2
    first, second = (start[0], start[1] + half), (end[0], end[1] - half)
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    points = (start, first, second, end)
    x, y = (sum(weight * point[axis] for weight, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def _loop(first: _Spot, last: _Spot) -> str:
    """A way back runs up at the right-hand side."""
    x, y = first.x + WIDTH / 2, _y(first.layer)
    to_x, to_y = last.x + WIDTH / 2, _y(last.layer)
    out = max(x, to_x) + GAP
    return f"M{x:.1f} {y:.1f} C{out:.1f} {y:.1f} {out:.1f} {to_y:.1f} {to_x:.1f} {to_y + 8:.1f}"


def _label(step: Mapping[str, Any], at: int, language: str) -> str:
    edges = [edge for edge in step.get("edges") or () if isinstance(edge, Mapping)]
    if at >= len(edges) or len(edges) < 2:
        return ""
    return _said(edges[at].get("label"), language) or condition_words(edges[at].get("when"))


def _said(text: object, language: str) -> str:
    if not isinstance(text, Mapping):
        return ""
    return Text(str(text.get("zh") or ""), str(text.get("en") or "")).in_language(language)


def _wide(letter: str) -> int:
    return 2 if east_asian_width(letter) in "WF" else 1


def _cut(text: str, most: int) -> str:
    """At most `most` half widths, with … where something is left out."""
    width = 0
    for at, letter in enumerate(text):
        width += _wide(letter)
        if width > most:
            return text[: max(at - 1, 0)].rstrip() + "…"
    return text


def _folded(text: str) -> tuple[str, ...]:
    """Two lines at most; English is folded between words."""
    words = text.split(" ") if all(_wide(letter) == 1 for letter in text) else list(text)
    glue = " " if len(words) == len(text.split(" ")) and " " in text and words == text.split(" ") else ""
    first = ""
    while words:
        longer = f"{first}{glue}{words[0]}" if first else words[0]
        if first and sum(map(_wide, longer)) > LINE:
            break
        first = longer
        words.pop(0)
    rest = glue.join(words).strip()
    if len(rest) == 1:
        return (first + rest,)  # no line for a question mark
    return (_cut(first, LINE + 2), _cut(rest, LINE)) if rest else (_cut(first, LINE + 2),)
