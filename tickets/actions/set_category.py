"""set_category: what a ticket is about. By a person, whose word teaches triage; by triage, where nobody said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from knowledge.categories import Category
from tenants.errors import Conflict, Invalid
from tenants.models import User
from tickets.actions.record import Happened, record, touch
from tickets.models import Ticket
from tickets.models.event import CATEGORISED, TRIAGE


class CategorisedMeanwhile(Conflict):
    code = "categorised_meanwhile"
    message = _("Meanwhile something else was said about what this ticket is about. Please look again.")


def set_category(
    ticket: Ticket,
    category: str,
    *,
    by: User | None,
    now: datetime,
    was: str | None = None,
    through: str = "",
    because: Sequence[str] = (),
) -> Ticket:
    """Sets it, or empties it. The caller holds the lock. A closed ticket's can be set right too: it still teaches.

    `by` is None where nobody did it but `through`: a process, with the words that told it in `because`. A person who
    says what is there already agrees with it, and that is written down once. `was` is what the author
    saw. Raises Invalid (`category`), CategorisedMeanwhile.
    """
    if category and category not in Category.values:
        raise Invalid(_("There is no such category."), field="category")
    if was is not None and ticket.category not in {was, category}:
        raise CategorisedMeanwhile
    is_same = ticket.category == category
    if is_same and (by is None or not _is_triages(ticket)):
        return ticket
    before, ticket.category = ticket.category, category
    after = {"category": category, **({"because": list(because)} if because else {})}
    record(ticket, Happened(CATEGORISED, actor=by, by=through, before={"category": before}, after=after), now=now)
    if not is_same:
        touch([ticket.number], now=now)
    return ticket


def triage_may_say(ticket: Ticket) -> bool:
    """Only of an open ticket without a category that nobody has taken it from."""
    if ticket.is_closed or ticket.category:
        return False
    return not ticket.events.filter(kind=CATEGORISED).exclude(by=TRIAGE).exists()


def _is_triages(ticket: Ticket) -> bool:
    latest = ticket.events.filter(kind=CATEGORISED).order_by("-pk").values_list("by", flat=True).first()
    return latest == TRIAGE
