"""A chart and a heat map, drawn: SVG and a table that need no script and follow the page's colours by their classes.

Written in one go and not by a template: of two hundred fields and ninety bars a template takes longer than all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import ceil, log10
from typing import Final

from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from reports.rows import Line
from reports.sums import LATE, OPENED, WITHIN, total
from reports.writing import percent

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BELOW = 720.0, 160.0, 44.0, 8.0, 12.0, 24.0  # the plot, and what stands around it
GROUND: Final = TOP + HEIGHT
PATTERN: Final = (
    '<defs><pattern id="late-stripes" width="5" height="5" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect class="stripe-ground" width="5" height="5"/>'
    '<rect class="stripe" width="2" height="5"/></pattern></defs>'
)


def chart_of(days: Sequence[Line]) -> SafeString:
    """Conversations a day: on the ground what was within the goal, on it what was late, above what is not known yet;
    and the period before as a line. Empty where there is nothing to draw.
    """
    if not any(line.sums.opened or line.before.opened for line in days):
        return mark_safe("")
    top = _round_up(max(max(line.sums.opened, line.before.opened) for line in days))
    step = WIDTH / len(days)
    parts = [
        f'<svg viewBox="0 0 {LEFT + WIDTH + RIGHT:g} {GROUND + BELOW:g}" role="img" aria-label="',
        escape(_("Conversations a day; the same figures are in the table by day.")),
        f'">{PATTERN}',
        *(_mark(top * part // 4, top) for part in (1, 2, 3, 4) if top * part % 4 == 0),
        *(_day(line, LEFT + index * step, step) for index, line in enumerate(days)),
        *_stacks(days, top, step),
        *_labels(days, step),
        f'<path class="before" d="{_before(days, top, step)}"/>',
        f'<path class="ground" d="M{LEFT:g} {GROUND:g}h{WIDTH:g}"/></svg>',
    ]
    return mark_safe("".join(parts))  # noqa: S308  # of numbers, and of text that was escaped


def _mark(value: int, top: int) -> str:
    y = _y(value, top)
    label = f'<text class="mark-label" x="{LEFT - 6:g}" y="{y + 4:g}">{value}</text>'
    return f'<path class="mark" d="M{LEFT:g} {y:g}h{WIDTH:g}"/>{label}'


def _day(line: Line, x: float, step: float) -> str:
    told = escape(f"{line.key}: {line.sums.opened} ({percent(line.sums.share_within)})")
    return (
        f'<rect class="hit" x="{x:.1f}" y="{TOP:g}" width="{step:.1f}" height="{HEIGHT:g}"><title>{told}</title></rect>'
    )


def _stacks(days: Sequence[Line], top: int, step: float) -> list[str]:
    """A path of all bars for each part of them."""
    gap = min(6.0, step * 0.25)
    paths: dict[str, list[str]] = {"within": [], "late": [], "rest": []}
    for index, line in enumerate(days):
        sums, below = line.sums, 0
        counts = (sums.within, sums.late, sums.opened - sums.within - sums.late)
        for path, count in zip(paths.values(), counts, strict=True):
            if count:
                x, y, height = LEFT + index * step + gap / 2, _y(below, top), HEIGHT * count / top
                path.append(f"M{x:.1f} {y:.1f}v{-height:.1f}h{step - gap:.1f}v{height:.1f}z")
            below += count
    return [f'<path class="{name}" d="{"".join(path)}"/>' for name, path in paths.items() if path]


def _labels(days: Sequence[Line], step: float) -> list[str]:
    every = max(1, ceil(len(days) / 10))
    return [
        f'<text class="day" x="{LEFT + (index + 0.5) * step:.1f}" y="{GROUND + 18:g}">{day.month}/{day.day}</text>'
        for index in range(0, len(days), every)
        for day in [date.fromisoformat(days[index].key)]
    ]


def _before(days: Sequence[Line], top: int, step: float) -> str:
    steps = []
    for index, line in enumerate(days):
        y = _y(line.before.opened, top)
        steps.append(f"V{y:.1f}h{step:.2f}" if index else f"M{LEFT:g} {y:.1f}h{step:.2f}")
    return "".join(steps)


def _y(value: float, top: int) -> float:
    return TOP + HEIGHT * (1 - value / top)


def _round_up(value: int) -> int:
    """To a number that four marks divide well: 4, 8, 20, 40, 80, 200 …"""
    if value <= 4:
        return 4
    size = 10 ** int(log10(value))
    return int(next(size * step for step in (1, 2, 4, 8, 10, 20) if size * step >= value and size * step % 4 == 0))


_SOME_MONDAY: Final = date(2026, 11, 23)


def heat_of(days: Sequence[Line]) -> SafeString:
    """The body of a table: seven rows of 24 hours, Monday first. A field is as warm as its share of late ones."""
    rows = []
    for weekday in range(7):
        sums = total(line.sums for line in days if date.fromisoformat(line.key).weekday() == weekday)
        name = escape(date_format(_SOME_MONDAY + timedelta(days=weekday), "D"))
        counts = zip(range(24), sums.hours(OPENED), sums.hours(WITHIN), sums.hours(LATE), strict=True)
        rows.append(f'<tr><th scope="row">{name}</th>{"".join(_field(name, *count) for count in counts)}</tr>')
    return mark_safe("".join(rows))  # noqa: S308  # as above


def _field(weekday: str, hour: int, opened: int, within: int, late: int) -> str:
    if not within + late:
        return f'<td class="heat--1" title="{weekday} {hour}:00 · {opened}"></td>'
    share = percent(within / (within + late))
    warm = min(5, ceil(10 * late / (within + late)))
    number = f'<b aria-hidden="true">{late}</b>' if late else ""
    told = f"{weekday} {hour}:00 · {opened} · {share}"
    return f'<td class="heat-{warm}" title="{told}">{number}<span class="unseen">{share}</span></td>'
