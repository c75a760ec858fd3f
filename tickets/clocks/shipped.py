"""What an agency begins with: the marketplaces' policies and the goals of PRODUCT.md §3 and §4. Pure: no Django.

An agency's own version of a key holds from its date on; until then, and for whoever changes nothing, these do.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from tickets.clocks.hours import ALWAYS, Hours, day_of, every_day
from tickets.clocks.policy import Clock, Exclusion, Goal, Measure, Outside, Policy, Unit

BEGAN: Final = date(2020, 1, 1)
WINDOW: Final = 30  # days

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_CHINA_DAY: Final = every_day("Asia/Shanghai", day_of("08:00-23:00"))


def _policy(key: str, name: str, channel: str, market: str, hours: Hours, **rest: Any) -> Policy:
    fixed: dict[str, Any] = {"version": 0, "from_date": BEGAN, "to_date": None, "window_days": WINDOW}
    return Policy(key=key, name=name, channel=channel, market=market, hours=hours, **{**fixed, **rest})


def _tiktok(market: str, zone: str, hours: int, *exclusions: Exclusion, **rest: Any) -> Policy:
    return _policy(
        f"tiktok_shop_{market.lower()}",
        f"TikTok Shop {market}: response rate",
        "tiktok_shop",
        market,
        ALWAYS(zone),
        unit=Unit.CONVERSATION,
        limit=_HOUR * hours,
        target=0.85,
        exclusions=frozenset({Exclusion.SELLER_OPENED, Exclusion.BLOCKED, Exclusion.HOLIDAY, *exclusions}),
        **rest,
    )


def _round(key: str, name: str, channel: str, minutes: int, **rest: Any) -> Policy:
    """A share of rounds answered in time, 08:00-23:00 in China."""
    return _policy(
        key, name, channel, "CN", _CHINA_DAY, unit=Unit.ROUND, limit=_MINUTE * minutes, **{"target": 0.8, **rest}
    )


def _taobao(channel: str, shop: str) -> tuple[Policy, Policy]:
    """Both rules: the share within 3 minutes, and the older mean, in which an unanswered round is 10 minutes."""
    return (
        _round(
            f"{channel}_human_3min",
            f"{shop}: human reply per round",
            channel,
            3,
            minimum_sample=100,
            charges_silence=True,
        ),
        _round(
            f"{channel}_mean",
            f"{shop}: mean response (older rule)",
            channel,
            3,
            measure=Measure.MEAN,
            target=180.0,
            cap=_MINUTE * 10,
            charges_silence=True,
            is_assumed=True,
        ),
    )


def _own(key: str, name: str, channel: str, limit: timedelta) -> Policy:
    """A channel that no marketplace measures, in the store's own hours."""
    return _policy(
        key,
        name,
        channel,
        "",
        ALWAYS("UTC"),
        unit=Unit.ROUND,
        limit=limit,
        target=0.8,
        outside=Outside.WAITS,
        follows_store=True,
        is_assumed=True,
    )


POLICIES: Final[tuple[Policy, ...]] = (
    _tiktok("TH", "Asia/Bangkok", 12, Exclusion.BOT_CLOSED, human_only=False),
    _tiktok("ID", "Asia/Jakarta", 12, Exclusion.BOT_CLOSED, human_only=False),
    _tiktok(
        "US",
        "America/New_York",
        24,
        Exclusion.BOT_ONLY,
        Exclusion.WEEKEND,
        bare_greeting_counts=False,
        warn_at=0.9,
    ),
    *_taobao("tmall", "Tmall"),
    *_taobao("taobao", "Taobao"),
    _round("douyin_human_3min", "Douyin: human reply per round", "douyin", 3, charges_silence=True, is_assumed=True),
    _round("kuaishou_human_3min", "Kuaishou: human reply per round", "kuaishou", 3, is_assumed=True),
    _round(
        "pinduoduo_5min",
        "Pinduoduo: reply per round",
        "pinduoduo",
        5,
        human_only=False,
        ai_share=0.5,
        is_assumed=True,
    ),
    _own("widget_chat", "Chat widget: reply per round", "widget", _MINUTE),
    _own("email_day", "E-mail: reply within a day", "email", _HOUR * 24),
)

_CHAT: Final = ("tmall", "taobao", "douyin", "kuaishou", "pinduoduo")


def _goal(key: str, name: str, limit: timedelta, *channels: str, clock: Clock | None = None) -> Goal:
    return Goal(key, 0, name, limit, BEGAN, clock=clock, channels=channels)


GOALS: Final[tuple[Goal, ...]] = (
    _goal("first_reply", "First reply", _MINUTE * 5, "tiktok_shop", clock=Clock.FIRST),
    _goal("chat_first", "Chat: first reply", timedelta(seconds=30), *_CHAT, "widget", clock=Clock.FIRST),
    _goal("chat_next", "Chat: later replies", _MINUTE * 3, *_CHAT, clock=Clock.NEXT),
    _goal("widget_next", "Chat widget: later replies", _MINUTE, "widget", clock=Clock.NEXT),
    # After 30 minutes without an answer 47 of 100 give up the purchase.
    Goal("pre_sale", 0, "Questions before buying", _MINUTE * 30, BEGAN, category="pre_sale"),
    _goal("tiktok_shop", "What TikTok Shop's buyers expect", _HOUR * 1.1, "tiktok_shop"),
    _goal("amazon", "What Amazon's buyers expect", _HOUR * 4.2, "amazon"),
    _goal("ebay", "What eBay's buyers expect", _HOUR * 6, "ebay"),
    _goal("email", "E-mail", _HOUR * 24, "email"),
)

MARKETS: Final = tuple(sorted({policy.market for policy in POLICIES if policy.market}))
