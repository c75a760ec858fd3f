"""move_items, rename_folder, archive_items: many items of the library at once, each with its line of history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Case, F, Value, When
from django.utils.translation import gettext_lazy as _

from knowledge.actions.index_items import index_items
from knowledge.actions.write_item import check_folder
from knowledge.models import Item
from tenants.actions.log_change import Changed, log_changes
from tenants.errors import Invalid
from tenants.models import User


def move_items(items: Sequence[Item], folders: Mapping[int, str], *, author: User, now: datetime) -> int:
    """Each to its folder (item → folder); how many lay elsewhere before. `items` are locked. Few statements.

    Raises Invalid (`folder`).
    """
    wanted = {pk: check_folder(folder) for pk, folder in folders.items()}
    moved = [item for item in items if item.folder != wanted.get(item.pk, item.folder)]
    if not moved:
        return 0
    to = Case(*(When(pk=item.pk, then=Value(wanted[item.pk])) for item in moved))
    ids = [item.pk for item in moved]
    Item.objects.filter(pk__in=ids).update(folder=to, revision=F("revision") + 1, changed_at=now)
    lines = [
        Changed(item, {"folder": item.folder}, {"folder": wanted[item.pk]}, kind="moved", store_id=item.store_id)
        for item in moved
    ]
    log_changes(lines, agency_id=moved[0].agency_id, by=author, now=now)
    for item in moved:
        item.folder = wanted[item.pk]
    index_items(moved)
    return len(moved)


def rename_folder(items: Sequence[Item], folder: str, to: str, *, author: User, now: datetime) -> int:
    """The folder with all that is in it and below it: another name, another place, or into one that is there.

    `items` are locked, and in it. Raises Invalid (`to`).
    """
    to = check_folder(to)
    if not to:
        raise Invalid(_("A folder has a name."), field="to")
    if to.startswith(f"{folder}/"):
        raise Invalid(_("A folder can't be moved into itself."), field="to")
    inside = [item for item in items if item.folder == folder or item.folder.startswith(f"{folder}/")]
    folders = {item.pk: to + item.folder.removeprefix(folder) for item in inside}
    return move_items(inside, folders, author=author, now=now)


def archive_items(items: Sequence[Item], *, author: User, now: datetime, restore: bool = False) -> int:
    """Takes them off the lists, or with `restore` back onto them. `items` are locked. Two statements."""
    changed = [item for item in items if (item.archived_at is not None) == restore]
    if not changed:
        return 0
    ids, at = [item.pk for item in changed], None if restore else now
    Item.objects.filter(pk__in=ids).update(archived_at=at, revision=F("revision") + 1, changed_at=now)
    kind = "restored" if restore else "archived"
    lines = [Changed(item, kind=kind, store_id=item.store_id) for item in changed]
    log_changes(lines, agency_id=changed[0].agency_id, by=author, now=now)
    return len(changed)
