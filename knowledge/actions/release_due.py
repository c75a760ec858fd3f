"""release_due: releases whose time has come take effect, each exactly once, however many clocks look."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import DatabaseError, transaction

from knowledge.actions.deliver_release import deliver, refuse_all
from knowledge.actions.publish import fault_of
from knowledge.models import Item, Release
from tenants.context import at
from tenants.hosts import Kind as Host
from tenants.hosts import Place

log = logging.getLogger(__name__)

AT_ONCE = 20  # of one tick; the next one is a second away


def release_due(now: datetime) -> int:
    """How many took effect. From the operator's place; each is done at its agency's. One query where nothing is due."""
    due = Release.objects.filter(due_at__lte=now, done_at__isnull=True, cancelled_at__isnull=True)
    done = 0
    for pk, item, agency_id in list(due.order_by("due_at", "pk").values_list("pk", "item", "agency_id")[:AT_ONCE]):
        try:
            done += _release(pk, item, agency_id, now)
        except DatabaseError:  # one release in trouble stops no other; the next tick tries it again
            log.exception("release %s was not delivered", pk)
    return done


def _release(pk: int, item_id: int, agency_id: int, now: datetime) -> bool:
    """Claims and delivers it in one transaction: who dies in the middle has done nothing."""
    with at(Place(Host.AGENCY, "", agency_id=agency_id)), transaction.atomic():
        item = Item.objects.select_for_update(no_key=True).get(pk=item_id)  # first, as all verbs do
        claimed = Release.objects.filter(pk=pk, done_at__isnull=True, cancelled_at__isnull=True).update(done_at=now)
        if not claimed:
            return False
        release = Release.objects.select_related("version", "author").get(pk=pk)
        stores = list(release.stores.order_by("store_id").values_list("store_id", flat=True))
        if fault := fault_of(item, release.version):
            refuse_all(release, stores, fault)
        else:
            deliver(release, item, stores, now=now)
        return True
