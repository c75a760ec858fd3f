"""All dated rules of one store, and what of them holds at a time. Pure: no database, no clock of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from tickets.clocks.hours import ALWAYS, Hours, day_of
from tickets.clocks.policy import Goal, Policy, StoreRules, followed, in_force
from tickets.clocks.shipped import GOALS, POLICIES
from tickets.policies.terms import Version

SLOT: Final = 900  # seconds: no zone's day begins within one
REMEMBERED: Final = 2000  # slots
OWN_CHANNELS: Final = ("widget", "email")  # every store has them, whatever its marketplace
ALWAYS_OPEN: Final = ("00:00-24:00",) * 7

_MARKETS: Final = {
    "Asia/Bangkok": "TH",
    "Asia/Jakarta": "ID",
    "Asia/Makassar": "ID",
    "Asia/Jayapura": "ID",
    "Asia/Shanghai": "CN",
    "Asia/Urumqi": "CN",
}


def market_of(zone: str) -> str:
    """Where a store of that zone most likely sells, until somebody says; empty: not told by it."""
    return _MARKETS.get(zone) or ("US" if zone.startswith(("America/", "US/")) else "")


@dataclass(frozen=True)
class Terms:
    """From a day on, of one store. `policies`: keys; None: what its marketplace and market ask."""

    from_date: date
    week: tuple[str, ...] = ALWAYS_OPEN
    market: str = ""
    bot_is_on: bool = False
    policies: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Special:
    date: date
    spans: str
    is_holiday_mode: bool


@dataclass
class Book:
    """Not changed after it is made; `_made` remembers what was asked of it."""

    marketplace: str
    zone: str
    versions: tuple[Version, ...] = ()
    terms: tuple[Terms, ...] = ()
    special: tuple[Special, ...] = ()
    _made: dict[int, StoreRules] = field(default_factory=dict, repr=False)
    _hours: dict[date, Hours] = field(default_factory=dict, repr=False)
    _policies: tuple[Policy, ...] = field(init=False, repr=False)
    _goals: tuple[Goal, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        own = [version.as_policy() for version in self.versions if version.kind == "policy"]
        self._policies = (*POLICIES, *(policy for policy in own if policy is not None))
        self._goals = (*GOALS, *(version.as_goal() for version in self.versions if version.kind == "goal"))

    def at(self, at: datetime) -> StoreRules:
        slot = int(at.timestamp()) // SLOT
        rules = self._made.get(slot)
        if rules is None:
            if len(self._made) >= REMEMBERED:
                self._made.clear()
            rules = self._made[slot] = self._rules(at)
        return rules

    def _rules(self, at: datetime) -> StoreRules:
        day = ALWAYS(self.zone).local_day(at)
        terms = self.terms_on(day)
        hours = self.hours_at(at)
        # Days of a policy are its market's own; of one that follows the store, the store's.
        applying = [policy for policy in self._policies if self._applies(policy, terms)]
        policies = followed(applying, hours, bot_is_on=terms.bot_is_on)
        by_day: dict[date, list[Policy]] = {}
        for policy in policies:
            by_day.setdefault(policy.hours.local_day(at), []).append(policy)
        holding = [one for local, found in by_day.items() for one in in_force(found, local)]
        return StoreRules(
            tuple(holding),
            in_force(self._goals, day),
            hours,
            frozenset(one.date for one in self.special if one.is_holiday_mode),
        )

    def terms_on(self, day: date) -> Terms:
        begun = [terms for terms in self.terms if terms.from_date <= day]
        return max(begun, key=lambda terms: terms.from_date, default=Terms(date.min, market=market_of(self.zone)))

    def hours_at(self, at: datetime) -> Hours:
        """When the store is open by what held then; special days of all dates are among it."""
        terms = self.terms_on(ALWAYS(self.zone).local_day(at))
        hours = self._hours.get(terms.from_date)
        if hours is None:
            hours = self._hours[terms.from_date] = self.hours_of(terms)
        return hours

    def hours_of(self, terms: Terms) -> Hours:
        days = [day_of(text) for text in terms.week]
        exceptions: Mapping[date, tuple] = {one.date: day_of(one.spans) for one in self.special}  # type: ignore[type-arg]
        return Hours(self.zone, tuple(days), exceptions)  # type: ignore[arg-type]

    def _applies(self, policy: Policy, terms: Terms) -> bool:
        if terms.policies is not None:
            return policy.key in terms.policies
        if policy.channel in OWN_CHANNELS:
            return True
        # One marketplace in one country needs no market; TikTok Shop measures each of its own.
        return policy.channel == self.marketplace and (policy.market in ("CN", "", terms.market))
