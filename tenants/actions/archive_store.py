"""archive_store and restore_store: out of everybody's reach, and back as it was."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.actions.suspend_store import check_words, reload, require_state
from tenants.errors import Conflict
from tenants.fleet.dark import hide, show
from tenants.fleet.owner import owner_connection
from tenants.fleet.patience import alone_with
from tenants.models import Store

State = Store.State


class HostLost(Conflict):
    code = "host_lost"
    message = _("The host of this store leads elsewhere now, or nowhere. Give it one first.")


def archive_store(store: Store, *, by: str, now: datetime) -> Store:
    """Dark as if suspended, and out of reach of the database's own roles: no bug leads there. Nothing is lost; short
    name and hosts stay its own, files stay where they are, waiting mail waits, its jobs end as dead letters.

    Needs the owner's login, and no transaction around it. Raises WrongState unless it is open or suspended, StoreBusy,
    MigrationRuns, NoOwner, SchemaMissing.
    """
    check_words("by", by)
    with owner_connection() as connection, alone_with(connection, store):
        reload(store)
        require_state(store, (State.OPEN, State.SUSPENDED))
        hide(connection, store, by=by, now=now)
    reload(store)
    return store


def restore_store(store: Store, *, by: str, now: datetime) -> Store:
    """Open again, with all that was in it, its tables at head.

    Needs the owner's login, and no transaction around it. Raises WrongState unless it is archived, HostLost, StoreBusy,
    TemplateBehind, SchemaNewer, SchemaMissing, NoOwner; and whatever stopped a migration, after which it is archived
    as before.
    """
    check_words("by", by)
    with owner_connection() as connection, alone_with(connection, store):
        reload(store)
        require_state(store, (State.ARCHIVED,))
        if not store.domains.exists():  # rows stay, so only somebody's hand can have done this
            raise HostLost(field="store")
        show(connection, store, by=by, now=now)
    reload(store)
    return store
