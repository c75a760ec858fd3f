"""open_store: a new store for an agency, from its row to its host."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid
from tenants.fleet.provision import provision
from tenants.models import Agency, Domain, Store
from tenants.models.store import BANDS

# Names that would be taken for something else in an address.
RESERVED = frozenset(
    {"www", "admin", "api", "public", "static", "mail", "operator", "desk", "help", "status", "localhost"}
)


def open_store(
    agency: Agency, *, slug: str, name: str, marketplace: str, time_zone: str, now: datetime, host: str = ""
) -> Store:
    """Opens a store: row, schema, tables, and its host last. Returns it as OPEN or FAILED; see `Store.failure`.

    A failed opening is taken up again by calling this with the same slug for the same agency; what stands is kept.
    Raises Invalid with the field at fault.
    """
    host = (host or f"{slug}.{settings.BASE_HOST}").lower()
    with transaction.atomic():
        store = _request(agency, slug, name, marketplace, time_zone, host, now)
    return provision(store, host=host, now=now)


def _request(agency: Agency, slug: str, name: str, marketplace: str, time_zone: str, host: str, now: datetime) -> Store:
    store = Store.objects.select_for_update().filter(slug=slug).first()
    if store and (store.agency_id != agency.pk or store.state == Store.State.OPEN):
        raise Invalid(_("A store with this short name exists."), field="slug")
    if slug in RESERVED or Agency.objects.filter(slug=slug).exists():
        raise Invalid(_("This short name is taken."), field="slug")
    if marketplace not in Store.Marketplace.values:
        raise Invalid(_("There is no such marketplace."), field="marketplace")
    if Domain.objects.filter(domain=host).exclude(tenant=store).exists() or host == settings.BASE_HOST:
        raise Invalid(_("This host is taken."), field="host")
    if store is None:
        store = Store(agency=agency, slug=slug, band=Store.objects.filter(agency=agency).count() % BANDS)
        store.state, store.state_since = Store.State.REQUESTED, now
    store.name, store.marketplace, store.time_zone = name, marketplace, time_zone
    store.full_clean(exclude=["failure"])
    store.save()
    return store
