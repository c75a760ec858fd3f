"""set_store: what a store is called, how it is painted, and in which time it lives."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actions.log_change import log_change
from tenants.errors import Invalid
from tenants.models import Store, User
from tenants.models.store import BANDS

MOST_LETTERS = 120


@transaction.atomic
def set_store(store: Store, *, name: str, band: int, time_zone: str, by: User, now: datetime) -> Store:
    """Raises Invalid."""
    name = " ".join(name.split())
    if not name or len(name) > MOST_LETTERS or not name.isprintable():
        raise Invalid(_("One line of at most %(most)d letters is needed here.") % {"most": MOST_LETTERS}, field="name")
    if not 0 <= band < BANDS:
        raise Invalid(field="band")
    if time_zone not in available_timezones():
        raise Invalid(_("There is no such time zone."), field="time_zone")
    before = {"name": store.name, "band": store.band, "time_zone": store.time_zone}
    store.name, store.band, store.time_zone = name, band, time_zone
    Store.objects.filter(pk=store.pk).update(name=name, band=band, time_zone=time_zone)
    after = {"name": name, "band": band, "time_zone": time_zone}
    log_change(store, agency_id=store.agency_id, by=by, now=now, before=before, after=after)
    return store
