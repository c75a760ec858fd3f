"""An agency with a lead and a token that may write. For processes that have Django set up and stand as the operator."""

from __future__ import annotations

from benchmarks.deployment import HOST
from tenants.actions.issue_token import issue_token
from tenants.models import Agency, Domain, Membership, User


def make_agency() -> tuple[Agency, str]:
    """The agency at HOST, and the token's secret."""
    agency = Agency.objects.create(slug="north", name="North")
    Domain.objects.create(domain=HOST, agency=agency)
    lead = User.objects.create_user("lead@example.com", "benchmark-only-1", name="Lead")
    Membership.objects.create(user=lead, agency=agency, role="lead")
    _row, secret = issue_token(lead, name="bench", scope="write", agency=agency)
    return agency, secret
