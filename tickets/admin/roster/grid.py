"""The week's grid: who works when, and where. A cell opens the form of one shift; every act can be undone."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid, NotFound
from tickets.admin.roster.asked import LISTED, Asked, asked_week, the_clock, the_day, the_number
from tickets.clocks.shifts import monday_of
from tickets.roster.actions.shifts import add_shifts, copy_week, move_shift, remove_shifts, undo_edit
from tickets.roster.queries.week import latest_edits, shift_lines, shift_of, stores_of, stores_of_person, week_of


class RosterPage(AdminPage):
    route = "roster/"
    name = "roster"
    title = gettext_lazy("Roster")
    template = "tickets/roster/grid.html"
    action = Action.ROSTER

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        asked = asked_week(author.agency_id, self.request.GET.dict(), author.now)
        people = week_of(
            author.agency_id,
            monday=asked.monday,
            time_zone=asked.time_zone,
            stores=asked.stores,
            store=asked.store.pk if asked.store else None,
            words=asked.words,
        )
        return {
            "asked": asked,
            "people": people,
            "shifts": sum(len(day) for person in people for day in person.days),
            "today": author.now.astimezone(asked.zone).date(),
            "edits": latest_edits(author.agency_id),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        """`do`: copy (the week, into so many after it) or undo (an edit)."""
        author = self.author(self.action)
        asked = asked_week(author.agency_id, request.GET.dict(), author.now)
        try:
            messages.success(request, self._done(author, asked))
        except DomainError as refused:
            if isinstance(refused, NotFound):
                raise
            messages.error(request, str(refused))
        return redirect(f"{reverse('admin:roster')}?{asked.here}")

    def _done(self, author: Author, asked: Asked) -> str:
        posted = self.request.POST
        if posted.get("do") == "undo":
            edit = the_number(posted.get("edit", ""), "edit")
            undo_edit(author.agency_id, edit, by=author.person, now=author.now)
            return _("Undone.")
        if posted.get("do") != "copy":
            raise Invalid(field="do")
        edit_made = copy_week(
            author.agency_id,
            monday=asked.monday,
            weeks=the_number(posted.get("weeks", ""), "weeks"),
            store=asked.store.pk if asked.store else None,
            time_zone=asked.time_zone,
            by=author.person,
            now=author.now,
        )
        return _made(len(edit_made.added))


class ShiftPage(AdminPage):
    """The form of one shift, which the grid opens in a dialog: new for a person and a day, or one that is there."""

    route = "roster/shift/"
    name = "roster_shift"
    title = gettext_lazy("Shift")
    template = "tickets/roster/shift.html"
    action = Action.ROSTER

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        author = self.author(self.action)
        return self._form(author, request.GET.dict(), self._begun(author, request.GET.dict()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """`do`: save or remove. What is refused comes back with everything that was typed."""
        author = self.author(self.action)
        values = request.POST.dict()
        try:
            told = self._remove(author) if values.get("do") == "remove" else self._save(author)
        except DomainError as refused:
            if isinstance(refused, NotFound) and refused.field == "person":
                raise
            return self._form(author, values, values, refused)
        messages.success(request, told)
        asked = {"week": values.get("day", ""), "store": values.get("in", ""), "q": values.get("q", "")}
        back = asked_week(author.agency_id, asked, author.now)
        url = f"{reverse('admin:roster')}?{back.here}"
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": url})
        return redirect(url)

    def _begun(self, author: Author, values: dict[str, str]) -> dict[str, str]:
        """What the form says at first."""
        if not values.get("shift"):
            return {**values, "day": values.get("day", ""), "begins": "09:00", "ends": "18:00", "weeks": "1"}
        pk = the_number(values["shift"], "shift")
        line = shift_of(author.agency_id, pk, stores_of(author.agency_id))
        return {
            **values,
            "person": str(line.person),
            "store": line.store.slug if line.store else "",
            "day": line.day.isoformat(),
            "begins": line.begins,
            "ends": line.ends,
            "time_zone": line.time_zone,
        }

    def _form(
        self, author: Author, asked: dict[str, str], values: dict[str, str], refused: DomainError | None = None
    ) -> HttpResponse:
        stores = stores_of(author.agency_id)
        person = the_number(values.get("person", ""), "person")
        name, theirs = stores_of_person(author.agency_id, person, stores)
        day = the_day(values.get("day", ""))
        filtered = next((store for store in stores if store.slug == asked.get("in", "")), None)
        status = refused.status if refused else 200
        context = {
            "values": values,
            "person": person,
            "name": name,
            "stores": theirs if len(theirs) <= LISTED else [one for one in theirs if one == filtered],
            "chosen": values.get("store", filtered.slug if filtered in theirs and filtered else ""),
            "day": day,
            "monday": monday_of(day),
            "weekdays": asked_week(author.agency_id, {"week": day.isoformat()}, author.now).days,
            "also": self.request.POST.getlist("also"),
            "refused": refused,
            "in": asked.get("in", ""),
        }
        if self.request.headers.get("HX-Request"):
            return render(self.request, "tickets/roster/_shift.html", context, status=status)
        return self.draw(context, status=status)

    def _save(self, author: Author) -> str:
        posted = self.request.POST
        store = self._store(author, posted.get("store", ""))
        when: dict[str, Any] = {
            "store": store,
            "begins": the_clock(posted.get("begins", ""), "begins"),
            "ends": the_clock(posted.get("ends", ""), "ends"),
            "time_zone": posted.get("time_zone", ""),
            "by": author.person,
            "now": author.now,
        }
        day = the_day(posted.get("day", ""))
        if shift := posted.get("shift"):
            move_shift(author.agency_id, the_number(shift, "shift"), day=day, **when)
            return _("The shift is changed.")
        person = the_number(posted.get("person", ""), "person")
        weeks = the_number(posted.get("weeks", "1"), "weeks")
        days = {day, *map(the_day, posted.getlist("also"))}
        return _made(len(add_shifts(author.agency_id, person=person, days=days, weeks=weeks, **when).added))

    def _remove(self, author: Author) -> str:
        pk = the_number(self.request.POST.get("shift", ""), "shift")
        remove_shifts(author.agency_id, [pk], by=author.person, now=author.now)
        return _("The shift is gone. “Undo” brings it back.")

    def _store(self, author: Author, slug: str) -> int | None:
        if not slug:
            return None
        found = next((store.pk for store in stores_of(author.agency_id) if store.slug == slug), None)
        if found is None:
            raise Invalid(_("There is no such store."), field="store")
        return found


class MyShiftsPage(AdminPage):
    """One's own of the next four weeks."""

    route = "roster/mine/"
    name = "roster_mine"
    title = gettext_lazy("My shifts")
    template = "tickets/roster/mine.html"
    action = Action.ENTER_ADMIN

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        asked = asked_week(author.agency_id, {}, author.now)
        lines = shift_lines(author.agency_id, asked.monday, asked.zone, asked.stores, days=28, person=author.person.pk)
        return {"lines": lines, "asked": asked, "today": author.now.astimezone(asked.zone).date()}


def _made(count: int) -> str:
    told = ngettext("%(total)d shift was added.", "%(total)d shifts were added.", count)
    return told % {"total": count}


for page in (RosterPage, ShiftPage, MyShiftsPage):
    page.register()
add_nav(
    NavEntry(Section.PEOPLE, RosterPage.title, "admin:roster", Action.ROSTER, icon="calendar_month", order=4),
    NavEntry(Section.TODAY, MyShiftsPage.title, "admin:roster_mine", Action.ENTER_ADMIN, icon="schedule", order=60),
)
