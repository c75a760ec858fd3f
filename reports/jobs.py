"""Jobs of the reports: what would take the clock longer than a tick."""

from __future__ import annotations

from reports.actions.restore import restore_group as restore


def restore_group(group: int) -> None:
    """A store of the group was deleted: its figures go out of the group's. Until then nobody reads the group's."""
    restore(group)
