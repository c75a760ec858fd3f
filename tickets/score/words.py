"""Scores in words: how a store stands, what a rate is, why a round was counted as it was."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from tickets.clocks.score import Standing, Verdict, Why
from tickets.policies.names import duration

Text = str | Promise

STANDINGS: Final[dict[str, Text]] = {
    Standing.BELOW: gettext_lazy("below the target"),
    Standing.CLOSE: gettext_lazy("close to the line"),
    Standing.SAFE: gettext_lazy("safe"),
    Standing.EXEMPT: gettext_lazy("too few to be judged"),
    Standing.UNKNOWN: gettext_lazy("nothing counted yet"),
}
VERDICTS: Final[dict[str, Text]] = {
    Verdict.MET: pgettext_lazy("round", "in time"),
    Verdict.MISSED: pgettext_lazy("round", "missed"),
    Verdict.OPEN: pgettext_lazy("round", "still open"),
    Verdict.EXCLUDED: pgettext_lazy("round", "left out"),
}
WHYS: Final[dict[str, Text]] = {
    Why.NOTHING: "",
    Why.LATE: gettext_lazy("answered too late"),
    Why.UNANSWERED: gettext_lazy("not answered"),
    Why.SILENT_TRANSFER: gettext_lazy("handed over without a word"),
    Why.BY_BOT: gettext_lazy("answered automatically, credited in part"),
    Why.OUTSIDE_HOURS: gettext_lazy("asked outside of the measured hours"),
    Why.SELLER_OPENED: gettext_lazy("the seller wrote first"),
    Why.BLOCKED: gettext_lazy("the buyer is blocked"),
    Why.HOLIDAY: gettext_lazy("holiday mode"),
    Why.BOT_CLOSED: gettext_lazy("closed by an automatic word"),
    Why.BOT_ONLY: gettext_lazy("automatic words alone"),
}


def rate_text(rate: float | None, *, is_mean: bool) -> str:
    """86.4 %, or 2 min 5 s; a dash where nothing was counted. A share is never rounded up to its target."""
    if rate is None:
        return "–"
    return duration(rate) if is_mean else f"{int(rate * 1000 + 1e-9) / 10:g} %"


def headroom_text(headroom: int | None, *, is_mean: bool, target: float) -> str:
    """What may still go wrong, or what has to go right: in a sentence."""
    if headroom is None:
        return ""
    line = rate_text(target, is_mean=is_mean)
    if headroom >= 0:
        told = ngettext(
            "%(line)s still holds after %(count)d more miss",
            "%(line)s still holds after %(count)d more misses",
            headroom,
        )
    else:
        told = ngettext(
            "%(count)d answer in time brings it back to %(line)s",
            "%(count)d answers in time bring it back to %(line)s",
            -headroom,
        )
    return told % {"count": abs(headroom), "line": line}


def unit_text(unit: str, window_days: int) -> str:
    if unit == "conversation":
        return _("conversations of %(days)d days") % {"days": window_days}
    return _("rounds of %(days)d days") % {"days": window_days}
