"""What the operator reads across agencies. Agencies, people and stores; nothing of what is inside a store."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.db.models import Case, Count, Q, Value, When
from django.utils.translation import gettext_lazy as _

from tenants.models import Agency, ApiToken, DeletionCertificate, Domain, Store, User
from tenants.models.token import digest

PAGE = 50


class Position(models.TextChoices):
    """How far a store's schema has come."""

    AT_HEAD = "at_head", _("at head")
    BEHIND = "behind", _("behind")
    FAILED = "failed", _("migration failed")
    NONE = "none", _("not counted")


class StoreGone(RuntimeError):
    """A job is about a store that is deleted, archived or suspended: it ends as a dead letter, and writes nothing."""


@dataclass(frozen=True)
class StoreLine:
    """A store as the operator sees it: `state` of its life, `position` of its schema, and what is wrong with either."""

    agency: str
    name: str
    slug: str
    state: str
    state_label: str
    state_since: datetime
    position: str
    position_label: str
    at: str
    failure: str

    @property
    def is_troubled(self) -> bool:
        return bool(self.failure) or self.position in (Position.BEHIND, Position.FAILED)


@dataclass(frozen=True)
class FleetState:
    """Counts over every store, and a page of lines. `states`: state → (label, count), where there are any."""

    head: str
    total: int
    positions: dict[str, int]
    states: dict[str, tuple[str, int]]
    lines: list[StoreLine]
    found: int
    page: int
    pages: int

    @property
    def at_head(self) -> int:
        return self.positions[Position.AT_HEAD]

    @property
    def behind(self) -> int:
        return self.positions[Position.BEHIND]

    @property
    def failed(self) -> int:
        return self.positions[Position.FAILED]


def fleet_state(head: str, *, show: str = "", q: str = "", page: int = 1) -> FleetState:
    """Every store of the deployment, the troubled first: where each is in its life, and its schema in its migrations.

    `show` narrows to a position or a state of life, `q` to names; unknown ones find nothing. Three queries.
    """
    stores = Store.objects.annotate(
        position=Case(
            When(
                Q(schema_record__isnull=True) | Q(state__in=(Store.State.ARCHIVED, Store.State.DELETING)),
                then=Value(Position.NONE),
            ),
            When(schema_record__failed_at__isnull=False, then=Value(Position.FAILED)),
            When(schema_record__at=head, then=Value(Position.AT_HEAD)),
            default=Value(Position.BEHIND),
        ),
        trouble=Case(
            When(state=Store.State.FAILED, then=0),
            When(position=Position.FAILED, then=1),
            When(position=Position.BEHIND, then=2),
            When(state=Store.State.OPEN, then=4),
            default=3,
        ),
    )
    counted = list(stores.order_by().values_list("position", "state").annotate(count=Count("pk")))
    found = stores.filter(Q(position=show) | Q(state=show)) if show else stores
    if words := q.replace("\x00", "").strip():
        found = found.filter(Q(name__icontains=words) | Q(slug__icontains=words) | Q(agency__name__icontains=words))
    in_order = found.select_related("agency", "schema_record").order_by("trouble", "agency__name", "name", "pk")
    paged = Paginator(in_order, PAGE).get_page(page)
    return FleetState(
        head=head,
        total=sum(count for _position, _state, count in counted),
        positions={name: sum(c for position, _state, c in counted if position == name) for name in Position.values},
        states={
            state.value: (str(state.label), number)
            for state in Store.State
            if (number := sum(count for _position, name, count in counted if name == state))
        },
        lines=[_line(store) for store in paged],
        found=paged.paginator.count,
        page=paged.number,
        pages=paged.paginator.num_pages,
    )


def _line(store: Any) -> StoreLine:
    record = getattr(store, "schema_record", None)
    return StoreLine(
        agency=store.agency.name,
        name=store.name,
        slug=store.slug,
        state=store.state,
        state_label=str(Store.State(store.state).label),
        state_since=store.state_since,
        position=store.position,
        position_label=str(Position(store.position).label),
        at=record.at if record else "",
        failure=store.failure or (record.failure if record else ""),
    )


def agency_by_slug(slug: str) -> Agency | None:
    return Agency.objects.filter(slug=slug).first()


def agencies(slug: str = "") -> list[Agency]:
    """All, or the one; by their slugs."""
    return list(Agency.objects.filter(**({"slug": slug} if slug else {})).order_by("slug"))


def store_by_slug(slug: str) -> Store | None:
    """Any store, open or not: for the operator's commands. Everybody else asks tenants.access."""
    return Store.objects.filter(slug=slug).first()


def person_by_email(email: str) -> User | None:
    return User.people.filter(email=email.lower()).first()


def person_by_id(pk: int) -> User | None:
    return User.people.filter(pk=pk).first()


def store_by_id(pk: int) -> Store:
    """An open store, for jobs. Raises StoreGone."""
    store = Store.objects.filter(pk=pk).first()
    if store is None or store.state != Store.State.OPEN:
        raise StoreGone(f"store {pk} is {store.state}" if store else f"there is no store {pk}")
    return store


def host_of_store(store: Store) -> str:
    """The host that leads to the store; empty where none does. One query."""
    return str(Domain.objects.filter(tenant=store).order_by("pk").values_list("domain", flat=True).first() or "")


def store_slugs(pks: Collection[int]) -> dict[int, str]:
    """id → short name, of those that exist."""
    return dict(Store.objects.filter(pk__in=pks).values_list("pk", "slug"))


def certificate_of(slug: str) -> DeletionCertificate | None:
    """The latest certificate of a store that had this short name and is deleted."""
    done = DeletionCertificate.objects.filter(slug=slug, deleted_at__isnull=False)
    return done.order_by("-deleted_at").first()


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
