"""delete_store: an archived store goes for good, and a certificate says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from tenants.actions.suspend_store import check_words, reload, require_state
from tenants.errors import Conflict
from tenants.fleet.demolish import counts_of, drop_schema, remove_files, remove_rows
from tenants.fleet.owner import Connection, owner_connection
from tenants.fleet.patience import alone_with
from tenants.models import DeletionCertificate, Store
from tenants.models.certificate import digest

State = Store.State


class GraceNotOver(Conflict):
    code = "grace_not_over"
    message = _("This store was archived too short a time ago to be deleted.")


def delete_store(
    store: Store, *, by: str, now: datetime, reason: str = "", by_order: str | None = None
) -> DeletionCertificate:
    """Takes away schema, role, files and public rows of an archived store, its own row last: its short name is free.

    Only STORE_GRACE_DAYS after it was archived, or at once `by_order`, which says whose. From the first step on it
    can't be restored; one that was interrupted (DELETING) is taken up by asking again. Others are kept waiting for
    at most patience.LOCK_PATIENCE at a time. Needs the owner's login, and no transaction around it. Raises WrongState,
    GraceNotOver, Invalid, StoreBusy, NoOwner.
    """
    check_words("by", by)
    if by_order is not None or reason:
        check_words("reason", reason if by_order is None else by_order)
    with owner_connection() as connection, alone_with(connection, store):
        reload(store)
        require_state(store, (State.ARCHIVED, State.DELETING))
        if store.state == State.ARCHIVED:
            if by_order is None:
                _require_grace(store, now)
            _begin(connection, store, by=by, now=now, reason=by_order or reason, by_order=by_order is not None)
        drop_schema(connection, store)
        remove_files(store.schema_name)
        remove_rows(store)
        return _finish(store, now)


def deletable_from(store: Store) -> datetime:
    """When the grace period of an archived store is over."""
    return store.state_since + timedelta(days=settings.STORE_GRACE_DAYS)


def _require_grace(store: Store, now: datetime) -> None:
    ends = deletable_from(store)
    if now < ends:
        said = _("This store can still be restored, and not be deleted before %(date)s.")
        raise GraceNotOver(
            said % {"date": formats.date_format(ends)}, field="store", details={"deletable_from": ends.isoformat()}
        )


def _begin(connection: Connection, store: Store, *, by: str, now: datetime, reason: str, by_order: bool) -> None:
    """Counts what there is while all of it is there. From here on there is no way back."""
    counts = counts_of(connection, store)
    with transaction.atomic():
        DeletionCertificate.objects.create(
            agency=store.agency,
            agency_name=store.agency.name,
            slug=store.slug,
            store_name=store.name,
            schema_name=store.schema_name,
            opened_at=store.created_at,
            archived_at=store.state_since,
            deleted_by=by,
            reason=reason,
            by_order=by_order,
            counts=counts,
        )
        store.state, store.state_since, store.state_by = State.DELETING, now, by
        store.save(update_fields=["state", "state_since", "state_by"])


@transaction.atomic
def _finish(store: Store, now: datetime) -> DeletionCertificate:
    certificate = DeletionCertificate.objects.select_for_update().get(schema_name=store.schema_name)
    certificate.deleted_at = now
    certificate.sha256 = digest(certificate.document())
    certificate.save(update_fields=["deleted_at", "sha256"])
    Store.objects.filter(pk=store.pk).delete()
    return certificate
