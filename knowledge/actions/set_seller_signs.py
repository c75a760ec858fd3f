"""set_seller_signs: whether SOPs take effect in a store only once its seller accepts them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from knowledge.models import StoreLibrary
from tenants.actions.log_change import log_change
from tenants.models import Store, User


def set_seller_signs(store: Store, value: bool, *, author: User, now: datetime) -> None:
    """What was asked before stays asked. Saying the same again does nothing."""
    with transaction.atomic():
        found = StoreLibrary.objects.select_for_update(no_key=True).filter(store=store).first()
        if (found.seller_signs if found else False) == value:
            return
        StoreLibrary.objects.update_or_create(store=store, defaults={"seller_signs": value})
        log_change(
            store,
            agency_id=store.agency_id,
            by=author,
            now=now,
            before={"seller_signs": not value},
            after={"seller_signs": value},
            store_id=store.pk,
        )
