"""How figures are written, in either language, and where they lead."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.formats import number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from reports.rows import FleetLine
from reports.writing import change, duration, percent

register = template.Library()
_NOTHING, _UNKNOWN = mark_safe('<span class="zero">0</span>'), mark_safe('<span class="zero">–</span>')
MUCH = 1.5  # times the usual

for write in (duration, percent, change):
    register.filter(write.__name__, write)


@register.simple_tag
def points(now: float | None, before: float | None) -> str:
    """The difference of two shares in points: +2 points."""
    if now is None or before is None:
        return ""
    value = round((now - before) * 100, 1)
    if not value:
        return pgettext("of a share", "as before")
    sign = "+" if value > 0 else "−"
    told = ngettext("%(n)s point", "%(n)s points", 1 if abs(value) == 1 else 2)
    return sign + told % {"n": number_format(abs(value), 0 if value == int(value) else 1)}


@register.simple_tag(takes_context=True)
def behind(context: Any, number: int | None, measure: str, key: str | None = None, **more: str) -> str:
    """A number that opens its tickets; nothing is a plain 0. `key`: of a breakdown's line, which narrows further."""
    if not number:
        return _NOTHING if number == 0 else _UNKNOWN
    narrower = {**_of_line(context, key), **more}
    link = f"{escape(context['behind_all'])}&amp;measure={measure}"
    if narrower:
        link += f"&amp;{escape(urlencode(narrower))}"  # what is said last holds
    told = number if number < 1000 else number_format(number, use_l10n=True, force_grouping=True)
    return mark_safe(f'<a href="{link}">{told}</a>')  # noqa: S308  # an address and a number, escaped above


def _of_line(context: Any, key: str | None) -> dict[str, str]:
    if key is None:
        return {}
    return {"from": key, "to": key} if context["by"] == "day" else {context["by"]: key}


@register.simple_tag
def usual(line: FleetLine) -> SafeString:
    """What is usual until now, marked where today is far beyond it."""
    if line.usual is None:
        return format_html('<span class="quiet" title="{}">–</span>', _("The store is counted for less than a week."))
    told = _("usually %(usual)s") % {"usual": number_format(round(line.usual), use_l10n=True, force_grouping=True)}
    much = (line.against_usual or 0) > MUCH
    why = _("the mean of this weekday over the last four weeks, until this hour")
    return format_html('<span class="usual{}" title="{}">{}{}</span>', " is-much" * much, why, told, " ▲" * much)


@register.simple_tag(takes_context=True)
def order_link(context: Any, url: str, name: str) -> str:
    """What a click on this column's head asks for: downwards first, then upwards. Names the other way."""
    now, first = context["order"], name if name == "name" else f"-{name}"
    other = first.removeprefix("-") if first.startswith("-") else f"-{first}"
    by = {"by": context["by"]} if context.get("by") else {}
    return f"{url}?{urlencode({**context['narrowed'], **by, 'order': other if now == first else first})}"


@register.simple_tag(takes_context=True)
def sorting(context: Any, name: str) -> str:
    """For aria-sort."""
    return {name: "ascending", f"-{name}": "descending"}.get(context["order"], "none")
