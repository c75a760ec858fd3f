"""The readers of tenants: what doors and floors above may know of agencies, people, stores and their history."""

from tenants.queries.fleet import (
    FleetState,
    StoreGone,
    agency_by_slug,
    certificate_of,
    fleet_state,
    host_of_store,
    person_by_email,
    person_by_id,
    store_by_id,
    store_by_slug,
    store_slugs,
    token_of,
    tokens_of,
)

__all__ = [
    "FleetState",
    "StoreGone",
    "agency_by_slug",
    "certificate_of",
    "fleet_state",
    "host_of_store",
    "person_by_email",
    "person_by_id",
    "store_by_id",
    "store_by_slug",
    "store_slugs",
    "token_of",
    "tokens_of",
]
