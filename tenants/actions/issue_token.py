"""issue_token and revoke_token: keys for integrators."""

from __future__ import annotations

from datetime import datetime

from tenants.models import Agency, ApiToken, Store, User
from tenants.models.token import digest, new_secret


def issue_token(
    person: User,
    *,
    name: str,
    scope: str,
    agency: Agency | None = None,
    store: Store | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is shown this once: only its hash is kept."""
    secret = new_secret()
    token = ApiToken.objects.create(
        name=name,
        prefix=secret[:8],
        digest=digest(secret),
        person=person,
        agency=agency,
        store=store,
        scope=scope,
        expires_at=expires_at,
    )
    return token, secret


def revoke_token(token: ApiToken, *, now: datetime) -> None:
    """From the next request on, the token opens nothing. Revoking twice changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)


def note_use(token: ApiToken, *, now: datetime) -> None:
    """Remembers that the token is alive. Called once an hour: a busy token must not be a hot row."""
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def revoke_named(agency: Agency, name: str, *, now: datetime) -> None:
    """Ends every live token of the agency that was given this name."""
    ApiToken.objects.filter(agency=agency, name=name, revoked_at__isnull=True).update(revoked_at=now)
