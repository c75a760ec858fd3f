"""People: who works for the agency, in which role and for which stores; asked in by e-mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import display, register
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from tenants.access import Action, Caller, Member, member_of
from tenants.actions.change_member import change_member, remove_member
from tenants.actions.invite_person import invite_person
from tenants.admin.people_bulk import AskAgain, GiveStores, TakeStores
from tenants.admin.tables import PeopleTable
from tenants.admin_site.author import Author
from tenants.admin_site.base import AgencyForm, AgencyModelAdmin
from tenants.admin_site.chooser import Chooser, ChooserField, add_chooser
from tenants.admin_site.entries import Found, NavEntry, Section, add_nav, add_search
from tenants.admin_site.site import site, the_member
from tenants.invitation import send_invitation
from tenants.models import Membership
from tenants.models.people import Role
from tenants.queries.people import (
    account_of,
    agents_of,
    find_people,
    members_of,
    memberships_of,
    name_and_email,
    search_people,
)

add_nav(
    NavEntry(
        Section.PEOPLE,
        gettext_lazy("People"),
        "admin:tenants_membership_changelist",
        Action.STAFF,
        icon="badge",
        order=10,
    )
)


class RoleForm(AgencyForm):
    class Meta:
        model = Membership
        fields = ("role",)


class InvitationForm(AgencyForm):
    email = forms.EmailField(label=gettext_lazy("e-mail"), widget=UnfoldAdminEmailInputWidget)
    name = forms.CharField(
        label=pgettext_lazy("of a person", "name"), required=False, max_length=80, widget=UnfoldAdminTextInputWidget
    )
    stores = ChooserField(
        "stores",
        required=False,
        label=gettext_lazy("stores"),
        help_text=gettext_lazy("For agents. Owners and leads have every store."),
    )
    alias = forms.CharField(
        label=gettext_lazy("alias"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The name that buyers and the seller see. Empty: the store's own name."),
    )

    class Meta:
        model = Membership
        fields = ("role",)


@register(Membership, site=site)
class PeopleAdmin(AgencyModelAdmin):
    read = write = Action.STAFF
    table = PeopleTable()
    bulk = (GiveStores(), TakeStores(), AskAgain())
    list_display = ("person", "email", "role_label", "stores", "teams", "last_seen")
    list_filter = ("role",)
    search_fields = ("user__name", "user__email")

    def rows(self, agency_id: int) -> QuerySet[Membership]:
        return memberships_of(agency_id)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("email", "name", "role", "stores", "alias") if obj is None else ("role",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change, form=RoleForm if change else InvitationForm, **kwargs)
        member = the_member(request)
        if "role" in made.base_fields:
            made.base_fields["role"].choices = _roles(member)
            made.base_fields["role"].initial = Role.AGENT
        return made

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or _in_reach(the_member(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or _in_reach(the_member(request), obj))

    def create(self, author: Author, values: dict[str, Any]) -> Membership:
        invited = invite_person(
            author.agency_id,
            email=values["email"],
            name=values["name"],
            role=values["role"],
            stores=[store.pk for store in values["stores"]],
            alias=values["alias"],
            by=author.person,
            now=author.now,
        )
        return invited.member

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        caller: Caller = request.caller  # type: ignore[attr-defined]
        if not send_invitation(caller.place, account_of(obj.user_id), by=caller.person):
            messages.warning(request, _("The invitation could not be sent by e-mail. Ask again later from the list."))
        return super().response_add(request, obj, post_url_continue)

    def change(self, author: Author, row: Membership, values: dict[str, Any]) -> None:
        change_member(row, role=values["role"], by=author.person, now=author.now)

    def remove(self, author: Author, row: Membership) -> None:
        remove_member(row, by=author.person, now=author.now)

    @display(description=pgettext_lazy("of a person", "name"), ordering="called")
    def person(self, row: Any) -> str:
        return str(row.user)

    @display(description=gettext_lazy("e-mail"), ordering="user__email")
    def email(self, row: Any) -> str:
        return str(row.user.email)

    @display(description=gettext_lazy("role"), ordering="role")
    def role_label(self, row: Any) -> str:
        return str(row.get_role_display())

    @display(description=gettext_lazy("stores"), ordering="store_count")
    def stores(self, row: Any) -> str:
        return str(row.store_count) if row.role == Role.AGENT else _("every store")

    @display(description=gettext_lazy("teams"), ordering="team_names")
    def teams(self, row: Any) -> str:
        return str(row.team_names)

    @display(description=gettext_lazy("last signed in"), ordering="user__last_login", empty_value="–")
    def last_seen(self, row: Any) -> Any:
        return row.user.last_login


def _roles(member: Member) -> list[tuple[str, str]]:
    """Those that this member may give."""
    roles = (Role.AGENT, Role.LEAD, Role.OWNER) if member.may(Action.APPOINT) else (Role.AGENT,)
    return [(str(role), str(role.label)) for role in roles]


def _in_reach(member: Member, row: Membership) -> bool:
    return member.may(Action.APPOINT) or row.role == Role.AGENT


def _found(words: str, caller: Caller) -> list[Found]:
    member = member_of(caller)
    if member is None:
        return []
    kind = gettext_lazy("person")
    return [
        Found(f"{name} · {email}", site.address(Membership, "change", pk), kind)
        for pk, name, email in find_people(words, member.agency_id)
    ]


add_search(_found, Action.STAFF)
add_chooser("people", Chooser(members_of, search_people, Action.STAFF, label=name_and_email))
add_chooser("agents", Chooser(agents_of, search_people, Action.STAFF, label=name_and_email))
