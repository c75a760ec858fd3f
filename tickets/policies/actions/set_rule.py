"""set_rule: a policy or a goal gets a version that holds from a day on; the past stays as it was measured."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tenants.actions.log_change import log_change
from tenants.errors import Invalid, NotFound
from tenants.models import Store, User
from tickets.clocks.hours import ALWAYS
from tickets.policies.actions.reckon import reckon_anew
from tickets.policies.checks import check_dates, check_goal, check_policy
from tickets.policies.models import RuleVersion
from tickets.policies.names import name_of
from tickets.policies.queries import forget_rules
from tickets.policies.terms import SHIPPED_GOALS, SHIPPED_POLICIES, Terms, terms_of_goal, terms_of_policy

POLICY, GOAL = RuleVersion.Kind.POLICY, RuleVersion.Kind.GOAL


@dataclass(frozen=True)
class Wanted:
    """What is to hold from `from_date` on, until `to_date` where one is given."""

    terms: Terms
    from_date: date
    to_date: date | None = None


def new_goal_key() -> str:
    """Of a goal that the agency makes itself."""
    return f"own_{secrets.token_hex(6)}"


@transaction.atomic
def set_rule(agency_id: int, kind: str, key: str, wanted: Wanted, *, by: User, now: datetime) -> RuleVersion:
    """Takes the place of a version that begins on the same day, if that day is not over. Raises Invalid, NotFound.

    Holds the agency's lock of its rules until the transaction's end.
    """
    _lock(agency_id)
    check_dates(wanted.from_date, wanted.to_date, first_day(agency_id, kind, key, now))
    if kind == POLICY:
        if key not in SHIPPED_POLICIES:
            raise NotFound(field="key")
        check_policy(wanted.terms, SHIPPED_POLICIES[key])
    else:
        check_goal(wanted.terms)
    rows = list(RuleVersion.objects.filter(agency_id=agency_id, kind=kind, key=key).order_by("from_date"))
    versions = [row for row in rows if row.withdrawn_at is None]
    if not rows and key not in SHIPPED_GOALS.keys() | SHIPPED_POLICIES.keys() and not key.startswith("own_"):
        raise NotFound(field="key")
    _check_overlap(versions, wanted)
    before = _terms_before(kind, key, versions, wanted.from_date)
    same_day = [one.pk for one in versions if one.from_date == wanted.from_date]
    RuleVersion.objects.filter(pk__in=same_day).update(withdrawn_at=now)
    row = RuleVersion.objects.create(
        agency_id=agency_id,
        kind=kind,
        key=key,
        number=max((one.number for one in rows), default=0) + 1,
        from_date=wanted.from_date,
        to_date=wanted.to_date,
        terms=dict(wanted.terms),
        made_by=by,
        made_at=now,
    )
    _tell(row, before, {**row.terms, "from_date": row.from_date, "to_date": row.to_date}, by, now)
    _take_effect(agency_id)
    return row


@transaction.atomic
def withdraw_rule(row: RuleVersion, *, by: User, now: datetime) -> None:
    """A version that has not begun yet is not to come. Raises Invalid for one that has."""
    _lock(row.agency_id)
    if row.from_date <= first_day(row.agency_id, row.kind, row.key, now):
        raise Invalid(_("It holds already. Make a new version that begins today or later."), field="version")
    _tell(row, {**row.terms, "from_date": row.from_date, "to_date": row.to_date}, {}, by, now)
    RuleVersion.objects.filter(pk=row.pk).update(withdrawn_at=now)
    _take_effect(row.agency_id)


def _take_effect(agency_id: int) -> None:
    reckon_anew(Store.objects.filter(agency_id=agency_id, state=Store.State.OPEN).values_list("pk", flat=True))
    transaction.on_commit(forget_rules)


def first_day(agency_id: int, kind: str, key: str, now: datetime) -> date:
    """The day on which a version may begin at the earliest, so that it begins in nobody's past."""
    policy = SHIPPED_POLICIES.get(key) if kind == POLICY else None
    if policy is not None and not policy.follows_store:
        return policy.hours.local_day(now)
    zones = set(Store.objects.filter(agency_id=agency_id).values_list("time_zone", flat=True)) or {"UTC"}
    return max(ALWAYS(zone).local_day(now) for zone in zones)


def _check_overlap(versions: list[RuleVersion], wanted: Wanted) -> None:
    """Ends that are written down must not reach into another version; open ones end where the next begins."""
    for one in versions:
        if one.from_date == wanted.from_date:
            continue
        told = {"number": one.number, "day": one.from_date.isoformat()}
        if one.from_date < wanted.from_date and one.to_date is not None and one.to_date > wanted.from_date:
            told["day"] = one.to_date.isoformat()
            raise Invalid(_("Version %(number)d holds until %(day)s: the two would overlap.") % told, field="from_date")
        if wanted.to_date is not None and wanted.from_date < one.from_date < wanted.to_date:
            raise Invalid(_("Version %(number)d begins on %(day)s: the two would overlap.") % told, field="to_date")


def _terms_before(kind: str, key: str, versions: list[RuleVersion], day: date) -> dict[str, Any]:
    """What would hold on that day otherwise; nothing of a new goal."""
    begun = [one for one in versions if one.from_date <= day]
    if begun:
        latest = begun[-1]
        return {**latest.terms, "from_date": latest.from_date, "to_date": latest.to_date}
    if kind == POLICY:
        return terms_of_policy(SHIPPED_POLICIES[key])
    return terms_of_goal(SHIPPED_GOALS[key]) if key in SHIPPED_GOALS else {}


def _tell(row: RuleVersion, before: dict[str, Any], after: dict[str, Any], by: User, now: datetime) -> None:
    title = f"{name_of(row.kind, row.key, str(row.terms.get('name', '')))} · {row.number}"
    log_change(row, agency_id=row.agency_id, by=by, now=now, before=before, after=after, title=title)


def _lock(agency_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"rules of {agency_id}"])
