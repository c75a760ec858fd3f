"""A host names the operator, an agency or a store. Nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db import connection

SESSION_HOST = "host"  # where a session keeps the host that it was made on


class Kind(StrEnum):
    OPERATOR = "operator"
    AGENCY = "agency"
    STORE = "store"


@dataclass(frozen=True)
class Place:
    """Where a request came in. It says which stores can be meant here, not that the caller may see them."""

    kind: Kind
    host: str
    name: str = "Deskfleet"
    agency_id: int | None = None
    store_id: int | None = None
    band: int | None = None  # a store's colour


def bare_host(host: str) -> str:
    """`North.Example.COM.:8000` → `north.example.com`."""
    return host.rsplit(":", 1)[0].lower().rstrip(".") if not host.endswith("]") else host


# Written out, because it runs before anything else in every request.
_PLACE = """
SELECT agency.name, agency.id, store.id, store.name, store.band
FROM tenants_domain domain
LEFT JOIN tenants_store store ON store.id = domain.tenant_id
JOIN tenants_agency agency ON agency.id = coalesce(domain.agency_id, store.agency_id)
WHERE domain.domain = %s AND agency.is_active AND (store.id IS NULL OR store.state = 'open')
"""


def place_of(host: str) -> Place | None:
    """The place that a bare host names, or None: unknown, suspended, or not open yet. One query."""
    if "\x00" in host:
        return None
    if host == settings.BASE_HOST:
        return Place(Kind.OPERATOR, host)
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [host])
        found = cursor.fetchone()
    if found is None:
        return None
    agency, agency_id, store_id, store, band = found
    if store_id is None:
        return Place(Kind.AGENCY, host, agency, agency_id)
    return Place(Kind.STORE, host, store, agency_id, store_id, band)


def url_of(host: str, path: str = "/") -> str:
    """The address of a host of ours as a browser would write it."""
    if settings.HTTPS:
        return f"https://{host}{path}"
    return f"http://{host}:{settings.PORT}{path}"
