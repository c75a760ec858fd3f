"""Many articles at once: keeper, review date, audience, folder, archive. Shown first, and undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.place_items import archive_items, place_items
from knowledge.actions.write_item import check_folder
from knowledge.models import Audience, Item
from knowledge.queries.articles import chosen_articles
from knowledge.queries.gate import writable_items_for
from tenants.access import Action
from tenants.admin_site import bulk
from tenants.admin_site.author import Author
from tenants.admin_site.bulk import BulkAction, Done, Line
from tenants.admin_site.entries import Text
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError, NotFound
from tenants.queries.people import members_of


class KeeperForm(forms.Form):
    keeper = forms.TypedChoiceField(
        label=gettext_lazy("Who looks after it"), coerce=int, empty_value=None, required=False
    )


class ReviewForm(forms.Form):
    review_on = forms.DateField(
        label=gettext_lazy("To be read again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty: no date."),
    )


class AudienceForm(forms.Form):
    audience = forms.ChoiceField(label=gettext_lazy("Who may read it"), choices=Audience.choices)


class FolderForm(forms.Form):
    folder = forms.CharField(label=gettext_lazy("Folder"), required=False, max_length=200)


class Moved(BulkAction):
    """One field of the place, for all. `of` is the field's name in Place, in the form what it is asked as."""

    action = Action.WRITE_LIBRARY
    of: ClassVar[str]

    def value(self, values: dict[str, Any]) -> Any:
        return values[self.of.removesuffix("_id")]

    def names(self, author: Author) -> dict[Any, str]:
        """value → what it is called, where that is something else. At most one query."""
        return {}

    def preview(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> list[Line]:
        wanted, names = self.value(values), self.names(author)
        return [self._line(names, item, wanted, why) for item, why in _rows(author, ids, lock=False)]

    def do(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> Done:
        wanted, names = self.value(values), self.names(author)
        lines, undo, moved = [], [], []
        for item, why in _rows(author, ids, lock=True):
            line = self._line(names, item, wanted, why)
            lines.append(line)
            if not line.refused:
                was = getattr(item, self.of)
                undo.append([item.pk, item.revision + 1, str(was) if isinstance(was, date) else was])
                moved.append((item, {self.of: wanted}))
        place_items(moved, author=author.person, now=author.now)
        return Done(lines, undo or None)

    def undo(self, author: Author, kept: Any) -> list[Line]:
        was = {pk: (revision, value) for pk, revision, value in kept}
        names, lines, moved = self.names(author), [], []
        for item, why in _rows(author, list(was), lock=True):
            revision, value = was[item.pk]
            if self.of == "review_on" and value:
                value = date.fromisoformat(value)
            line = self._line(names, item, value, why or _changed_since(item, revision))
            lines.append(line)
            if not line.refused:
                moved.append((item, {self.of: value}))
        place_items(moved, author=author.person, now=author.now)
        return lines

    def _line(self, names: dict[Any, str], item: Item, wanted: Any, why: str) -> Line:
        was = getattr(item, self.of)
        if not why and wanted == was:
            why = _("It is so already.")
        before, after = (names.get(value, str(value or "–")) for value in (was, wanted))
        return Line(str(item), before, after, why)


class SetKeeper(Moved):
    name, label, of, form = "keeper", gettext_lazy("Set who looks after them"), "keeper_id", KeeperForm

    def make_form(self, author: Author, data: Any = None) -> forms.Form:
        made = KeeperForm(data)
        people = [(person.pk, str(person)) for person in members_of(author.agency_id)]
        made.fields["keeper"].choices = [("", "–"), *people]  # type: ignore[attr-defined]
        return made

    def names(self, author: Author) -> dict[Any, str]:
        return {person.pk: str(person) for person in members_of(author.agency_id)}


class SetReview(Moved):
    name, label, of, form = "review", gettext_lazy("Set when they are read again"), "review_on", ReviewForm


class SetAudience(Moved):
    name, label, of, form = "audience", gettext_lazy("Set who may read them"), "audience", AudienceForm
    warning: ClassVar[Text] = gettext_lazy(
        "Where they are published, the help centre shows or hides them from this moment."
    )

    def names(self, author: Author) -> dict[Any, str]:
        return {value: str(label) for value, label in Audience.choices}


class SetFolder(Moved):
    name, label, of, form = "folder", gettext_lazy("Move to a folder"), "folder", FolderForm

    def value(self, values: dict[str, Any]) -> Any:
        return check_folder(values["folder"])


class Archive(BulkAction):
    name, label = "archive", gettext_lazy("Archive")
    action = Action.WRITE_LIBRARY
    is_danger = True
    warning: ClassVar[Text] = gettext_lazy("Where they are published they go on, until they are withdrawn there.")

    def preview(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> list[Line]:
        return [self._line(item, why) for item, why in _rows(author, ids, lock=False)]

    def do(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> Done:
        rows = _rows(author, ids, lock=True)
        done = [item for item, why in rows if not why]
        archive_items(done, archived=True, author=author.person, now=author.now)
        return Done([self._line(item, why) for item, why in rows], [item.pk for item in done] or None)

    def undo(self, author: Author, kept: Any) -> list[Line]:
        rows = _rows(author, kept, lock=True, archived=True)
        archive_items([item for item, why in rows if not why], archived=False, author=author.person, now=author.now)
        return [Line(str(item), _("archived"), _("in the list"), why) for item, why in rows]

    def _line(self, item: Item, why: str) -> Line:
        return Line(str(item), _("in the list"), _("archived"), why)


ACTIONS: tuple[BulkAction, ...] = (SetKeeper(), SetReview(), SetAudience(), SetFolder(), Archive())


def _rows(author: Author, ids: Sequence[int], *, lock: bool, archived: bool = False) -> list[tuple[Item, str]]:
    """Each with why it can't be changed, or an empty text. Two queries; what may not be seen is left out."""
    mine = set(writable_items_for(author.caller).filter(pk__in=ids).values_list("pk", flat=True))
    items = chosen_articles(author.caller, ids).select_related("draft_by").order_by("pk")
    if lock:
        items = items.select_for_update(no_key=True, of=("self",))
    found = []
    for item in items:
        why = "" if item.pk in mine else _("Your role does not allow this.")
        if not why and (item.archived_at is not None) != archived:
            why = _("It is archived.") if item.archived_at else _("It is not archived.")
        found.append((item, why))
    return found


def _changed_since(item: Item, revision: int) -> str:
    return "" if item.revision == revision else _("Somebody changed it since.")


class ArticleBulkPage(AdminPage):
    """What is needed, the preview, the result, and the way back."""

    route = "articles/bulk/<slug:action_name>/<slug:token>/"
    name = "articles_bulk"
    title = gettext_lazy("Articles")
    template = "admin/agency/bulk.html"
    action = Action.WRITE_LIBRARY

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        author = self.author(self.action)
        action, run = self._run(kwargs["action_name"], kwargs["token"])
        form = action.make_form(author, run.form_data())
        if form is None and run.state == "open":
            bulk.preview(run, action, author, {})
            bulk.keep(request.session, run)
        return self._page(action, run, form)

    def post(self, request: HttpRequest, action_name: str, token: str) -> HttpResponse:
        author, step = self.author(self.action), request.POST.get("step", "")
        action, run = self._run(action_name, token)
        if step == "preview":
            names = (name for name in request.POST if name not in ("csrfmiddlewaretoken", "step"))
            run.data = {name: request.POST.getlist(name) for name in names}
        form = action.make_form(author, run.form_data())
        if form is not None and not form.is_valid():
            return self._page(action, run, form)
        try:
            self._step(step, action, run, author, form.cleaned_data if form is not None else {})
        except DomainError as refused:
            if form is None or refused.field not in form.fields:
                messages.error(request, str(refused))
                return redirect(request.path)
            form.add_error(refused.field, str(refused))
            return self._page(action, run, form)
        bulk.keep(request.session, run)
        return redirect(request.path)

    def _step(self, step: str, action: BulkAction, run: bulk.Run, author: Author, values: dict[str, Any]) -> None:
        if step == "undo":
            bulk.undo(run, action, author)
        elif step == "do":
            bulk.do(run, action, author, values)
        else:
            bulk.preview(run, action, author, values)

    def _run(self, name: str, token: str) -> tuple[BulkAction, bulk.Run]:
        action = next((one for one in ACTIONS if one.name == name), None)
        if action is None:
            raise NotFound
        return action, bulk.run_of(self.request.session, action, token)

    def _page(self, action: BulkAction, run: bulk.Run, form: forms.Form | None) -> HttpResponse:
        back = reverse("admin:articles")
        crumbs = [{"title": _("Articles"), "link": back}]
        return self.draw(
            {"title": action.label, "bulk": action, "run": run, "form": form, "list_url": back, "crumbs": crumbs}
        )
