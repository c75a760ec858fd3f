"""What an agency's admin shows of its rules: frozen lines, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from knowledge.categories import Category
from tenants.errors import NotFound
from tenants.models import Store
from tickets.channels import Channel
from tickets.clocks.hours import ALWAYS
from tickets.clocks.policy import Measure
from tickets.models.ticket import Priority
from tickets.policies.book import ALWAYS_OPEN, Book
from tickets.policies.models import RuleVersion, SpecialDay
from tickets.policies.names import CLOCKS, duration, name_of
from tickets.policies.queries import books_of
from tickets.policies.terms import SHIPPED_GOALS, SHIPPED_POLICIES, Terms, terms_of_goal, terms_of_policy

POLICY, GOAL = RuleVersion.Kind.POLICY, RuleVersion.Kind.GOAL


@dataclass(frozen=True)
class VersionLine:
    """`state`: past, now or coming. `pk`: None for what is shipped."""

    pk: int | None
    number: int
    from_date: date | None
    to_date: date | None
    says: str
    is_off: bool
    state: str
    author: str = ""


@dataclass(frozen=True)
class RuleLine:
    """`now`: the version in force; None: none is. `coming`: the next to be."""

    kind: str
    key: str
    name: str
    is_own: bool
    is_assumed: bool
    terms: Terms
    versions: tuple[VersionLine, ...]

    @property
    def now(self) -> VersionLine | None:
        held = next((one for one in self.versions if one.state == "now"), None)
        return None if held is None or held.is_off else held

    @property
    def coming(self) -> VersionLine | None:
        return next((one for one in reversed(self.versions) if one.state == "coming"), None)


@dataclass(frozen=True)
class StoreLine:
    id: int
    name: str
    band: int
    zone: str
    week: tuple[str, ...]
    is_always: bool
    market: str
    policies: tuple[str, ...]
    special: int  # days to come


def rule_lines(agency_id: int, now: datetime) -> tuple[list[RuleLine], list[RuleLine]]:
    """The agency's goals and policies, shipped ones first. One query."""
    rows: dict[tuple[str, str], list[RuleVersion]] = {}
    held = RuleVersion.objects.filter(agency_id=agency_id, withdrawn_at__isnull=True)
    for row in held.select_related("made_by").order_by("-from_date"):
        rows.setdefault((row.kind, row.key), []).append(row)
    own = [key for kind, key in rows if kind == GOAL and key not in SHIPPED_GOALS]
    goals = [_line(GOAL, key, rows.get((GOAL, key), []), now) for key in (*SHIPPED_GOALS, *own)]
    return goals, [_line(POLICY, key, rows.get((POLICY, key), []), now) for key in SHIPPED_POLICIES]


def rule_line(agency_id: int, kind: str, key: str, now: datetime) -> RuleLine:
    """One of them. Raises NotFound. One query."""
    found = RuleVersion.objects.filter(agency_id=agency_id, kind=kind, key=key, withdrawn_at__isnull=True)
    rows = list(found.select_related("made_by").order_by("-from_date"))
    shipped = SHIPPED_POLICIES if kind == POLICY else SHIPPED_GOALS
    if kind not in RuleVersion.Kind.values or (not rows and key not in shipped):
        raise NotFound
    return _line(kind, key, rows, now)


def rule_version(agency_id: int, kind: str, key: str, number: str) -> RuleVersion:
    """Raises NotFound."""
    rows = RuleVersion.objects.filter(agency_id=agency_id, kind=kind, key=key, withdrawn_at__isnull=True)
    row = rows.filter(number=number).first() if number.isascii() and number.isdecimal() and len(number) < 9 else None
    if row is None:
        raise NotFound
    return row


def store_lines(stores: Sequence[Store], now: datetime) -> list[StoreLine]:
    """One query."""
    books = books_of([store.pk for store in stores])
    return [_store(store, books[store.pk], now) for store in stores if store.pk in books]


def special_days(store: Store, today: date) -> list[SpecialDay]:
    """Today's and those to come. One query."""
    return list(SpecialDay.objects.filter(store=store, date__gte=today).order_by("date"))


def says_policy(key: str, terms: Terms) -> str:
    shipped = SHIPPED_POLICIES[key]
    target = (
        _("%(share)s %% within %(limit)s")
        % {"share": f"{terms['target'] * 100:g}", "limit": duration(terms["limit_s"])}
        if shipped.measure == Measure.SHARE
        else _("mean of at most %(limit)s") % {"limit": duration(terms["target"])}
    )
    days = _("over %(days)d days") % {"days": terms["window_days"]}
    hours = _("in the store's hours") if shipped.follows_store else terms["hours"]
    return _joined([target, days, hours if hours != "00:00-24:00" else _("around the clock")])


def says_goal(terms: Terms) -> str:
    channels = [str(Channel(one).label) for one in terms["channels"]]
    parts = [
        duration(terms["limit_s"]),
        str(CLOCKS[terms["clock"]]),
        " / ".join(channels) if channels else _("all channels"),
        str(Category(terms["category"]).label) if terms["category"] else "",
        str(Priority(terms["priority"]).label) if terms["priority"] else "",
        _("in the store's hours") if terms["in_hours"] else "",
    ]
    return _joined(parts)


def _joined(parts: Sequence[str]) -> str:
    return ("，" if (get_language() or "").startswith("zh") else ", ").join(part for part in parts if part)


def _line(kind: str, key: str, rows: list[RuleVersion], now: datetime) -> RuleLine:
    """`rows`: the latest begun first."""
    policy = SHIPPED_POLICIES.get(key) if kind == POLICY else None
    goal = SHIPPED_GOALS.get(key) if kind == GOAL else None
    shipped = terms_of_policy(policy) if policy else terms_of_goal(goal) if goal else None
    today = policy.hours.local_day(now) if policy else now.date()
    told = (lambda terms: says_policy(key, terms)) if policy else says_goal
    begun = next((row for row in rows if row.from_date <= today), None)
    versions = [_version(row, row is begun, today, told(row.terms)) for row in rows]
    if shipped is not None:
        state = "past" if begun else "now"
        versions.append(VersionLine(None, 0, None, None, told(shipped), is_off=False, state=state))
    held: Any = begun.terms if begun else shipped or rows[-1].terms
    is_assumed = bool(policy and policy.is_assumed and not begun)
    name = name_of(kind, key, str(held.get("name", "")))
    return RuleLine(kind, key, name, shipped is None, is_assumed, held, tuple(versions))


def _version(row: RuleVersion, is_begun: bool, today: date, says: str) -> VersionLine:
    is_over = row.to_date is not None and row.to_date <= today
    state = "coming" if row.from_date > today else "now" if is_begun and not is_over else "past"
    author = str(row.made_by) if row.made_by else ""
    return VersionLine(row.pk, row.number, row.from_date, row.to_date, says, bool(row.terms["is_off"]), state, author)


def _store(store: Store, book: Book, now: datetime) -> StoreLine:
    today = ALWAYS(book.zone).local_day(now)
    terms = book.terms_on(today)
    measured = tuple(name_of(POLICY, policy.key) for policy in book.at(now).policies)
    return StoreLine(
        store.pk,
        store.name,
        store.band,
        book.zone,
        terms.week,
        terms.week == ALWAYS_OPEN,
        terms.market,
        measured,
        sum(one.date >= today for one in book.special),
    )
