"""suspend_store and resume_store: nobody comes in, nothing moves, nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Store

State = Store.State
LONGEST: Final = {"by": 200, "reason": 500}


class WrongState(Conflict):
    """What was asked is not done with a store in this state."""

    code = "wrong_store_state"
    message = _("The state of this store does not allow this.")


def suspend_store(store: Store, *, reason: str, by: str, now: datetime) -> Store:
    """From now on its host, gate, tokens and files know no such store; open sockets close at the next look, seconds
    later; its outbox waits. A request that is in the store already comes to its end.

    With the operator's role. Raises WrongState unless it is open, Invalid without a reason.
    """
    check_words("reason", reason)
    return _move(store, State.SUSPENDED, of=State.OPEN, by=by, now=now, failure=reason.strip())


def resume_store(store: Store, *, by: str, now: datetime) -> Store:
    """Everything is as it was. With the operator's role. Raises WrongState unless it is suspended."""
    return _move(store, State.OPEN, of=State.SUSPENDED, by=by, now=now, failure="")


def _move(store: Store, to: State, *, of: State, by: str, now: datetime, failure: str) -> Store:
    check_words("by", by)
    rows = Store.objects.filter(pk=store.pk, state=of)
    moved = rows.update(state=to, state_since=now, state_by=by, failure=failure)
    reload(store)
    if not moved:
        require_state(store, (of,))
        raise WrongState(field="store")  # it was in another, and has come back since
    return store


def check_words(field: str, text: str) -> None:
    """Raises Invalid unless it is one line of some length."""
    if not text.strip() or len(text) > LONGEST[field] or not text.isprintable():
        raise Invalid(_("One line of at most %(most)d letters is needed here.") % {"most": LONGEST[field]}, field=field)


def require_state(store: Store, states: Sequence[State]) -> None:
    """Raises WrongState, with the state in its details, unless the store is in one of these."""
    if store.state not in states:
        said = _("This can't be done with a store that is in the state “%(state)s”.")
        raise WrongState(said % {"state": State(store.state).label}, field="store", details={"state": store.state})


def reload(store: Store) -> None:
    """Raises NotFound where the store was deleted meanwhile."""
    try:
        store.refresh_from_db()
    except Store.DoesNotExist as error:
        raise NotFound(field="store") from error
