"""Teams: who shares quick replies and the like."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import display, register
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.access import Action
from tenants.actions.set_team import change_team, make_team, remove_team
from tenants.admin_site.author import Author
from tenants.admin_site.base import AgencyForm, AgencyModelAdmin
from tenants.admin_site.chooser import ChooserField
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.site import site
from tenants.models import Team
from tenants.queries.people import team_member_ids, teams_of

add_nav(NavEntry(Section.PEOPLE, _("Teams"), "admin:tenants_team_changelist", Action.STAFF, icon="groups", order=20))


class TeamForm(AgencyForm):
    members = ChooserField("people", required=False, label=_("people"))

    class Meta:
        model = Team
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["members"] = team_member_ids(self.instance)


@register(Team, site=site)
class TeamAdmin(AgencyModelAdmin):
    read = write = Action.STAFF
    form = TeamForm
    fields = ("name", "members")
    list_display = ("name", "size")
    search_fields = ("name", "members__user__name", "members__user__email")

    def rows(self, agency_id: int) -> QuerySet[Team]:
        return teams_of(agency_id)

    def create(self, author: Author, values: dict[str, Any]) -> Team:
        return make_team(author.agency_id, name=values["name"], members=_ids(values), by=author.person, now=author.now)

    def change(self, author: Author, row: Team, values: dict[str, Any]) -> None:
        change_team(row, name=values["name"], members=_ids(values), by=author.person, now=author.now)

    def remove(self, author: Author, row: Team) -> None:
        remove_team(row, by=author.person, now=author.now)

    @display(description=_("people"), ordering="size")
    def size(self, team: Any) -> int:
        return int(team.size)


def _ids(values: dict[str, Any]) -> list[int]:
    return [user.pk for user in values["members"]]
