"""A policy's days, drawn: the rate of each day as a bar against the target's line. SVG that needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from tickets.clocks.policy import Measure, Policy
from tickets.clocks.score import meets
from tickets.score.queries.scores import DayOf
from tickets.score.words import rate_text

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BELOW = 720.0, 150.0, 52.0, 10.0, 12.0, 24.0
GROUND: Final = TOP + HEIGHT
LABELS: Final = 10  # days named below the ground, at most


def days_chart(policy: Policy, days: Sequence[DayOf]) -> SafeString:
    """Empty where nothing was counted. A day without a bar counted nothing."""
    rates = [one.rate for one in days if one.rate is not None]
    if not rates:
        return mark_safe("")
    is_mean = policy.measure == Measure.MEAN
    top = max(policy.target * 1.25, *rates) if is_mean else 1.0
    step = WIDTH / len(days)
    line = GROUND - HEIGHT * policy.target / top
    named = rate_text(policy.target, is_mean=is_mean)
    label = escape(_("The rate of each day and the target’s line; the same figures are in the table below."))
    parts = [
        f'<svg viewBox="0 0 {LEFT + WIDTH + RIGHT:g} {GROUND + BELOW:g}" role="img" aria-label="{label}">',
        *(_bar(policy, one, LEFT + at * step, step, top) for at, one in enumerate(days)),
        *_names(days, step),
        f'<path class="target" d="M{LEFT:g} {line:.1f}h{WIDTH:g}"/>',
        f'<text class="mark-label" x="{LEFT - 6:g}" y="{line + 4:.1f}">{named}</text>',
        f'<path class="ground" d="M{LEFT:g} {GROUND:g}h{WIDTH:g}"/></svg>',
    ]
    return mark_safe("".join(parts))  # noqa: S308  # of numbers, and of text that was escaped


def _bar(policy: Policy, one: DayOf, x: float, step: float, top: float) -> str:
    if one.rate is None:
        return ""
    height = max(1.5, HEIGHT * min(one.rate / top, 1))
    kind = "good" if meets(policy, one.rate) else "bad"
    told = escape(f"{one.day}: {rate_text(one.rate, is_mean=policy.measure == Measure.MEAN)} ({one.tally.counted})")
    return (
        f'<rect class="{kind}" x="{x + step * 0.15:.1f}" y="{GROUND - height:.1f}" width="{step * 0.7:.1f}"'
        f' height="{height:.1f}"><title>{told}</title></rect>'
    )


def _names(days: Sequence[DayOf], step: float) -> list[str]:
    every = -(-len(days) // LABELS)
    return [
        f'<text class="day" x="{LEFT + (at + 0.5) * step:.1f}" y="{GROUND + 18:g}">{one.day.month}/{one.day.day}</text>'
        for at, one in enumerate(days)
        if at % every == 0
    ]
