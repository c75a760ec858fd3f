"""Why a ticket stands where it stands in the desk's order: one line for people."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets.policies.names import duration, limit_of, short_name_of
from tickets.score.queries.scores import Tightest

_DAY: Final = 86400


def goal_of(why_key: str) -> str:
    """What runs out: "the 12-h reply", or "the reply" where the rule is not known."""
    seconds = limit_of(why_key)
    return _("the %(limit)s reply") % {"limit": _limit(seconds)} if seconds else _("the reply")


def stake_of(tightest: Tightest | None) -> str:
    """What a miss costs there: "TikTok Shop TH: 3 misses left"; empty where nothing is measured."""
    if tightest is None:
        return ""
    told = {"policy": short_name_of(tightest.policy), "count": tightest.headroom}
    if tightest.headroom < 0:
        return _("%(policy)s: below target") % told
    if tightest.headroom == 0:
        return _("%(policy)s: no miss left") % told
    return ngettext("%(policy)s: %(count)d miss left", "%(policy)s: %(count)d misses left", tightest.headroom) % told


def time_of(seconds: float | None, why_key: str, *, waits: bool) -> str:
    """How far the miss is: "4 min to the 12-h reply". `seconds` until it, negative once it has passed; None: no miss
    is near."""
    if seconds is None:
        return _("No goal is set for this wait") if waits else _("Answered: nobody waits for us")
    told = {"time": roughly(abs(seconds)), "goal": goal_of(why_key)}
    return (_("%(time)s past %(goal)s") if seconds <= 0 else _("%(time)s to %(goal)s")) % told


def reason_of(time: str, stake: str) -> str:
    """The line."""
    return f"{time} · {stake}" if stake else time


def roughly(seconds: float) -> str:
    """41 s, 4 min, 3 h 20 min, 2 days: what somebody would say."""
    whole = int(seconds)
    if whole < 60:
        return duration(whole)
    return duration(whole - whole % (_DAY if whole >= _DAY else 60))


def _limit(seconds: int) -> str:
    for length, text in ((3600, _("%(count)d-h")), (60, _("%(count)d-min")), (1, _("%(count)d-s"))):
        if seconds % length == 0 and seconds // length < 100:
            return text % {"count": seconds // length}
    return duration(seconds)
