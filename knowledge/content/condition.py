"""What a step asks of the ticket itself: facts, not words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from django.utils.translation import gettext_lazy as _

from knowledge.content.text import clean, path
from tenants.errors import Invalid

Operator = Literal["is", "is_not", "at_least", "less_than"]
# fact → whether it is a number. What tells them of a ticket is `tickets.queries`.
FACTS: Final = {
    "category": (False, _("category")),
    "marketplace": (False, _("marketplace")),
    "channel": (False, _("channel")),
    "language": (False, _("language of the buyer")),
    "priority": (True, _("priority (1 is the most urgent)")),
    "openings": (True, _("how often the buyer opened it")),
    "hours_open": (True, _("hours since it was opened")),
    "hours_waiting": (True, _("hours that the buyer waits")),
    "messages": (True, _("messages of the buyer")),
    "has_picture": (False, _("whether the buyer sent a picture (yes, no)")),
}


@dataclass(frozen=True)
class Condition:
    fact: str
    operator: Operator
    value: str  # of a number as well, as it was written

    def holds(self, facts: Mapping[str, object]) -> bool:
        """Of these facts; what is not known holds nothing, and is nothing."""
        known = facts.get(self.fact)
        if self.operator == "is":
            return _same(known, self.value)
        if self.operator == "is_not":
            return not _same(known, self.value)
        if known is None:
            return False
        number, bound = float(cast(Any, known)), float(self.value)
        return number >= bound if self.operator == "at_least" else number < bound


def read_condition(data: object, where: str) -> Condition:
    """From JSON. Raises Invalid with the field."""
    if not isinstance(data, Mapping):
        raise Invalid(_("A condition has a fact, an operator and a value."), field=where)
    fact, operator = data.get("fact"), data.get("operator")
    if fact not in FACTS:
        raise Invalid(_("There is no such fact."), field=path(where, "fact"))
    if operator not in get_args(Operator):
        raise Invalid(_("There is no such comparison."), field=path(where, "operator"))
    value = clean(str(data.get("value", "")), path(where, "value"), most=100)
    if not value:
        raise Invalid(_("Say what it is compared with."), field=path(where, "value"))
    is_number, _label = FACTS[fact]
    if operator in ("at_least", "less_than") and not is_number:
        raise Invalid(_("This fact is not a number."), field=path(where, "operator"))
    if is_number and not _is_number(value):
        raise Invalid(_("This is not a number."), field=path(where, "value"))
    return Condition(fact, cast(Operator, operator), value)


def _same(known: object, value: str) -> bool:
    if isinstance(known, bool):
        known = "yes" if known else "no"
    if isinstance(known, int | float) and _is_number(value):
        return float(known) == float(value)
    return str(known).lower() == value.lower()


def _is_number(value: str) -> bool:
    try:
        return abs(float(value)) < 1e12  # refuses NaN and infinity as well
    except ValueError:
        return False
