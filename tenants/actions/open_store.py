"""open_store: a new store for an agency, from its row to its host."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid
from tenants.fleet.provision import provision
from tenants.models import Agency, Domain, Store
from tenants.models.store import BANDS

# Names that would be taken for something else in an address.
RESERVED = frozenset(
    {
        "www",
        "admin",
        "api",
        "app",
        "public",
        "static",
        "media",
        "files",
        "mail",
        "smtp",
        "imap",
        "ftp",
        "ns1",
        "ns2",
        "operator",
        "agency",
        "store",
        "stores",
        "desk",
        "widget",
        "chat",
        "ws",
        "hooks",
        "health",
        "status",
        "login",
        "accounts",
        "help",
        "support",
        "docs",
        "test",
        "demo",
        "localhost",
        "template",
        "deskfleet",
    }
)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
_HOST = re.compile(rf"\A{_LABEL}(?:\.{_LABEL})*\Z")
# What an opening may be taken up from. A suspended store is opened by lifting the suspension.
UNFINISHED = (Store.State.REQUESTED, Store.State.TABLES_MADE, Store.State.FAILED)


def open_store(
    agency: Agency, *, slug: str, name: str, marketplace: str, time_zone: str, now: datetime, host: str = ""
) -> Store:
    """Opens a store: row, schema, tables, and its host last. Returns it as OPEN or FAILED; see `Store.failure`.

    A failed opening is taken up again by calling this with the same slug for the same agency; what stands is kept.
    Raises Invalid with the field at fault, and has then written nothing.
    """
    host = host_of(slug, host)
    check_wishes(slug, name, marketplace, time_zone, host)
    try:
        with transaction.atomic():
            store = find_or_new(agency, slug, host)
            if store.pk is None:
                store.band = Store.objects.filter(agency=agency).count() % BANDS
                store.name, store.state, store.state_since = name, Store.State.REQUESTED, now
                store.save()
    except IntegrityError as error:  # somebody asked for the same slug at the same moment, and was first
        raise Invalid(_("A store with this short name exists."), field="slug") from error
    return provision(store, host=host, now=now, name=name, marketplace=marketplace, time_zone=time_zone)


def host_of(slug: str, host: str) -> str:
    """The host that was asked for, or the one that the short name makes."""
    return (host or f"{slug}.{settings.BASE_HOST}").lower()


def check_wishes(slug: str, name: str, marketplace: str, time_zone: str, host: str) -> None:
    """Raises Invalid with the field at fault. Reads no row."""
    # Digits alone look like part of a number's address; xn-- and its like are letters of other scripts in disguise.
    if not re.fullmatch(_LABEL, slug) or slug.isdigit() or slug[2:4] == "--":
        raise Invalid(
            _("Up to 40 small letters, digits and hyphens, and a letter among them: it becomes part of an address."),
            field="slug",
        )
    if not name.strip() or len(name) > 120 or not name.isprintable():
        raise Invalid(_("A name of at most 120 letters, on one line."), field="name")
    if marketplace not in Store.Marketplace.values:
        raise Invalid(_("There is no such marketplace."), field="marketplace")
    if time_zone not in _time_zones():
        raise Invalid(_("There is no such time zone. One is called like Asia/Shanghai."), field="time_zone")
    if not _HOST.match(host) or len(host) > 253:
        raise Invalid(_("This is no host name."), field="host")


@cache
def _time_zones() -> set[str]:
    """Their names; looking for them walks through all of their files."""
    return available_timezones()


def find_or_new(agency: Agency, slug: str, host: str) -> Store:
    """The agency's unfinished store of that slug, locked, or a new one. Raises Invalid where slug or host is taken."""
    store = Store.objects.select_for_update().filter(slug=slug).first()
    if store and (store.agency_id != agency.pk or store.state not in UNFINISHED):
        raise Invalid(_("A store with this short name exists."), field="slug")
    if slug in RESERVED or Agency.objects.filter(slug=slug).exists():
        raise Invalid(_("This short name is taken."), field="slug")
    taken = Domain.objects.filter(domain=host).first()
    label = host.removesuffix(f".{settings.BASE_HOST}")
    if host == settings.BASE_HOST or label in RESERVED or (taken and (store is None or taken.tenant_id != store.pk)):
        raise Invalid(_("This host is taken."), field="host")
    return store or Store(agency=agency, slug=slug)
