"""A field for choosing some of thousands: words are typed, what is found is ticked, and all that is found can be taken.

An app says once what can be chosen (`add_chooser`); its forms have a `ChooserField` of that name. The page bears only
what is chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import reverse

from tenants.access import Action
from tenants.admin_site.site import site, the_member
from tenants.errors import NotFound

SHOWN: Final = 20
TAKEN: Final = 500  # as many can be taken at once


@dataclass(frozen=True)
class Chooser:
    """`rows(agency_id)` is all that can be chosen, `search(rows, words)` narrows it, `label` is what one is called."""

    rows: Callable[[int], QuerySet[Any]]
    search: Callable[[QuerySet[Any], str], QuerySet[Any]]
    action: Action
    label: Callable[[Any], str] = str


_choosers: dict[str, Chooser] = {}


def add_chooser(name: str, chooser: Chooser) -> None:
    _choosers[name] = chooser


def choose(request: HttpRequest, name: str) -> JsonResponse:
    """{"found": how many, "options": [[id, label], …]}: the first SHOWN for the words `q`, or TAKEN with `all`."""
    chooser, member = _choosers.get(name), the_member(request)
    if chooser is None:
        raise NotFound
    member.require(chooser.action)
    words = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:80]
    rows = chooser.rows(member.agency_id)
    rows = chooser.search(rows, words) if words else rows
    most = TAKEN if "all" in request.GET else SHOWN
    options = [[row.pk, chooser.label(row)] for row in rows[:most]]
    return JsonResponse({"found": rows.count() if len(options) == most else len(options), "options": options})


site.add_page("choose/<slug:name>/", choose, "choose")


class ChooserWidget(forms.SelectMultiple):
    template_name = "tenants/widgets/chooser.html"

    class Media:
        js = [forms.Script("js/chooser.js", type="module")]

    def __init__(self, chooser: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.chooser = chooser

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Without the options of a select, which would be all rows there are."""
        choices: Any = self.choices
        rows = choices.queryset
        ids = [one for one in value or [] if str(one).isdecimal()]
        label = _choosers[self.chooser].label
        return {
            "widget": {
                "name": name,
                "attrs": self.build_attrs(self.attrs, attrs),
                "chosen": [(row.pk, label(row)) for row in rows.filter(pk__in=ids)] if ids else [],
                "url": reverse("admin:choose", args=[self.chooser]),
                "template_name": self.template_name,
            }
        }


class ChooserField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # no subscript at runtime
    """Some rows of a chooser; `of(agency_id)` must be called before it is used."""

    def __init__(self, chooser: str, **kwargs: Any) -> None:
        self.chooser = chooser
        super().__init__(queryset=None, widget=ChooserWidget(chooser), **kwargs)

    def of(self, agency_id: int) -> None:
        self.queryset = _choosers[self.chooser].rows(agency_id)


def open_choosers(fields: dict[str, forms.Field], agency_id: int) -> None:
    """For this agency, all of a form's."""
    for field in fields.values():
        if isinstance(field, ChooserField):
            field.of(agency_id)
