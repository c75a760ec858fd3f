"""What a rule would do this moment, if it were on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q
from django.db.models.functions import Coalesce

from tenants.models import Store
from tickets.clocks.rules import ANSWERED, CLOSED, Has, Rule
from tickets.clocks.timers import ALWAYS_OPEN
from tickets.desk.models import QueueEntry
from tickets.policies.queries import books_known
from tickets.queries.names import store_ref
from tickets.rows import StoreRef

SHOWN = 10


@dataclass(frozen=True)
class Preview:
    """`total`: open tickets on which the rule would act at once; `waiting`: that it would come to later.

    `is_of_closed`: it looks at tickets that will be closed, of which there are none yet.
    """

    is_of_closed: bool
    total: int
    waiting: int
    first: tuple[tuple[StoreRef, int], ...]  # (store, number), those that are silent longest


def preview(stores: Sequence[Store], rule: Rule, *, now: datetime) -> Preview:
    """`stores` come from the gate. Three queries, however many stores; one more where business hours count."""
    refs = {store.pk: store_ref(store) for store in stores}
    entries = QueueEntry.objects.filter(store_id__in=refs, state=rule.state)
    for name, wanted in (("channel", rule.channels), ("category", rule.categories), ("priority", rule.priorities)):
        if wanted:
            entries = entries.filter(**{f"{name}__in": wanted})
    if rule.has != Has.ANY:
        entries = entries.filter(assignee__isnull=rule.has == Has.NOBODY)
    entries = entries.annotate(since=Coalesce("waiting_since", "last_message_at"))
    due = entries.filter(_has_waited(stores, rule, now)).exclude(told__contains=[rule.mark])
    first = due.order_by("since", "pk").values_list("store_id", "ticket_number")[:SHOWN]
    total = due.count()
    tickets = tuple((refs[store], number) for store, number in first)
    return Preview(rule.state == CLOSED, total, entries.count() - total, tickets)


def _has_waited(stores: Sequence[Store], rule: Rule, now: datetime) -> Q:
    """Entries whose silence has lasted as long as the rule waits; behind a snooze a silent buyer's begins anew."""
    begun: dict[datetime, list[int]] = {}
    books = books_known(store.pk for store in stores) if rule.in_hours else {}
    for store in stores:
        hours = books[store.pk].hours_at(now) if store.pk in books else ALWAYS_OPEN
        begun.setdefault(hours.back(now, rule.wait.total_seconds()), []).append(store.pk)
    return reduce(or_, (_since(at, pks, rule) for at, pks in begun.items()), Q(pk__in=[]))


def _since(at: datetime, stores: Sequence[int], rule: Rule) -> Q:
    begun = Q(store_id__in=stores, since__lte=at)
    if rule.state == ANSWERED:
        begun &= Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=at)
    return begun
