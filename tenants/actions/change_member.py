"""change_member and remove_member: what somebody is to the agency, and that they are nothing to it any more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tenants.actions.log_change import log_change
from tenants.actions.staff import check_role, require_another, require_power
from tenants.models import Assignment, Membership, TeamMember, User
from tenants.models.people import Role


@transaction.atomic
def change_member(member: Membership, *, role: str, by: User, now: datetime) -> Membership:
    """The member in this role. Who becomes an owner or a lead has every store, and is given none by name.

    Raises Invalid, OnlyOwners, NotYourself, LastOwner.
    """
    check_role(role)
    if role == member.role:
        return member
    require_power(by, member.agency_id, member.role, role)
    require_another(member, by=by)
    before = {"role": member.role}
    member.role = role
    member.save(update_fields=["role"])
    log_change(member, agency_id=member.agency_id, by=by, now=now, before=before, after={"role": role})
    return member


@transaction.atomic
def remove_member(member: Membership, *, by: User, now: datetime) -> None:
    """From the next request on they see nothing of the agency. Their account, and what they wrote, stay.

    Raises OnlyOwners, NotYourself, LastOwner.
    """
    require_power(by, member.agency_id, member.role)
    require_another(member, by=by)
    given = Assignment.objects.filter(
        user_id=member.user_id, store__agency_id=member.agency_id, role=Role.AGENT
    ).order_by("store__name")
    before = {
        "email": member.user.email,
        "role": member.role,
        "stores": list(given.values_list("store__name", flat=True)),
    }
    log_change(member, agency_id=member.agency_id, by=by, now=now, before=before, title=str(member.user))
    given.order_by().delete()
    TeamMember.objects.filter(agency_id=member.agency_id, user_id=member.user_id).delete()
    Membership.objects.filter(pk=member.pk).delete()
