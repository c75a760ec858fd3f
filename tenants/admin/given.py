"""Who has which store, and under what name they answer there."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import register
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.access import Action
from tenants.actions.give_stores import set_alias, take_stores
from tenants.admin.tables import GivenTable
from tenants.admin_site.author import Author
from tenants.admin_site.base import AgencyForm, AgencyModelAdmin
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.site import site
from tenants.models import Assignment
from tenants.models.people import Role
from tenants.queries.people import given_stores

add_nav(
    NavEntry(
        Section.PEOPLE,
        _("Who has which store"),
        "admin:tenants_assignment_changelist",
        Action.STAFF,
        icon="assignment_ind",
        order=30,
    )
)


class AliasForm(AgencyForm):
    class Meta:
        model = Assignment
        fields = ("alias",)


@register(Assignment, site=site)
class GivenAdmin(AgencyModelAdmin):
    read = write = Action.STAFF
    can_add = False
    table = GivenTable()
    form = AliasForm
    fields = ("alias",)
    list_display = ("store", "user", "role", "alias")
    list_filter = ("role",)
    search_fields = ("user__name", "user__email", "store__name", "store__slug", "alias")
    ordering = ("store__name", "user__name")

    def rows(self, agency_id: int) -> QuerySet[Assignment]:
        return given_stores(agency_id)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.role == Role.AGENT)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.role == Role.AGENT)

    def change(self, author: Author, row: Assignment, values: dict[str, Any]) -> None:
        set_alias(row, alias=values["alias"], by=author.person, now=author.now)

    def remove(self, author: Author, row: Assignment) -> None:
        take_stores(author.agency_id, pairs=[(row.user_id, row.store_id)], by=author.person, now=author.now)
