"""make_team, change_team, remove_team: who shares what in an agency."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actions.log_change import log_change
from tenants.errors import Conflict, Invalid
from tenants.models import Membership, Team, TeamMember, User

MOST_LETTERS = 60


@transaction.atomic
def make_team(agency_id: int, *, name: str, members: Collection[int], by: User, now: datetime) -> Team:
    """The new team with these people, by their ids. Raises Invalid, or Conflict where there is one of this name."""
    team = Team(agency_id=agency_id, name=_checked(agency_id, name, but=None))
    team.save()
    names = _put(team, members)
    log_change(team, agency_id=agency_id, by=by, now=now, after={"name": team.name, "members": names})
    return team


@transaction.atomic
def change_team(team: Team, *, name: str, members: Collection[int], by: User, now: datetime) -> Team:
    """The team by this name, with these people and no others. Raises Invalid, Conflict."""
    before = {"name": team.name, "members": _names(team)}
    team.name = _checked(team.agency_id, name, but=team.pk)
    team.save(update_fields=["name"])
    after = {"name": team.name, "members": _put(team, members)}
    log_change(team, agency_id=team.agency_id, by=by, now=now, before=before, after=after)
    return team


@transaction.atomic
def remove_team(team: Team, *, by: User, now: datetime) -> None:
    """What was shared with the team is shared with nobody then."""
    before = {"name": team.name, "members": _names(team)}
    log_change(team, agency_id=team.agency_id, by=by, now=now, before=before)
    TeamMember.objects.filter(team=team).delete()
    Team.objects.filter(pk=team.pk).delete()


def _checked(agency_id: int, name: str, *, but: int | None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MOST_LETTERS or not name.isprintable():
        raise Invalid(_("One line of at most %(most)d letters is needed here.") % {"most": MOST_LETTERS}, field="name")
    if Team.objects.filter(agency_id=agency_id, name__iexact=name).exclude(pk=but or 0).exists():
        raise Conflict(_("There is a team of this name already."), field="name")
    return name


def _put(team: Team, members: Collection[int]) -> list[str]:
    """Their names. Raises Invalid where one does not work for the agency."""
    wanted = set(members)
    known = set(
        Membership.objects.filter(agency_id=team.agency_id, user_id__in=wanted).values_list("user_id", flat=True)
    )
    if wanted - known:
        raise Invalid(_("Somebody of these does not work here."), field="members")
    TeamMember.objects.filter(team=team).exclude(user_id__in=wanted).delete()
    has = set(TeamMember.objects.filter(team=team).values_list("user_id", flat=True))
    TeamMember.objects.bulk_create(
        TeamMember(agency_id=team.agency_id, team=team, user_id=user) for user in sorted(wanted - has)
    )
    return _names(team)


def _names(team: Team) -> list[str]:
    return [str(user) for user in User.people.filter(team_memberships__team=team).order_by("name", "email")]
