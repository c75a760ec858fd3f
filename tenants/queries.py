"""What the operator reads across agencies. Agencies, people and stores; nothing of what is inside a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenants.models import Agency, ApiToken, Store, User
from tenants.models.token import digest


@dataclass(frozen=True)
class StoreLine:
    agency: str
    name: str
    slug: str
    state: str
    state_label: str
    state_since: datetime
    failure: str


def stores_by_state() -> list[StoreLine]:
    """Every store of the deployment, the troubled first. One query."""
    stores = Store.objects.select_related("agency").order_by("agency__name", "name")
    lines = [
        StoreLine(
            agency=store.agency.name,
            name=store.name,
            slug=store.slug,
            state=store.state,
            state_label=str(Store.State(store.state).label),
            state_since=store.state_since,
            failure=store.failure,
        )
        for store in stores
    ]
    return sorted(lines, key=lambda line: line.state == Store.State.OPEN)


def agency_by_slug(slug: str) -> Agency | None:
    return Agency.objects.filter(slug=slug).first()


def store_by_slug(slug: str) -> Store | None:
    """Any store, open or not: for the operator's commands. Everybody else asks tenants.access."""
    return Store.objects.filter(slug=slug).first()


def person_by_email(email: str) -> User | None:
    return User.objects.filter(email=email.lower()).first()


def person_by_id(pk: int) -> User | None:
    return User.objects.filter(pk=pk).first()


def store_by_id(pk: int) -> Store | None:
    """An open store, for jobs."""
    return Store.objects.filter(pk=pk, state=Store.State.OPEN).first()


# Written out, because it runs in every call of the API. A token of somebody who was disabled is no token.
_TOKEN_OF = """
SELECT token.*, person.email AS person_email, person.name AS person_name
FROM tenants_apitoken token JOIN tenants_user person ON person.id = token.person_id AND person.is_active
WHERE token.digest = %s
"""  # noqa: S105


def token_of(secret: str) -> ApiToken | None:
    """The token with this secret, expired and revoked ones too, with its person. One query."""
    token: Any = next(iter(ApiToken.objects.raw(_TOKEN_OF, [digest(secret)])), None)
    if token is not None:
        token.person = User(pk=token.person_id, email=token.person_email, name=token.person_name)
    return token


def tokens_of(person: User, prefix: str) -> list[ApiToken]:
    """The person's live tokens whose prefix begins so."""
    return list(ApiToken.objects.filter(person=person, prefix__startswith=prefix, revoked_at__isnull=True))
