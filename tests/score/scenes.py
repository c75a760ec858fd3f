"""Scenes of the score: what happened, written as people would tell it, and policies to count it by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tickets.clocks.happenings import Happening, Kind
from tickets.clocks.policy import Policy
from tickets.clocks.score import NOTHING, Round, Tally, dated, rounds_of
from tickets.clocks.shipped import POLICIES

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONG_AFTER = datetime(2027, 6, 1, tzinfo=UTC)
WORDS = {
    "opens": (Kind.OPENED, False),
    "returns": (Kind.REOPENED, False),
    "reopened": (Kind.REOPENED, False),
    "we_open": (Kind.SELLER_OPENED, False),
    "asks": (Kind.BUYER, False),
    "reply": (Kind.HUMAN, False),
    "hi": (Kind.HUMAN, True),
    "bot": (Kind.BOT, False),
    "arrived": (Kind.BOT, True),
    "transfer": (Kind.TRANSFERRED, False),
    "closes": (Kind.CLOSED, False),
    "buyer_closes": (Kind.CLOSED, False),
    "blocked": (Kind.BLOCKED, False),
}
BY_US = {"reopened", "we_open", "reply", "hi", "transfer", "closes", "blocked"}


def policy(key: str, **changes: Any) -> Policy:
    return replace(next(one for one in POLICIES if one.key == key), **changes)


TMALL, MEAN = policy("tmall_human_3min"), policy("tmall_mean")
TH, US, PDD = policy("tiktok_shop_th"), policy("tiktok_shop_us"), policy("pinduoduo_5min")


def told(story: str, *, on: date = date(2026, 11, 20), zone: str = "Asia/Shanghai") -> list[Happening]:
    """`10:10:15 opens asks, 10:18:10 reply`: by the wall of that zone and day; `+2 09:00` is two days later."""
    found: list[Happening] = []
    for part in story.split(","):
        *days, clock, words = _parts(part)
        when = datetime.fromisoformat(f"{on + timedelta(days=int(days[0]) if days else 0)}T{clock}")
        at = when.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for word in words.split():
            kind, is_bare = WORDS[word]
            found.append(Happening(kind, at, 7 if word in BY_US else None, is_bare, len(found)))
    return found


def _parts(part: str) -> list[str]:
    """Days later (if any), the clock, and the words."""
    first, _space, rest = part.strip().partition(" ")
    if not first.startswith("+"):
        return [first, rest]
    clock, _space, words = rest.partition(" ")
    return [first, clock, words]


def judged(story: str, *versions: Policy, now: datetime = LONG_AFTER, **more: Any) -> list[str]:
    """Each round as `verdict` or `verdict: why`."""
    holidays, policy_at = more.pop("holidays", frozenset()), dated(versions)

    def is_holiday(at: datetime) -> bool:
        return versions[0].hours.local_day(at) in holidays

    rounds = rounds_of(told(story, **more), policy_at, is_holiday=is_holiday, now=now)
    return [f"{one.verdict}: {one.why}" if one.why else f"{one.verdict}" for one in rounds]


def tally(rounds: tuple[Round, ...]) -> Tally:
    return sum((one.tally() for one in rounds), NOTHING)
