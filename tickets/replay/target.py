"""Where a replay goes: the store, its agency's host, and a token for as long as the run takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, When
from django.utils import timezone

from tenants.actions.issue_token import issue_token, revoke_token
from tenants.models import Agency, ApiToken, Domain, Membership, Store, User
from tenants.models.people import Role
from tickets.replay.errors import ReplayError

# What remains of a run that was killed opens nothing from the next day on.
TOKEN_LASTS = timedelta(days=1)


@dataclass(frozen=True)
class Target:
    store: str
    host: str
    agency: Agency
    lead: User


def find_target(slug: str) -> Target:
    """The open store of this slug. Raises ReplayError for one that is not there, not open, or has nobody to answer."""
    store = Store.objects.select_related("agency").filter(slug=slug).first()
    if store is None:
        raise ReplayError(f"There is no store {slug!r}.")
    if store.state != Store.State.OPEN or not store.agency.is_active:
        raise ReplayError(f"The store {slug!r} is not open.")
    domain = Domain.objects.filter(agency=store.agency).order_by("pk").first()
    if domain is None:
        raise ReplayError(f"The agency {store.agency.slug!r} has no host.")
    return Target(slug, domain.domain, store.agency, _lead_of(store.agency))


def _lead_of(agency: Agency) -> User:
    members = Membership.objects.filter(agency=agency, role__in=[Role.OWNER, Role.LEAD], user__is_active=True)
    owners_first = members.order_by(Case(When(role=Role.OWNER, then=0), default=1), "pk")
    member = owners_first.select_related("user").first()
    if member is None:
        raise ReplayError(f"The agency {agency.slug!r} has no owner or lead in whose name to answer.")
    return member.user


@contextmanager
def token_for(target: Target) -> Iterator[str]:
    """A token in the lead's name; revoked on the way out, whatever ended the run."""
    now = timezone.now()
    token, secret = issue_token(
        target.lead, name="replay", scope=ApiToken.Scope.WRITE, agency=target.agency, expires_at=now + TOKEN_LASTS
    )
    try:
        yield secret
    finally:
        revoke_token(token, now=timezone.now())
