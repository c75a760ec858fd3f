"""rebuild: all figures of a store once more from its events. What was right stays, to the last row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from reports.actions.restore import restore_group, restore_store
from reports.actions.roll_up import roll_up
from reports.actions.running import of_store, read
from reports.actions.take_up import CHUNK, feed, take_up
from reports.models import Counting
from reports.queries.events import numbers_from, numbers_since
from reports.queries.feed import counted_numbers
from tenants.models import Store


@dataclass(frozen=True)
class Rebuilt:
    """`was_right`: nothing had to be changed."""

    tickets: int
    was_right: bool


def rebuild(store: Store, *, since: datetime | None = None, now: datetime) -> Rebuilt:
    """Counts every ticket anew, or those of which something happened since; then the sums of what was counted.

    From the operator's place, in short transactions: readers see the old figures or the new ones.
    """
    take_up(store)
    before = read(of_store(store.pk))
    tickets, first = 0, 0
    while numbers := numbers_since(store, since, first, CHUNK) if since else numbers_from(store, first, CHUNK):
        last = numbers[-1]
        feed(store, {*numbers, *(() if since else counted_numbers(store, first, last))}, now=now)
        tickets, first = tickets + len(numbers), last + 1
        while roll_up(store):
            pass
    if since is None:
        feed(store, counted_numbers(store, first, None), now=now)
        while roll_up(store):
            pass
        Counting.objects.filter(store=store).update(next_number=None)
    restore_store(store)
    return Rebuilt(tickets, read(of_store(store.pk)) == before)


def rebuild_groups(stores: Iterable[Store]) -> bool:
    """The sums of the groups that these stores are in. Whether they were right."""
    groups = Counting.objects.filter(store__in=[store.pk for store in stores]).values_list("group_id", flat=True)
    wrong = sum(restore_group(group) for group in sorted(set(groups)))
    return not wrong
