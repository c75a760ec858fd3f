"""What a version's `terms` say, to and from the records of `tickets.clocks`. Pure: no database.

Of a policy an agency changes figures and exclusions; what it measures (channel, market, unit) stays as shipped. A
goal is the agency's own through and through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from tickets.clocks.hours import Hours, day_of, every_day, text_of
from tickets.clocks.policy import Clock, Exclusion, Goal, Policy
from tickets.clocks.shipped import GOALS, POLICIES

SHIPPED_POLICIES: Final = {policy.key: policy for policy in POLICIES}
SHIPPED_GOALS: Final = {goal.key: goal for goal in GOALS}
Terms = Mapping[str, Any]


@dataclass(frozen=True)
class Version:
    """A row, as it is read: dates, number and terms."""

    kind: str
    key: str
    number: int
    from_date: date
    to_date: date | None
    terms: Terms

    def as_policy(self) -> Policy | None:
        """None for a key that is no longer shipped."""
        shipped = SHIPPED_POLICIES.get(self.key)
        return shipped and policy_with(shipped, self)

    def as_goal(self) -> Goal:
        terms = self.terms
        return Goal(
            key=self.key,
            version=self.number,
            name=terms["name"],
            limit=timedelta(seconds=terms["limit_s"]),
            from_date=self.from_date,
            to_date=self._ends(),
            clock=Clock(terms["clock"]) if terms["clock"] else None,
            channels=tuple(terms["channels"]),
            category=terms["category"],
            priority=terms["priority"],
            in_hours=terms["in_hours"],
        )

    def _ends(self) -> date | None:
        return self.from_date if self.terms["is_off"] else self.to_date


def policy_with(shipped: Policy, version: Version) -> Policy:
    terms = version.terms
    return replace(
        shipped,
        version=version.number,
        from_date=version.from_date,
        to_date=version._ends(),
        hours=_hours_with(shipped.hours, terms["hours"]),
        limit=timedelta(seconds=terms["limit_s"]),
        cap=timedelta(seconds=terms["cap_s"]) if terms["cap_s"] else None,
        target=float(terms["target"]),
        warn_at=terms["warn_at"],
        window_days=terms["window_days"],
        minimum_sample=terms["minimum_sample"],
        human_only=terms["human_only"],
        bare_greeting_counts=terms["bare_greeting_counts"],
        ai_share=float(terms["ai_share"]),
        exclusions=frozenset(Exclusion(name) for name in terms["exclusions"]),
        is_assumed=False,
    )


def _hours_with(hours: Hours, text: str) -> Hours:
    return every_day(hours.tz, day_of(text)) if text else hours


def terms_of_policy(policy: Policy) -> dict[str, Any]:
    return {
        "limit_s": int(policy.limit.total_seconds()),
        "target": policy.target,
        "warn_at": policy.warn_at,
        "cap_s": int(policy.cap.total_seconds()) if policy.cap else None,
        "window_days": policy.window_days,
        "minimum_sample": policy.minimum_sample,
        "hours": "" if policy.follows_store else text_of(policy.hours.week[0]),
        "human_only": policy.human_only,
        "bare_greeting_counts": policy.bare_greeting_counts,
        "ai_share": policy.ai_share,
        "exclusions": sorted(policy.exclusions),
        "is_off": False,
    }


def terms_of_goal(goal: Goal) -> dict[str, Any]:
    return {
        "name": goal.name,
        "limit_s": int(goal.limit.total_seconds()),
        "clock": goal.clock or "",
        "channels": list(goal.channels),
        "category": goal.category,
        "priority": goal.priority,
        "in_hours": goal.in_hours,
        "is_off": False,
    }
