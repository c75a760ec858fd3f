"""What the operator reads across agencies. Agencies, people and stores; nothing of what is inside a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tenants.models import Agency, ApiToken, Store, User


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


def tokens_of(person: User, prefix: str) -> list[ApiToken]:
    """The person's live tokens whose prefix begins so."""
    return list(ApiToken.objects.filter(person=person, prefix__startswith=prefix, revoked_at__isnull=True))
