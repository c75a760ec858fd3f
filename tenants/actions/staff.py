"""Who may change whom: an owner everybody, a lead agents alone, nobody themself, and the last owner stays."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.errors import Conflict, Forbidden, Invalid
from tenants.models import Membership, User
from tenants.models.people import Role


class LastOwner(Conflict):
    code = "last_owner"
    message = _("An agency keeps at least one owner. Make somebody else an owner first.")


class OnlyOwners(Forbidden):
    code = "owners_only"
    message = _("Only an owner decides who is an owner or a lead.")


class NotYourself(Conflict):
    code = "not_yourself"
    message = _("Somebody else must do this for you.")


def require_power(by: User, agency_id: int, *roles: str) -> None:
    """Raises OnlyOwners where one of these roles is more than an agent, and `by` is no owner. One query."""
    own = role_of(by, agency_id)
    if own not in (Role.OWNER, Role.LEAD) or (own == Role.LEAD and any(role != Role.AGENT for role in roles)):
        raise OnlyOwners(field="role")


def require_another(member: Membership, *, by: User) -> None:
    """Raises NotYourself for one's own membership, LastOwner for that of the only owner."""
    if member.user_id == by.pk:
        raise NotYourself
    if member.role == Role.OWNER:
        owners = Membership.objects.filter(agency_id=member.agency_id, role=Role.OWNER, user__is_active=True)
        if not owners.exclude(pk=member.pk).exists():
            raise LastOwner


def role_of(person: User, agency_id: int) -> str:
    """What the person is to the agency, empty for nothing."""
    found = Membership.objects.filter(user=person, agency_id=agency_id).values_list("role", flat=True).first()
    return str(found or "")


def check_role(role: str) -> None:
    """Raises Invalid for what no member of an agency can be."""
    if role not in (Role.OWNER, Role.LEAD, Role.AGENT):
        raise Invalid(field="role")
