"""Whether what somebody typed can be a policy, a goal or a store's hours. Raises Invalid, with the field at fault."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from knowledge.categories import Category
from tenants.errors import Invalid
from tickets.channels import Channel
from tickets.clocks.hours import Day, HoursError, day_of
from tickets.clocks.policy import Clock, Exclusion, Measure, Policy
from tickets.models.ticket import Priority
from tickets.policies.names import HOURS_ERRORS
from tickets.policies.terms import Terms

LONGEST: Final = 30 * 24 * 3600  # seconds of a limit
FARTHEST: Final = timedelta(days=2 * 366)  # ahead
MOST_LETTERS: Final = 80


def read_day(text: str, field: str) -> Day:
    if len(text) > 200:
        raise Invalid(HOURS_ERRORS["not_a_span"], field=field)
    try:
        return day_of(text)
    except HoursError as error:
        raise Invalid(HOURS_ERRORS[error.message], field=field) from error


def check_dates(from_date: date, to_date: date | None, today: date) -> None:
    """A version begins today or later: the past stays as it was measured."""
    if from_date < today:
        raise Invalid(_("The past stays as it was measured. Choose today or a later day."), field="from_date")
    if from_date > today + FARTHEST:
        raise Invalid(_("This is more than two years ahead."), field="from_date")
    if to_date is not None and to_date <= from_date:
        raise Invalid(_("It ends before it begins."), field="to_date")


def check_policy(terms: Terms, shipped: Policy) -> None:
    _whole(terms, "limit_s", 1, LONGEST)
    _whole(terms, "window_days", 1, 366)
    _whole(terms, "minimum_sample", 0, 1_000_000)
    if terms["cap_s"] is not None:
        _whole(terms, "cap_s", 1, LONGEST)
    if shipped.measure == Measure.SHARE:
        _number(terms, "target", 1, _("A share is between 0 and 100 %."))
        if terms["warn_at"] is not None:
            _number(terms, "warn_at", 1, _("A share is between 0 and 100 %."))
            if terms["warn_at"] < terms["target"]:
                raise Invalid(_("The warning must come before the target is missed: not below it."), field="warn_at")
    else:
        _number(terms, "target", LONGEST, _("This is more than 30 days."))
    _number(terms, "ai_share", 1, _("A share is between 0 and 100 %."))
    if not read_day(terms["hours"], "hours") and not shipped.follows_store:
        raise Invalid(HOURS_ERRORS["never_open"], field="hours")
    _known(terms["exclusions"], list(Exclusion), "exclusions")


def check_goal(terms: Terms) -> None:
    name = terms["name"]
    if not name.strip() or len(name) > MOST_LETTERS or not name.isprintable():
        raise Invalid(_("One line of at most %(most)d letters is needed here.") % {"most": MOST_LETTERS}, field="name")
    _whole(terms, "limit_s", 1, LONGEST)
    _known([terms["clock"]], ["", *Clock], "clock")
    _known(terms["channels"], Channel.values, "channels")
    _known([terms["category"]], ["", *Category.values], "category")
    _known([terms["priority"]], [None, *Priority.values], "priority")


def _whole(terms: Terms, field: str, least: int, most: int) -> None:
    value = terms[field]
    if not isinstance(value, int) or not least <= value <= most:
        told = {"least": least, "most": most}
        raise Invalid(_("A whole number from %(least)d to %(most)d is needed here.") % told, field=field)


def _number(terms: Terms, field: str, most: float, told: str) -> None:
    value = terms[field]
    if not isinstance(value, int | float) or not 0 <= value <= most:  # NaN is in no range
        raise Invalid(told, field=field)


def _known(values: Sequence[Any], known: Collection[Any], field: str) -> None:
    if any(value not in known for value in values):
        raise Invalid(_("There is no such choice."), field=field)
