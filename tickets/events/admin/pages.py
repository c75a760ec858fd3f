"""直播/大促: the calendar, one event with its forecast and whom to lend, and the report after it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from knowledge.queries.reply_list import folder_names
from tenants.access import Action, store_by_pk_for
from tenants.admin_site.author import Author
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.history import history_of
from tenants.admin_site.pages import AdminPage
from tenants.admin_site.site import site
from tenants.errors import DomainError, Invalid, NotFound
from tenants.queries.changes import changes_of
from tenants.tables.writing import CSV_TYPE, csv_of
from tickets.clocks.shifts import Span
from tickets.events.actions.import_events import import_events
from tickets.events.actions.set_event import Wanted, remove_event, save_event, stop_event
from tickets.events.admin.forms import EventForm, ImportForm, initial_new, initial_of
from tickets.events.drawing import chart_of
from tickets.events.files import MOST_BYTES, lines_in
from tickets.events.models import LiveEvent
from tickets.events.queries.calendar import calendar_of, event_line, event_of, lent_to, spikes_of
from tickets.events.queries.forecast import candidates_for, forecast_of
from tickets.events.queries.report import Report, report_of
from tickets.policies.names import duration
from tickets.roster.queries.week import StoreName, stores_of

# What the history says of a change, for translation.
_WORDS: Final = (
    pgettext_lazy("kind of change", "stopped"),
    pgettext_lazy("field of a change", "lent"),
    pgettext_lazy("field of a change", "in store"),
)
PACE: Final = 20  # messages that one person answers in an hour


class EventsPage(AdminPage):
    route = "events/"
    name = "events"
    title = gettext_lazy("Live events")
    template = "tickets/events/list.html"
    action = Action.ROSTER

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        stores = stores_of(author.agency_id)
        slug = self.request.GET.get("store", "")
        store = next((one for one in stores if one.slug == slug), None)
        if slug and store is None:
            raise NotFound(field="store")
        return {
            "calendar": calendar_of(author.agency_id, store=store.pk if store else None),
            "spikes": spikes_of(author.agency_id, author.now),
            "stores": stores,
            "store": store,
        }


class EventPage(AdminPage):
    """One event, or a new one. `do`: save, forecast (as the form stands, nothing saved), stop, remove."""

    route = "events/<int:pk>/"
    name = "event"
    title = gettext_lazy("Live event")
    template = "tickets/events/event.html"
    action = Action.ROSTER

    @classmethod
    def register_new(cls) -> None:
        site.add_page("events/new/", cls.as_view(), "event_new")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        event = self._event(author, kwargs.get("pk"))
        stores = stores_of(author.agency_id)
        if event is None and not stores:
            return {"stores": stores, "crumbs": _crumbs()}
        form = kwargs.get("form") or self._form(author, event, stores)
        lent = kwargs.get("people")
        if lent is None:
            lent = lent_to(event.pk) if event else set()
        shown = {
            "event": event,
            "line": event_line(event) if event else None,
            "form": form,
            "stores": stores,
            "crumbs": _crumbs(),
            "title": event.name if event else _("New event"),
            "pace": PACE,
            "history": history_of(changes_of(author.agency_id, LiveEvent, event.pk)) if event else [],
        }
        wanted = _of_event(event) if event and not form.is_bound else _as_typed(form, stores, author)
        return {**shown, **(_outlook(wanted, stores, lent, author) if wanted else {})}

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        author = self.author(self.action)
        event = self._event(author, pk)
        do = request.POST.get("do", "save")
        if event is not None and do in ("stop", "remove"):
            return self._done(author, event, do)
        form = self._form(author, event, stores_of(author.agency_id), request.POST)
        try:
            people = {_number(text) for text in request.POST.getlist("people")}
            if not form.is_valid() or do == "forecast":
                status = 200 if form.is_valid() else 400
                return self.draw(self.context(pk=pk, form=form, people=people), status=status)
            saved = save_event(author.agency_id, event, form.wanted(), people=people, by=author.person, now=author.now)
        except NotFound:
            raise
        except DomainError as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
            people = {int(text) for text in request.POST.getlist("people") if text.isdecimal() and len(text) < 19}
            return self.draw(self.context(pk=pk, form=form, people=people), status=400)
        messages.success(request, _("“%(event)s” is saved.") % {"event": saved.name})
        return redirect("admin:event", saved.pk)

    def _done(self, author: Author, event: LiveEvent, do: str) -> HttpResponse:
        try:
            if do == "stop":
                stop_event(event, agency_id=author.agency_id, by=author.person, now=author.now)
                messages.success(self.request, _("It is over. Who was lent is back in their own stores."))
                return redirect("admin:event_report", event.pk)
            remove_event(event, agency_id=author.agency_id, by=author.person, now=author.now)
        except DomainError as refused:
            messages.error(self.request, str(refused))
            return redirect("admin:event", event.pk)
        messages.success(self.request, _("“%(event)s” is removed.") % {"event": event.name})
        return redirect("admin:events")

    def _event(self, author: Author, pk: int | None) -> LiveEvent | None:
        return event_of(author.agency_id, pk) if pk is not None else None

    def _form(self, author: Author, event: LiveEvent | None, stores: list[StoreName], data: Any = None) -> EventForm:
        if event is not None and all(store.pk != event.store_id for store in stores):  # suspended meanwhile
            of = event.store
            stores = [*stores, StoreName(of.pk, of.slug, of.name, of.band, of.time_zone)]
        if event is not None:
            initial = initial_of(event)
        else:
            slug = self.request.GET.get("store", "")
            store = next((one for one in stores if one.slug == slug), stores[0] if stores else None)
            initial = initial_new(store, author.now) if store else {}
        folders = folder_names(author.caller)
        begun = event is not None and event.begun_at is not None
        return EventForm(data, initial=initial, stores=stores, folders=folders, is_begun=begun)


class EventsImportPage(AdminPage):
    """A calendar file in: all of it, or what is wrong with it."""

    route = "events/import/"
    name = "events_import"
    title = gettext_lazy("Import events")
    template = "tickets/events/import.html"
    action = Action.ROSTER

    def context(self, **kwargs: Any) -> dict[str, Any]:
        stores = stores_of(self.author(self.action).agency_id)
        return {"form": kwargs.get("form") or ImportForm(stores=stores), "crumbs": _crumbs()}

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(self.action)
        stores = stores_of(author.agency_id)
        form = ImportForm(request.POST, request.FILES, stores=stores)
        if not form.is_valid():
            return self.draw(self.context(form=form), status=400)
        said = form.cleaned_data
        try:
            lines = lines_in(said["file"].read(MOST_BYTES + 1), stores, form.stores[said["store"]])
            made, passed = import_events(
                author.agency_id, lines, times=said["multiplier"], by=author.person, now=author.now
            )
        except Invalid as refused:
            form.add_error("file", str(refused))
            return self.draw(self.context(form=form), status=refused.status)
        told = ngettext("%(total)d event was imported.", "%(total)d events were imported.", made) % {"total": made}
        if passed:
            over = ngettext("%(total)d was over or there already.", "%(total)d were over or there already.", passed) % {
                "total": passed
            }
            told = f"{told} {over}"
        messages.success(request, told)
        return redirect("admin:events")


class EventReportPage(AdminPage):
    route = "events/<int:pk>/report/"
    name = "event_report"
    title = gettext_lazy("Live event")
    template = "tickets/events/report.html"
    action = Action.ROSTER

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        event, store, report = _reported(author, kwargs["pk"])
        return {
            "title": event.name,
            "crumbs": _crumbs(),
            "event": event,
            "line": event_line(event),
            "store": store,
            "report": report,
            "chart": chart_of(report.hours),
            "median": duration(report.median_s) if report.median_s is not None else "–",
            "p95": duration(report.p95_s) if report.p95_s is not None else "–",
            "lost": [(one, duration(one.waited_s) if one.waited_s is not None else "") for one in report.lost],
        }


class EventReportFile(AdminPage):
    """The report as CSV: hours, then what it came to."""

    route = "events/<int:pk>/report/file/"
    name = "event_report_file"
    title = gettext_lazy("Live event")
    action = Action.ROSTER

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        event, store, report = _reported(self.author(self.action), kwargs["pk"])
        heading = [_("what"), pgettext("a column of times", "when"), _("expected"), _("came")]
        response = HttpResponse(csv_of(heading, _rows(report)))
        response["Content-Type"] = CSV_TYPE
        name = f"event-{store.slug}-{event.begins_at:%Y%m%d}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def _reported(author: Author, pk: int) -> tuple[LiveEvent, Any, Report]:
    event = event_of(author.agency_id, pk)
    store = store_by_pk_for(author.caller, event.store_id, Action.VIEW)
    return event, store, report_of(event, store, now=author.now)


def _rows(report: Report) -> list[list[Any]]:
    """Times as the store's clock shows them, with its offset."""
    return [
        *([_("hour"), one.begins.isoformat(), round(one.expected, 1), one.came] for one in report.hours),
        [_("messages"), report.begins.isoformat(), round(report.expected, 1), report.came],
        [_("tickets opened"), "", "", report.opened],
        [_("answered"), "", "", report.answered],
        [_("first reply, median (s)"), "", "", "" if report.median_s is None else round(report.median_s)],
        [_("first reply, 95 % within (s)"), "", "", "" if report.p95_s is None else round(report.p95_s)],
        *([_("missed: %(policy)s") % {"policy": one.name}, "", one.counted, one.missed] for one in report.policies),
        [_("questions before buying"), "", "", report.presale],
        [_("of these lost"), "", "", len(report.lost)],
        *(
            [_("lost: ticket #%(number)d") % {"number": one.ticket}, one.began.isoformat(), "", ""]
            for one in report.lost
        ),
    ]


