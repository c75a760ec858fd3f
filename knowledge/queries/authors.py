"""Who can stand for an agency where nobody in person does."""

from __future__ import annotations

from tenants.models import User
from tenants.models.people import Role


def first_lead(agency_id: int) -> User | None:
    """Who has led the agency longest."""
    leads = User.people.filter(memberships__agency_id=agency_id, memberships__role__in=(Role.OWNER, Role.LEAD))
    return leads.filter(is_active=True).order_by("pk").first()
