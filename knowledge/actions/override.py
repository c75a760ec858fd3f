"""override, drop_override: a store's own text of an item that it runs, kept with the version it was written over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from knowledge.actions.index_items import index_override
from knowledge.actions.write_item import note
from knowledge.content import read, write
from knowledge.models import Item, Publication
from tenants.errors import Conflict, Invalid
from tenants.models import Store, User


class StoreMovedOn(Conflict):
    code = "store_moved_on"
    message = _("What the store runs has changed meanwhile. Yours is kept in the form: compare, then save again.")


def override(
    store: Store, item: Item, content: Mapping[str, Any], *, author: User, now: datetime, seen: str | None = None
) -> Publication:
    """The store runs this text from now on, whatever version comes. `seen`: the publication's mark when it was read.

    Raises Invalid with the field; Invalid (`store`) where the item is not published; StoreMovedOn.
    """
    text = write(read(item.kind, content))
    with transaction.atomic():
        run = _locked(store, item, seen)
        if text == run.override:
            return run
        before = run.override
        if text == run.version.content:
            raise Invalid(_("This is what the version says already: there is nothing of its own in it."), field="")
        run.override, run.override_of, run.override_by, run.override_at = text, run.version, author, now
        run.save(update_fields=["override", "override_of", "override_by", "override_at"])
        index_override(run)
        note(item, "overridden", by=author, before=_own(before), after=_own(text), store_id=store.pk, now=now)
    return run


def drop_override(store: Store, item: Item, *, author: User, now: datetime, seen: str | None = None) -> Publication:
    """The store runs its version again; what it had of its own is in the history. Raises Invalid (`store`)."""
    with transaction.atomic():
        run = _locked(store, item, seen)
        if run.override is None:
            return run
        before = run.override
        run.override = run.override_of = run.override_by = run.override_at = None
        run.save(update_fields=["override", "override_of", "override_by", "override_at"])
        index_override(run)
        note(item, "override_dropped", by=author, before=_own(before), store_id=store.pk, now=now)
    return run


def _locked(store: Store, item: Item, seen: str | None) -> Publication:
    runs = Publication.objects.select_for_update(no_key=True, of=("self",)).select_related("version", "item")
    run = runs.filter(store=store, item=item).first()
    if run is None:
        raise Invalid(_("The store does not run this. Publish it there first."), field="store")
    if seen is not None and seen != run.mark:
        raise StoreMovedOn(field="seen")
    return run


def _own(content: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"content": content} if content is not None else {}
