"""An event's hours, drawn: what came as bars, what was expected as a line above each. SVG that needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from tickets.events.queries.report import HourLine

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BELOW = 640.0, 140.0, 44.0, 10.0, 12.0, 24.0
GROUND: Final = TOP + HEIGHT
LABELS: Final = 12  # hours named below the ground, at most


def chart_of(hours: Sequence[HourLine]) -> SafeString:
    """Empty where nothing came and nothing was expected. The same figures are in the table below it."""
    top = max([max(one.expected, one.came) for one in hours], default=0.0)
    if not top:
        return mark_safe("")
    step = WIDTH / len(hours)
    label = escape(_("Messages of each hour against what was expected; the same figures are in the table below."))
    every = -(-len(hours) // LABELS)
    parts = [
        f'<svg viewBox="0 0 {LEFT + WIDTH + RIGHT:g} {GROUND + BELOW:g}" role="img" aria-label="{label}">',
        *(_hour(one, LEFT + at * step, step, top) for at, one in enumerate(hours)),
        *(
            f'<text class="day" x="{LEFT + (at + 0.5) * step:.1f}" y="{GROUND + 18:g}">{one.begins:%H}</text>'
            for at, one in enumerate(hours)
            if at % every == 0
        ),
        f'<text class="mark-label" x="{LEFT - 6:g}" y="{TOP + 8:g}">{round(top)}</text>',
        f'<path class="ground" d="M{LEFT:g} {GROUND:g}h{WIDTH:g}"/></svg>',
    ]
    return mark_safe("".join(parts))  # noqa: S308  # of numbers, and of text that was escaped


def _hour(one: HourLine, x: float, step: float, top: float) -> str:
    height, line = HEIGHT * one.came / top, GROUND - HEIGHT * one.expected / top
    told = escape(f"{one.begins:%m-%d %H:%M}: {one.came} / {one.expected:.1f}")
    bar = (
        f'<rect class="came" x="{x + step * 0.2:.1f}" y="{GROUND - height:.1f}" width="{step * 0.6:.1f}"'
        f' height="{height:.1f}"><title>{told}</title></rect>'
    )
    return bar + f'<path class="expected" d="M{x + step * 0.08:.1f} {line:.1f}h{step * 0.84:.1f}"/>'
