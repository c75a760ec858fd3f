"""One store: when it is open, where it sells, what measures it; and its special days, by hand or out of a file."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.access import Action, store_by_pk_for
from tenants.admin_site.author import Author
from tenants.admin_site.history import history_of
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, Invalid
from tenants.models import Store
from tenants.queries.changes import changes_of
from tickets.policies.actions.fill_holidays import fill_holidays, filled_in, plan_holidays, take_holidays_back
from tickets.policies.actions.set_hours import (
    MOST_DAYS,
    WEEKDAYS,
    WantedDay,
    WantedTerms,
    drop_special_day,
    set_hours,
    set_special_days,
    today_of,
)
from tickets.policies.admin.forms import FileForm, HolidaysForm, HoursForm, SpecialDayForm
from tickets.policies.admin.rule import refuse
from tickets.policies.calendar import days_in
from tickets.policies.holidays import COUNTRIES
from tickets.policies.listing import special_days, store_lines
from tickets.policies.queries import book_of


class StoreHoursPage(AdminPage):
    route = "policies/stores/<int:pk>/"
    name = "store_hours"
    title = gettext_lazy("Hours")
    template = "tickets/policies/store.html"
    action = Action.SET_POLICIES

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        return self._context(author, self._store(author, kwargs["pk"]))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        author = self.author(self.action)
        store, posted = self._store(author, pk), request.POST
        forms: dict[str, Any] = {}
        form: Any
        match posted.get("do"):
            case "hours":
                form = forms["form"] = HoursForm(posted)
                told = self._done(form, lambda: _hours(store, form, author))
            case "day":
                form = forms["day_form"] = SpecialDayForm(posted, prefix="day")
                told = self._done(form, lambda: _days(store, form, author))
            case "file":
                form = forms["file_form"] = FileForm(posted, request.FILES)
                told = self._done(form, lambda: _file(store, form, author))
            case "holidays" | "plan":
                return self._holidays(author, store)
            case "take_back":
                source = posted.get("source", "").replace("\x00", "")
                told = _days_gone(take_holidays_back(store, source, by=author.person, now=author.now))
            case "drop":
                drop_special_day(store, _date(posted.get("date", "")), by=author.person, now=author.now)
                told = _("That day is like its day of the week again.")
            case _other:
                raise Invalid(field="do")
        if told:
            messages.success(request, told)
            return redirect("admin:store_hours", pk)
        return self.draw(self._context(author, store, **forms), status=400)

    def _holidays(self, author: Author, store: Store) -> HttpResponse:
        """Shows what a country's holidays would set; sets them at the second button."""
        posted = self.request.POST
        form = HolidaysForm(posted, this_year=today_of(store, author.now).year)
        shown: dict[str, Any] = {"holidays_form": form}
        if form.is_valid():
            asked = (store, form.cleaned_data["country"], form.cleaned_data["year"])
            try:
                if posted.get("do") == "holidays":
                    messages.success(
                        self.request, _set(len(fill_holidays(*asked, by=author.person, now=author.now).days))
                    )
                    return redirect("admin:store_hours", store.pk)
                shown["plan"] = plan_holidays(*asked, now=author.now)
                return self.draw(self._context(author, store, **shown))
            except DomainError as refused:
                form.add_error(refused.field, str(refused))
        return self.draw(self._context(author, store, **shown), status=400)

    def _store(self, author: Author, pk: int) -> Store:
        return store_by_pk_for(author.caller, pk, Action.SET_POLICIES)

    def _done(self, form: Any, verb: Any) -> str:
        """What to tell, or nothing: then the form says what is wrong."""
        if not form.is_valid():
            return ""
        try:
            return str(verb())
        except Invalid as refused:
            refuse(form, refused)
            return ""

    def _context(self, author: Author, store: Store, **forms: Any) -> dict[str, Any]:
        today = today_of(store, author.now)
        terms = book_of(store.pk).terms_on(today)
        began = {
            "from_date": today,
            "market": terms.market,
            "bot_is_on": terms.bot_is_on,
            "policies": list(terms.policies or ()),
            **dict(zip(WEEKDAYS, terms.week, strict=True)),
        }
        [line] = store_lines([store], author.now)
        return {
            "title": store.name,
            "crumbs": [{"title": _("Policies and goals"), "link": reverse("admin:policies")}],
            "store": store,
            "line": line,
            "form": HoursForm(initial=began),
            "day_form": SpecialDayForm(prefix="day"),
            "file_form": FileForm(),
            "holidays_form": HolidaysForm(this_year=today.year, market=terms.market),
            "filled": [(source, _source(source), count) for source, count in filled_in(store, today).items()],
            "days": special_days(store, today),
            "history": history_of(changes_of(author.agency_id, Store, store.pk)),
            **forms,
        }


def _hours(store: Store, form: Any, author: Author) -> str:
    values = form.cleaned_data
    wanted = WantedTerms(
        values["from_date"],
        [values[name] for name in WEEKDAYS],
        values["market"],
        values["bot_is_on"],
        values["policies"] or None,
    )
    set_hours(store, wanted, by=author.person, now=author.now)
    return _("Saved. It holds from its day on; what was measured before stays.")


def _days(store: Store, form: Any, author: Author) -> str:
    values = form.cleaned_data
    first, last = values["date"], values["until"] or values["date"]
    if last < first:
        raise Invalid(_("It ends before it begins."), field="until")
    if (last - first).days >= MOST_DAYS:
        raise Invalid(_("More than %(most)d special days are too many.") % {"most": MOST_DAYS}, field="until")
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    rest = {"spans": values["spans"], "name": values["name"], "is_holiday_mode": values["is_holiday_mode"]}
    set_special_days(store, [WantedDay(day, **rest) for day in days], by=author.person, now=author.now)
    return _set(len(days))


def _file(store: Store, form: Any, author: Author) -> str:
    """Days that are over are left out: a calendar of the year may be taken as it is."""
    today = today_of(store, author.now)
    days = [day for day in days_in(form.cleaned_data["file"].read()) if day.date >= today]
    if not days:
        raise Invalid(_("All days of the file are over."), field="file")
    try:
        set_special_days(store, days, by=author.person, now=author.now)
    except Invalid as refused:
        raise Invalid(refused.message, field="file") from refused
    return _set(len(days))


def _set(count: int) -> str:
    return ngettext("%(count)d special day is set.", "%(count)d special days are set.", count) % {"count": count}


def _days_gone(count: int) -> str:
    told = ngettext(
        "%(count)d public holiday is like its day of the week again.",
        "%(count)d public holidays are like their days of the week again.",
        count,
    )
    return told % {"count": count}


def _source(source: str) -> str:
    country, _colon, year = source.partition(":")
    return f"{COUNTRIES.get(country, country)} {year}"


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(field="date") from None


StoreHoursPage.register()
