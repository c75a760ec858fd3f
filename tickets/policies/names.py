"""What policies, goals and their parts are called, for people."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from tickets.clocks.policy import Clock, Exclusion

Text = str | Promise

POLICY_NAMES: Final[dict[str, Text]] = {
    "tiktok_shop_th": gettext_lazy("TikTok Shop Thailand: response rate"),
    "tiktok_shop_id": gettext_lazy("TikTok Shop Indonesia: response rate"),
    "tiktok_shop_us": gettext_lazy("TikTok Shop US: response rate"),
    "tmall_human_3min": gettext_lazy("Tmall: human reply per round"),
    "tmall_mean": gettext_lazy("Tmall: mean response (older rule)"),
    "taobao_human_3min": gettext_lazy("Taobao: human reply per round"),
    "taobao_mean": gettext_lazy("Taobao: mean response (older rule)"),
    "douyin_human_3min": gettext_lazy("Douyin: human reply per round"),
    "kuaishou_human_3min": gettext_lazy("Kuaishou: human reply per round"),
    "pinduoduo_5min": gettext_lazy("Pinduoduo: reply per round"),
    "widget_chat": gettext_lazy("Chat widget: reply per round"),
    "email_day": gettext_lazy("E-mail: reply within the limit"),
}
# Where there is room for a word or two.
SHORT_NAMES: Final[dict[str, Text]] = {
    "tiktok_shop_th": gettext_lazy("TikTok Shop TH"),
    "tiktok_shop_id": gettext_lazy("TikTok Shop ID"),
    "tiktok_shop_us": gettext_lazy("TikTok Shop US"),
    "tmall_human_3min": gettext_lazy("Tmall"),
    "tmall_mean": gettext_lazy("Tmall"),
    "taobao_human_3min": gettext_lazy("Taobao"),
    "taobao_mean": gettext_lazy("Taobao"),
    "douyin_human_3min": gettext_lazy("Douyin"),
    "kuaishou_human_3min": gettext_lazy("Kuaishou"),
    "pinduoduo_5min": gettext_lazy("Pinduoduo"),
    "widget_chat": gettext_lazy("Chat widget"),
    "email_day": pgettext_lazy("policy", "E-mail"),
}
GOAL_NAMES: Final[dict[str, Text]] = {
    "first_reply": gettext_lazy("First reply"),
    "chat_first": gettext_lazy("Chat: first reply"),
    "chat_next": gettext_lazy("Chat: later replies"),
    "widget_next": gettext_lazy("Chat widget: later replies"),
    "pre_sale": gettext_lazy("Questions before buying"),
    "tiktok_shop": gettext_lazy("What TikTok Shop's buyers expect"),
    "amazon": gettext_lazy("What Amazon's buyers expect"),
    "ebay": gettext_lazy("What eBay's buyers expect"),
    "email": gettext_lazy("E-mail"),
}
EXCLUSIONS: Final[dict[Exclusion, Text]] = {
    Exclusion.BOT_ONLY: gettext_lazy("conversations that automatic words alone handled"),
    Exclusion.BOT_CLOSED: gettext_lazy("conversations that an automatic word closed"),
    Exclusion.SELLER_OPENED: gettext_lazy("conversations that the seller opened"),
    Exclusion.BLOCKED: gettext_lazy("blocked buyers"),
    Exclusion.HOLIDAY: gettext_lazy("days of holiday mode"),
    Exclusion.WEEKEND: gettext_lazy("weekends, until Monday 12:00, while the marketplace's bot is on"),
}
CLOCKS: Final[dict[str, Text]] = {
    "": gettext_lazy("every reply"),
    Clock.FIRST: gettext_lazy("the first reply"),
    Clock.NEXT: gettext_lazy("later replies"),
}
HOURS_ERRORS: Final[dict[str, Text]] = {
    "not_a_span": gettext_lazy("Write times as 09:00-12:00, 13:30-18:00; 24 for the whole day; nothing for closed."),
    "outside_day": gettext_lazy("A day goes from 00:00 to 24:00."),
    "ends_before_it_begins": gettext_lazy("It ends before it begins. What goes past midnight belongs to two days."),
    "overlap": gettext_lazy("Two of these times overlap."),
    "never_open": gettext_lazy("The week never opens. At least one day needs times."),
    "unknown_zone": gettext_lazy("There is no such time zone."),
}


def name_of(kind: str, key: str, own: str = "") -> str:
    """`own`: what an agency calls a goal of its own; what is shipped keeps its name."""
    names = POLICY_NAMES if kind == "policy" else GOAL_NAMES
    return str(names.get(key) or own or key)


def duration(seconds: float) -> str:
    """30 s, 5 min, 1 h 6 min, 2 days."""
    left = int(seconds)
    if left >= 86400 and left % 86400 == 0:
        return ngettext("%(count)d day", "%(count)d days", left // 86400) % {"count": left // 86400}
    parts = [(left // 3600, _("%(count)d h")), (left % 3600 // 60, _("%(count)d min")), (left % 60, _("%(count)d s"))]
    return " ".join(text % {"count": count} for count, text in parts if count) or _("%(count)d s") % {"count": 0}


def short_name_of(policy: str) -> str:
    return str(SHORT_NAMES.get(policy) or name_of("policy", policy))


def limit_of(why_key: str) -> int | None:
    """Within how many seconds, as `Due.why_key` says; None for none."""
    kind, _colon, rest = why_key.partition(":")
    seconds = rest.rpartition(":")[2]
    return int(seconds) if kind in ("goal", "policy") and seconds.isdecimal() else None


def why(why_key: str) -> str:
    """What `Due.why_key` says, for who looks at the desk; empty for none."""
    kind, _colon, rest = why_key.partition(":")
    key, _colon, seconds = rest.rpartition(":")
    if limit_of(why_key) is None:
        return ""
    told = {"name": name_of(kind, key, _("goal of the agency")), "limit": duration(int(seconds))}
    return (_("Goal: %(name)s, %(limit)s") if kind == "goal" else _("Policy: %(name)s, %(limit)s")) % told