def _crumbs() -> list[dict[str, str]]:
    return [{"title": _("Live events"), "link": reverse("admin:events")}]


def _of_event(event: LiveEvent) -> Wanted:
    return Wanted(event.store_id, event.name, event.begins_at, event.ends_at, multiplier=event.multiplier)


def _as_typed(form: EventForm, stores: list[StoreName], author: Author) -> Wanted | None:
    """What the forecast is about; None while that can't be told."""
    if not form.is_bound:
        data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
        data |= {"name": "–"}
        form = EventForm(data, stores=stores, folders=())
    if not form.is_valid() and {"store", "begins", "ends", "multiplier"} & form.errors.keys():
        return None
    said = {"name": "–", "kind": "live", "alarm_share": 50, "pack": "", "ack_zh": "", "ack_en": ""}
    form.cleaned_data = {**said, **form.cleaned_data}
    wanted = form.wanted()
    return wanted if wanted.begins_at < wanted.ends_at and (wanted.ends_at - wanted.begins_at).days <= 14 else None


def _outlook(wanted: Wanted, stores: list[StoreName], lent: Collection[int], author: Author) -> dict[str, Any]:
    store = next((one for one in stores if one.pk == wanted.store), None)
    if store is None:
        return {}
    zone, span = ZoneInfo(store.time_zone), Span(wanted.begins_at, wanted.ends_at)
    forecast = forecast_of(
        store.pk, span, zone=zone, multiplier=wanted.multiplier, pace=PACE, lent=lent, now=author.now
    )
    return {
        "of": store,
        "forecast": forecast,
        "candidates": candidates_for(store.pk, span, zone=zone, lent=lent),
        "times": wanted.multiplier,
    }


def _number(text: str) -> int:
    """Raises Invalid (`people`)."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(field="people")
    return int(text)


for page in (EventsPage, EventsImportPage, EventPage, EventReportPage, EventReportFile):
    page.register()
EventPage.register_new()
add_nav(NavEntry(Section.PEOPLE, EventsPage.title, "admin:events", Action.ROSTER, icon="live_tv", order=6))
