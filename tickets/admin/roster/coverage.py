"""Coverage of a store's week: hours in which buyers write and nobody, or not enough people, are there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from tenants.access import Action
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tickets.admin.roster.asked import asked_week
from tickets.clocks.coverage import runs_of
from tickets.clocks.shifts import instant
from tickets.events.queries.running import events_between, shifts_to_come
from tickets.roster.queries.coverage import WEEKS, coverage_of

PACE, MOST_PACE = 20, 500  # messages that one person answers in an hour


class CoveragePage(AdminPage):
    route = "coverage/"
    name = "coverage"
    title = _("Coverage")
    template = "tickets/roster/coverage.html"
    action = Action.ROSTER

    def context(self, **kwargs: Any) -> dict[str, Any]:
        """Of the first store where none is named; whatever is no pace is the usual one."""
        author = self.author(self.action)
        asked = asked_week(author.agency_id, self.request.GET.dict(), author.now)
        if asked.store is None and asked.stores:
            first = {**self.request.GET.dict(), "store": asked.stores[0].slug}
            asked = asked_week(author.agency_id, first, author.now)
        typed = self.request.GET.get("pace", "")
        is_pace = typed.isascii() and typed.isdecimal() and len(typed) < 4 and 1 <= int(typed) <= MOST_PACE
        pace = int(typed) if is_pace else PACE
        shown: dict[str, Any] = {"asked": asked, "pace": pace, "most_pace": MOST_PACE, "weeks": WEEKS}
        if asked.store is None:
            return shown
        begins, ends = (instant(asked.monday + timedelta(days=day), 0, asked.zone) for day in (0, 7))
        events = events_between(asked.store.pk, begins, ends)
        days = coverage_of(
            asked.store.pk,
            monday=asked.monday,
            zone=asked.zone,
            pace=pace,
            now=author.now,
            rises=[event.rise for event in events],
            lent=shifts_to_come(asked.store.pk, begins, ends) if events else (),
        )
        has_demand = any(cell.demand for cells in days for cell in cells)
        shown |= {"days": days, "hours": range(24), "runs": runs_of(days), "has_demand": has_demand}
        return {**shown, "events": events}


CoveragePage.register()
add_nav(NavEntry(Section.PEOPLE, CoveragePage.title, "admin:coverage", Action.ROSTER, icon="grid_on", order=5))
