"""Stores: every one of the agency, with its colour, its time and its people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.admin import display, register
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelect2Widget

from tenants.access import Action, Caller, member_of
from tenants.actions.give_stores import give_stores, take_stores
from tenants.actions.set_store import set_store
from tenants.admin.tables import StoresTable
from tenants.admin_site.author import Author
from tenants.admin_site.base import AgencyForm, AgencyModelAdmin
from tenants.admin_site.bulk import BulkAction, Done, Line
from tenants.admin_site.chooser import Chooser, ChooserField, add_chooser
from tenants.admin_site.entries import Found, NavEntry, Section, add_nav, add_search
from tenants.admin_site.site import site
from tenants.models import Store
from tenants.queries.people import agency_stores, find_stores, search_stores

add_nav(
    NavEntry(
        Section.PEOPLE,
        gettext_lazy("Stores"),
        "admin:tenants_store_changelist",
        Action.SET_STORE,
        icon="storefront",
        order=40,
    )
)
BANDS = (
    gettext_lazy("rose"),
    gettext_lazy("teal"),
    gettext_lazy("violet"),
    gettext_lazy("amber"),
    gettext_lazy("green"),
    gettext_lazy("blue"),
    gettext_lazy("olive"),
    gettext_lazy("indigo"),
)


class StoreForm(AgencyForm):
    band = forms.TypedChoiceField(
        label=gettext_lazy("colour"),
        coerce=int,
        choices=list(enumerate(BANDS)),
        widget=UnfoldAdminSelect2Widget,
        help_text=gettext_lazy("What the desk paints beside everything that is this store's."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("time zone"),
        choices=[(name, name) for name in sorted(available_timezones())],
        widget=UnfoldAdminSelect2Widget,
    )

    class Meta:
        model = Store
        fields = ("name", "band", "time_zone")


class PeopleForm(forms.Form):
    people = ChooserField("agents", label=gettext_lazy("agents"))
    alias = forms.CharField(
        label=gettext_lazy("alias"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("The name that buyers and the seller see. Empty: the store's own name."),
    )


class GivePeople(BulkAction):
    name = "give"
    label = gettext_lazy("Give to agents")
    form = PeopleForm
    action = Action.STAFF

    def preview(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> list[Line]:
        names = ", ".join(str(person) for person in values["people"])
        said = _("agents: %(count)d")
        return [
            Line(store.name, said % {"count": store.people_count}, f"+ {names}")
            for store in agency_stores(author.agency_id).filter(pk__in=ids)
        ]

    def do(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> Done:
        lines = self.preview(author, ids, values)
        people = [person.pk for person in values["people"]]
        new = give_stores(
            author.agency_id, people=people, stores=ids, alias=values["alias"], by=author.person, now=author.now
        )
        return Done(lines, undo=new)

    def undo(self, author: Author, kept: Any) -> list[Line]:
        taken = take_stores(
            author.agency_id, pairs=[(person, store) for person, store in kept], by=author.person, now=author.now
        )
        return [Line(_("Stores of people"), after=_("%(count)d put back") % {"count": len(taken)})]


@register(Store, site=site)
class StoreAdmin(AgencyModelAdmin):
    read = write = Action.SET_STORE
    can_add = can_delete = False
    bulk = (GivePeople(),)
    table = StoresTable()
    form = StoreForm
    fields = ("name", "band", "time_zone")
    list_display = ("shown_name", "short_name", "marketplace", "state", "people_count", "time_zone")
    list_filter = ("marketplace", "state")
    search_fields = ("name", "slug")
    ordering = ("name",)

    def rows(self, agency_id: int) -> QuerySet[Store]:
        return agency_stores(agency_id)

    def change(self, author: Author, row: Store, values: dict[str, Any]) -> None:
        set_store(
            row,
            name=values["name"],
            band=values["band"],
            time_zone=values["time_zone"],
            by=author.person,
            now=author.now,
        )

    @display(description=gettext_lazy("name"), ordering="name")
    def shown_name(self, store: Any) -> str:
        return format_html('<span class="store band-{}">{}</span>', store.band, store.name)

    @display(description=gettext_lazy("short name"), ordering="slug")
    def short_name(self, store: Any) -> str:
        return str(store.slug)

    @display(description=gettext_lazy("agents"), ordering="people_count")
    def people_count(self, store: Any) -> int:
        return int(store.people_count)


def _found(words: str, caller: Caller) -> list[Found]:
    member = member_of(caller)
    if member is None:
        return []
    kind = gettext_lazy("store")
    return [Found(name, site.address(Store, "change", pk), kind) for pk, name in find_stores(words, member.agency_id)]


add_search(_found, Action.SET_STORE)
add_chooser("stores", Chooser(agency_stores, search_stores, Action.STAFF))
